"""A training as it was requested: its data prepared, its run made or opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, maximum, minimum

from muybridge.data.background import Plate
from muybridge.engine import Callback, resolve_device, train
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Box, SilhouetteInput, Source, input_names, read_with_silhouettes
from muybridge.jobs.loading import Fitted
from muybridge.jobs.provenance import InputReference, describe_inputs, input_references
from muybridge.jobs.request import TrainingRequest
from muybridge.jobs.resume import ResumedRun, resume_run
from muybridge.method import Data, Method
from muybridge.run import Run
from muybridge.video import Clip

Notify = Callable[[str], object]
"""Told, in one sentence each, what a person should know on the way."""


def train_on_clips(
    asked: TrainingRequest,
    given: Sequence[SilhouetteInput],
    flip: str | None = None,
    plates: Sequence[Plate | None] | None = None,
    callback: Callback | None = None,
    say: Notify | None = None,
    checkpoint_seconds: float | int = 60,
    going: ResumedRun | None = None,
) -> Fitted:
    """Make or open the run, train, and hand back what was trained.

    going  the run that `begun` gave; looked for where `asked` wants one
    """
    if flip is not None and flip not in ("a", "b"):
        raise UsageError(f"one of the two subjects a and b can be mirrored, not {flip!r}")
    origins = input_references([each.path or each.clip for each in given], [each.name for each in given])
    silhouettes = {side: each.how for side, each in zip(origins, given, strict=True)}

    def prepare(method: Method[Any, Any]) -> Data:
        return method.prepare([each.clip for each in given], **_options(flip, plates))

    def notes(data: Data) -> list[str]:
        hint = facing_hint(data, given) if flip is None else None
        found = [f"{g.name}: silhouettes {g.how}" for g in given] + [n for g in given for n in g.notes]
        return found + ([hint] if hint else [])

    material = TrainingInputs(origins, prepare, silhouettes, notes, going or resume_run(asked, origins))
    return run_training(asked, material, callback, say, checkpoint_seconds)


@dataclass(frozen=True, eq=False)
class TrainingInputs:
    """What a training is made from.

    origins      the inputs by the name of their part
    prepare      gives a method its data; None where a run goes on with its own
    silhouettes  how those of each input were found
    notes        what a person should know, when there are data
    going        the run to go on with; None for a new one
    """

    origins: Mapping[str, InputReference]
    prepare: Callable[[Method[Any, Any]], Data] | None = None
    silhouettes: Mapping[str, str] = field(default_factory=dict)
    notes: Callable[[Data], list[str]] = lambda data: []
    going: ResumedRun | None = None


def run_training(
    asked: TrainingRequest,
    material: TrainingInputs,
    callback: Callback | None,
    say: Notify | None,
    checkpoint_seconds: float | int,
) -> Fitted:
    """Prepare the data and make the run, or open both; then train."""
    torch.manual_seed(asked.seed)
    method = asked.kind(asked.config)
    run, data = _prepare(asked, method, material, say)
    train(
        method,
        data,
        run,
        seed=asked.seed,
        device=asked.device,
        precision=asked.precision,  # type: ignore[arg-type]
        checkpoint_seconds=checkpoint_seconds,
        callback=callback,
        resume=asked.resume,
    )
    method.eval()
    return Fitted(method, data, run)


def _prepare(
    asked: TrainingRequest, method: Method[Any, Any], material: TrainingInputs, say: Notify | None
) -> tuple[Run, Data]:
    """Of several processes the first one prepares, and the others take the data from its run."""
    machine, name = resolve_device(asked.device, "float32"), asked.kind.card.name
    if not machine.main:
        machine.barrier()
        run = Run.open(asked.out, name)
        return run, asked.kind.Data.restore(run.load_data())
    going = material.going
    data = None if going is None else going.data
    if data is None:
        assert material.prepare is not None
        data = material.prepare(method)
    for note in [*asked.notes, *material.notes(data)] if say else []:
        say(note)  # type: ignore[misc]
    run = _create_run(asked, material) if going is None else going.run
    if machine.count > 1 and not run.has_data:
        run.save_data(data.tensors())
    machine.barrier()
    return run, data


def _create_run(asked: TrainingRequest, material: TrainingInputs) -> Run:
    config, made_from = asked.config.model_dump(mode="json"), describe_inputs(material.origins, asked.out)
    known: dict[str, Any] = {"preset": asked.preset, "silhouettes": material.silhouettes, **made_from}
    return Run.create(asked.out, asked.kind.card.name, config, asked.force, **known)


def _options(flip: str | None, plates: Sequence[Plate | None] | None) -> dict[str, Any]:
    options: dict[str, Any] = {} if flip is None else {"flip": flip}
    if plates is not None:
        options["plates"] = [None if p is None else p.still() for p in plates]
    return options


CLEARLY = 0.15
"""By how much the overlap of mean silhouettes must grow under mirroring before anything is said."""


def facing_hint(data: Data, given: Sequence[SilhouetteInput]) -> str | None:
    """A sentence where the silhouettes of a pair suggest that the subjects face opposite ways."""
    a, b = getattr(data, "a", None), getattr(data, "b", None)
    if a is None or b is None or len(given) != 2:
        return None
    first, second = a.mattes.float().mean(0), b.mattes.float().mean(0)
    if _overlap(first, second.flip(-1)) < _overlap(first, second) + CLEARLY:
        return None
    return Sentence(
        f"{given[0].name} and {given[1].name} seem to face opposite ways; ",
        *("if they do, mirror one for a better result: ", Option("flip", "B")),
    )


def _overlap(a: Tensor, b: Tensor) -> float:
    return float(minimum(a, b).sum() / maximum(a, b).sum().clamp_min(1e-6))


def read_inputs(
    asked: TrainingRequest,
    inputs: Sequence[Source],
    *,
    masks: Sequence[str | Path | Clip | None] = (),
    boxes: Sequence[Box | None] = (),
    how: str = "auto",
    max_frames: int | None = None,
) -> list[SilhouetteInput]:
    """Every input with its silhouettes; names are told apart."""
    if asked.kind.card.needs == "pair" and len(inputs) != 2:
        raise UsageError(f"{asked.kind.card.name} learns from exactly two videos, not {len(inputs)}")
    if len(masks) > len(inputs) or len(boxes) > len(inputs):
        raise UsageError(f"{len(inputs)} inputs cannot have {max(len(masks), len(boxes))} silhouettes or boxes")
    all_masks = [*masks, *[None] * (len(inputs) - len(masks))]
    all_boxes = [*boxes, *[None] * (len(inputs) - len(boxes))]
    read = [
        read_with_silhouettes(source, masks=m, box=box, how=how, max_side=asked.max_side, max_frames=max_frames)
        for source, m, box in zip(inputs, all_masks, all_boxes, strict=True)
    ]
    return [
        SilhouetteInput(name, each.path, each.clip, each.report)
        for name, each in zip(input_names(inputs), read, strict=True)
    ]
