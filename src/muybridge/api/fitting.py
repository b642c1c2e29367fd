"""Training a method on what a person gives, and loading what was trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from muybridge import catalogue
from muybridge.api.facing import facing_hint
from muybridge.api.inputs import Box, Input, Source, names_of, silhouetted
from muybridge.api.landmarking import Given
from muybridge.api.performing import people_of
from muybridge.api.wishes import Wish, recorded, wish
from muybridge.data.background import Plate, plate
from muybridge.data.folders import ClipFolder
from muybridge.engine import Listener, settle, train
from muybridge.engine import load as load_weights
from muybridge.engine.processor import fast_kernels
from muybridge.errors import RunError, UsageError
from muybridge.method import Data, Method
from muybridge.run import Run
from muybridge.video import Clip

Say = Callable[[str], object]
"""Told, in one sentence each, what a person should know on the way."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained method.

    data  what it was trained on; None for an imported checkpoint
    run   its folder
    """

    method: Method[Any, Any]
    data: Data | None
    run: Run


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
    if needs == "landmarks":
        people = people_of(method, asked.config, inputs, landmarks, asked.max_side, max_frames)
        return trained(asked, people.prepare, people.named, {}, people.notes, *rest)
    if needs == "folder":
        if cache not in ("exact", "small"):
            raise UsageError(f"frames are kept exact or small, not {cache!r}")
        clips = _clips_of(method, inputs, {"max_side": asked.max_side, "max_frames": max_frames, "stride": stride})
        named = {"folder": str(inputs[0]) if isinstance(clips, ClipFolder) else "clips"}
        return trained(asked, lambda m: m.prepare(clips, cache=cache), named, {}, lambda _: [], *rest)
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
) -> Fitted:
    """Make or open the run, train, and hand back what was trained."""
    if flip is not None and flip not in ("a", "b"):
        raise UsageError(f"one of the two subjects a and b can be mirrored, not {flip!r}")
    sides = [chr(ord("a") + i) for i in range(len(given))]
    inputs = {side: each.path or each.name for side, each in zip(sides, given, strict=True)}
    silhouettes = {side: each.how for side, each in zip(sides, given, strict=True)}

    def prepare(method: Method[Any, Any]) -> Data:
        return method.prepare([each.clip for each in given], **_options(flip, plates))

    def notes(data: Data) -> list[str]:
        hint = facing_hint(data, given) if flip is None else None
        found = [f"{g.name}: silhouettes {g.how}" for g in given] + [n for g in given for n in g.notes]
        return found + ([hint] if hint else [])

    return trained(asked, prepare, inputs, silhouettes, notes, listener, say, checkpoint_seconds)


def trained(
    asked: Wish,
    prepare: Callable[[Method[Any, Any]], Data],
    inputs: Mapping[str, str],
    silhouettes: Mapping[str, str],
    notes: Callable[[Data], list[str]],
    listener: Listener | None,
    say: Say | None,
    checkpoint_seconds: float | int,
) -> Fitted:
    """Prepare the data and make the run, or open both; then train."""
    torch.manual_seed(asked.seed)
    method = asked.kind(asked.config)
    run, data = _prepared(asked, lambda: prepare(method), inputs, silhouettes, notes, say)
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


def _prepared(
    asked: Wish,
    prepare: Callable[[], Data],
    inputs: Mapping[str, str],
    silhouettes: Mapping[str, str],
    notes: Callable[[Data], list[str]],
    say: Say | None,
) -> tuple[Run, Data]:
    """Of several processes the first one prepares, and the others take the data from its run."""
    machine, name = settle(asked.device, "float32"), asked.kind.card.name
    if not machine.main:
        machine.meet()
        run = Run.open(asked.out, name)
        return run, asked.kind.Data.restore(run.load_data())
    opened, kept = _opened(asked, list(inputs.values())) if asked.resume else (None, None)
    data = prepare() if kept is None else kept
    for note in [*asked.notes, *notes(data)] if say else []:
        say(note)  # type: ignore[misc]
    config = asked.config.model_dump(mode="json")
    run = opened or Run.create(
        asked.out, name, config, asked.force, preset=asked.preset, inputs=inputs, silhouettes=silhouettes
    )
    if machine.count > 1 and not run.has_data:
        run.save_data(data.tensors())
    machine.meet()
    return run, data


def load(run: str | Path, method: str | None = None, device: str = "auto", data: bool = True) -> Fitted:
    """What was trained in a run folder, ready to animate.

    run     the folder, or one that `muybridge retarget` wrote
    method  refuse runs of any other
    data    with what it was trained on; False leaves that on the disk
    Raises RunError or CheckpointError where the folder is broken or of another method.
    """
    path = _inside(run)
    opened = Run.open(path, method)
    made_by = opened.record.method
    if made_by not in catalogue.names():
        raise RunError(
            f"{path} is a run of {made_by}, a method that is not here",
            f"There are: {', '.join(catalogue.names())}. Others come with packages of their own.",
        )
    kind = catalogue.find(made_by)
    if not opened.has_checkpoint:
        raise RunError(f"{path} holds no weights yet", "Train it first, with --resume.")
    built = kind(recorded(kind, opened))
    load_weights(built, opened.load_weights())
    kept = kind.Data.restore(opened.load_data()) if data and opened.has_data else None
    return Fitted(built.to(settle(device, "float32").device).eval(), kept, opened)


def needs_of(run: str | Path) -> str:
    """What the method of a run learns from: pair, folder or landmarks."""
    found = Run.open(_inside(run)).record.method
    return catalogue.find(found).card.needs if found in catalogue.names() else ""


def _inside(run: str | Path) -> Path:
    """The run's folder, in that of `retarget` where this is one."""
    path = Path(run)
    within = path / "run"
    return within if (within / "run.json").is_file() and not (path / "run.json").exists() else path


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


def _options(flip: str | None, plates: Sequence[Plate | None] | None) -> dict[str, Any]:
    options: dict[str, Any] = {} if flip is None else {"flip": flip}
    if plates is not None:
        options["plates"] = [None if p is None else _middle(p) for p in plates]
    return options


def _middle(p: Plate) -> torch.Tensor:
    return (p.at(len(p.motions) // 2) * 255).round().to(torch.uint8)


def _opened(asked: Wish, now: list[str]) -> tuple[Run, Data | None]:
    """The run to go on with, and its data where it has them; RunError where it is of other inputs."""
    run = Run.open(asked.out, asked.kind.card.name)
    before = list(run.record.inputs.values())
    if before != now:
        raise RunError(
            f"{asked.out} was made from {' and '.join(before)}, not from {' and '.join(now)}",
            "Name the same inputs as before, or choose another --out.",
        )
    return run, asked.kind.Data.restore(run.load_data()) if run.has_data else None
