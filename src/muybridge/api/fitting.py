"""Training a method on what a person gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from muybridge.api.facing import facing_hint
from muybridge.api.going_on import Begun, begun, keep_plates, late_options, passed_over, reread
from muybridge.api.inputs import Box, Input, Source, names_of, silhouetted
from muybridge.api.landmarking import Given
from muybridge.api.loading import Fitted
from muybridge.api.origins import Origin, noted, origins_of
from muybridge.api.performing import people_of
from muybridge.api.wishes import Wish, wish
from muybridge.data.background import Plate, plate
from muybridge.data.folders import ClipFolder
from muybridge.engine import Listener, settle, train
from muybridge.engine.processor import fast_kernels
from muybridge.errors import UsageError
from muybridge.method import Data, Method
from muybridge.run import Run
from muybridge.video import Clip

Say = Callable[[str], object]
"""Told, in one sentence each, what a person should know on the way."""


@fast_kernels()
def fit(
    method: str,
    *inputs: Source,
    out: str | Path,
    preset: str | None = None,
    set: Mapping[str, Any] | None = None,
    masks: Sequence[str | Path | Clip | None] = (),
    boxes: Sequence[Box | None] = (),
    how: str = "auto",
    flip: str | None = None,
    keep_background: bool = False,
    max_frames: int | None = None,
    landmarks: Sequence[Given | None] = (),
    stride: int = 1,
    cache: str = "exact",
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    resume: bool = False,
    force: bool = False,
    checkpoint_seconds: float | int = 60,
    listener: Listener | None = None,
    say: Say | None = None,
) -> Fitted:
    """Train a method.

    method           a name of `muybridge methods`
    inputs           files, folders or clips; a pair method takes two, a folder method one folder of clips or many clips
    out              the run's folder: new, or an old run with `resume` or `force`
    preset, set      the settings, and what is changed of them: {"shape.steps": 500}
    masks, boxes     for each input: given silhouettes, or a box round the subject on its first frame
    how              the way to find silhouettes, see `mask`
    flip             "a" or "b": mirror that input on the way in, and its results on the way out
    landmarks        for each input of a method that needs them: files, see `find_landmarks`; None: found by a network
    max_frames       at most so many of each clip
    stride, cache    of a folder: every so many-th frame; kept `exact`, or `small` (JPEG) where the run grows too large
    keep_background  find each input's own background and keep it in the run, for results that are put back on it
    seed, device, precision, checkpoint_seconds, listener   see `engine.train`
    say              told what a person should know
    Raises the errors of reading, of silhouettes and of training; KeyboardInterrupt leaves a run to resume.
    """
    asked = wish(method, out, preset, set, resume=resume, force=force, device=device, precision=precision, seed=seed)
    needs = asked.kind.card.needs
    if needs != "pair" and (any(m is not None for m in (*masks, *boxes)) or flip is not None or keep_background):
        raise UsageError(f"{method} sees whole frames: masks, boxes, flips and backgrounds are for pairs")
    if needs != "landmarks" and landmarks:
        raise UsageError(f"{method} uses no landmarks", "Leave --landmarks out.")
    if needs != "folder" and (stride != 1 or cache != "exact"):
        raise UsageError(f"{method} takes every frame as it is: strides and caches are for folders of clips")
    rest = (listener, say, checkpoint_seconds)
    if flip is not None and flip not in ("a", "b"):
        raise UsageError(f"one of the two subjects a and b can be mirrored, not {flip!r}")
    clips = None
    if needs == "folder":
        if cache not in ("exact", "small"):
            raise UsageError(f"frames are kept exact or small, not {cache!r}")
        clips = _clips_of(method, inputs, {"max_side": asked.max_side, "max_frames": max_frames, "stride": stride})
    origins = origins_of(inputs) if clips is None else {"folder": _origin_of(clips)}
    going = begun(asked, origins)
    if going is not None and going.data is not None:
        late = late_options(going, masks, boxes, how, max_frames)
        others = {"--landmarks": any(landmarks), "--stride": stride != 1, "--cache": cache != "exact"}
        told = passed_over(going, flip, [*late, *(option for option, given in others.items() if given)])
        if keep_background:
            again = partial(reread, going, inputs, asked.max_side)
            keep_plates(asked, going, lambda: [plate(each.clip) for each in again()])
        return trained(asked, Material(origins, notes=lambda _: told, going=going), *rest)
    if clips is not None:
        return trained(asked, Material(origins, lambda m: m.prepare(clips, cache=cache), going=going), *rest)
    if needs == "landmarks":
        people = people_of(method, asked.config, inputs, landmarks, asked.max_side, max_frames)
        return trained(asked, Material(origins, people.prepare, notes=people.notes, going=going), *rest)
    given = read_all(asked, inputs, masks=masks, boxes=boxes, how=how, max_frames=max_frames)
    plates = [plate(each.clip) for each in given] if keep_background else None
    return train_on(asked, given, flip, plates, *rest)


def read_all(
    asked: Wish,
    inputs: Sequence[Source],
    *,
    masks: Sequence[str | Path | Clip | None] = (),
    boxes: Sequence[Box | None] = (),
    how: str = "auto",
    max_frames: int | None = None,
) -> list[Input]:
    """Every input with its silhouettes; names are told apart."""
    if asked.kind.card.needs == "pair" and len(inputs) != 2:
        raise UsageError(f"{asked.kind.card.name} learns from exactly two videos, not {len(inputs)}")
    if len(masks) > len(inputs) or len(boxes) > len(inputs):
        raise UsageError(f"{len(inputs)} inputs cannot have {max(len(masks), len(boxes))} silhouettes or boxes")
    all_masks = [*masks, *[None] * (len(inputs) - len(masks))]
    all_boxes = [*boxes, *[None] * (len(inputs) - len(boxes))]
    read = [
        silhouetted(source, masks=m, box=box, how=how, max_side=asked.max_side, max_frames=max_frames)
        for source, m, box in zip(inputs, all_masks, all_boxes, strict=True)
    ]
    return [Input(name, each.path, each.clip, each.report) for name, each in zip(names_of(inputs), read, strict=True)]


def train_on(
    asked: Wish,
    given: Sequence[Input],
    flip: str | None = None,
    plates: Sequence[Plate | None] | None = None,
    listener: Listener | None = None,
    say: Say | None = None,
    checkpoint_seconds: float | int = 60,
    going: Begun | None = None,
) -> Fitted:
    """Make or open the run, train, and hand back what was trained.

    going  the run that `begun` gave; looked for where `asked` wants one
    """
    if flip is not None and flip not in ("a", "b"):
        raise UsageError(f"one of the two subjects a and b can be mirrored, not {flip!r}")
    origins = origins_of([each.path or each.clip for each in given], [each.name for each in given])
    silhouettes = {side: each.how for side, each in zip(origins, given, strict=True)}

    def prepare(method: Method[Any, Any]) -> Data:
        return method.prepare([each.clip for each in given], **_options(flip, plates))

    def notes(data: Data) -> list[str]:
        hint = facing_hint(data, given) if flip is None else None
        found = [f"{g.name}: silhouettes {g.how}" for g in given] + [n for g in given for n in g.notes]
        return found + ([hint] if hint else [])

    material = Material(origins, prepare, silhouettes, notes, going or begun(asked, origins))
    return trained(asked, material, listener, say, checkpoint_seconds)


@dataclass(frozen=True, eq=False)
class Material:
    """What a training is made from.

    origins      the inputs by the name of their part
    prepare      gives a method its data; None where a run goes on with its own
    silhouettes  how those of each input were found
    notes        what a person should know, when there are data
    going        the run to go on with; None for a new one
    """

    origins: Mapping[str, Origin]
    prepare: Callable[[Method[Any, Any]], Data] | None = None
    silhouettes: Mapping[str, str] = field(default_factory=dict)
    notes: Callable[[Data], list[str]] = lambda data: []
    going: Begun | None = None


def trained(
    asked: Wish, material: Material, listener: Listener | None, say: Say | None, checkpoint_seconds: float | int
) -> Fitted:
    """Prepare the data and make the run, or open both; then train."""
    torch.manual_seed(asked.seed)
    method = asked.kind(asked.config)
    run, data = _prepared(asked, method, material, say)
    train(
        method,
        data,
        run,
        seed=asked.seed,
        device=asked.device,
        precision=asked.precision,  # type: ignore[arg-type]
        checkpoint_seconds=checkpoint_seconds,
        listener=listener,
        resume=asked.resume,
    )
    method.eval()
    return Fitted(method, data, run)


def _prepared(asked: Wish, method: Method[Any, Any], material: Material, say: Say | None) -> tuple[Run, Data]:
    """Of several processes the first one prepares, and the others take the data from its run."""
    machine, name = settle(asked.device, "float32"), asked.kind.card.name
    if not machine.main:
        machine.meet()
        run = Run.open(asked.out, name)
        return run, asked.kind.Data.restore(run.load_data())
    going = material.going
    data = None if going is None else going.data
    if data is None:
        assert material.prepare is not None
        data = material.prepare(method)
    for note in [*asked.notes, *material.notes(data)] if say else []:
        say(note)  # type: ignore[misc]
    run = _created(asked, material) if going is None else going.run
    if machine.count > 1 and not run.has_data:
        run.save_data(data.tensors())
    machine.meet()
    return run, data


def _created(asked: Wish, material: Material) -> Run:
    config, made_from = asked.config.model_dump(mode="json"), noted(material.origins, asked.out)
    known: dict[str, Any] = {"preset": asked.preset, "silhouettes": material.silhouettes, **made_from}
    return Run.create(asked.out, asked.kind.card.name, config, asked.force, **known)


def _clips_of(method: str, inputs: Sequence[Source], options: Mapping[str, Any]) -> Sequence[Clip]:
    """A folder's clips to train on, not yet decoded, or those that are in memory; UsageError for anything else."""
    clips = [each for each in inputs if isinstance(each, Clip)]
    if clips and len(clips) == len(inputs):
        return clips
    if clips or len(inputs) != 1:
        raise UsageError(
            f"{method} learns from one folder of clips, not from {len(inputs)} inputs", f"muybridge fit {method} FOLDER"
        )
    return ClipFolder(inputs[0], **options)  # type: ignore[arg-type]


def _origin_of(clips: Sequence[Clip]) -> Origin:
    if isinstance(clips, ClipFolder):
        return Origin(str(clips.root), clips.root, grows=True)
    return Origin("clips")


def _options(flip: str | None, plates: Sequence[Plate | None] | None) -> dict[str, Any]:
    options: dict[str, Any] = {} if flip is None else {"flip": flip}
    if plates is not None:
        options["plates"] = [None if p is None else p.still() for p in plates]
    return options
