"""What a training will cost on this machine, measured on its first steps."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.engine import Callback, train
from muybridge.engine.machine import Precision
from muybridge.errors import UsageError
from muybridge.inputs.clips import Source, read_with_silhouettes
from muybridge.inputs.landmarks import LandmarkFiles, read_landmark_inputs
from muybridge.jobs.settings import make_config, resolve_config
from muybridge.method import Data, Method, Stage
from muybridge.video import Clip


@dataclass(frozen=True)
class Cost:
    """What `cost` measured.

    seconds   of the whole training, all stages
    steps     of the whole training
    measured  steps that were made to find out
    memory    largest that this process has been, bytes; on an accelerator that is not its memory
    disk      of the run when it is finished, bytes, without the results
    step_seconds  of one step, by stage
    """

    seconds: float
    steps: int
    measured: int
    memory: int
    disk: int
    step_seconds: Mapping[str, float]


def cost(
    method: str,
    *inputs: Source,
    preset: str | None = None,
    set: Mapping[str, Any] | None = None,
    masks: Sequence[str | Path | Clip | None] = (),
    flip: str | None = None,
    landmarks: Sequence[LandmarkFiles | None] = (),
    steps: int = 10,
    device: str = "auto",
) -> Cost:
    """Train for `steps` steps in each stage, keep nothing, and say what all of them would take.

    The first step of a stage is left out of the mean: it compiles and allocates.

    Args:
        method: A name of `muybridge methods`.
        *inputs: As for `fit`, but a method that learns from a folder takes clips.
        preset: A named set of settings; the method's first unless told.
        set: What is changed of them: {"shape.steps": 500}.
        masks: Given silhouettes, one for each video of a pair.
        flip: "a" or "b": mirror that one on the way in.
        landmarks: Files for each video, see `find_landmarks`; None: found by a network.
        steps: So many are made in each stage.
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        Seconds, steps, and bytes of memory and disk of the whole training.

    Raises:
        UsageError: No such method or preset, or what is for methods of another kind.
        InputError: A file cannot be used; MissingSilhouettesError where a subject is not found.
        TrainingError: The training could not go on.

    Example:
        >>> print(muybridge.cost("jokr", "cat.mp4", "fox.mp4", preset="draft").seconds / 60)
    """
    method_class = catalogue.find(method)
    config, _ = resolve_config(method_class, make_config(method_class, preset, set))
    built = method_class(config)
    data = prepare_training(built, inputs, masks, flip, landmarks)

    whole = built.stages()
    watch = Watch()
    short = train_beginnings(built, data, whole, steps, watch, device)
    pace = {}
    for stage in whole:
        pace[stage.name] = watch.pace(stage.name)

    kept = sum(t.numel() * t.element_size() for t in data.tensors().values())
    # Adam keeps two more numbers for each weight.
    kept += 3 * sum(p.numel() * p.element_size() for p in built.parameters())

    return Cost(
        seconds=sum(stage.steps * pace[stage.name] for stage in whole),
        steps=sum(stage.steps for stage in whole),
        measured=sum(stage.steps for stage in short),
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        disk=kept,
        step_seconds=pace,
    )


def prepare_training(
    built: Method[Any, Any],
    inputs: Sequence[Source],
    masks: Sequence[str | Path | Clip | None],
    flip: str | None,
    landmarks: Sequence[LandmarkFiles | None],
) -> Data:
    """A method's data of videos and what belongs to them, see `cost`; of a folder, clips."""
    name = built.card.name
    if built.card.needs == "landmarks":
        if masks or flip is not None:
            raise UsageError(f"{name} sees whole frames: masks and flips are for pairs", "Leave them out.")
        return read_landmark_inputs(name, built.config, inputs, landmarks, built.config.reading_side, None).prepare(
            built
        )

    if landmarks:
        raise UsageError(f"{name} uses no landmarks", "Leave them out.")
    return _silhouettes(built, inputs, masks, flip)


def _silhouettes(
    method: Method[Any, Any],
    inputs: Sequence[Source],
    masks: Sequence[str | Path | Clip | None],
    flip: str | None,
) -> Data:
    """A method's data of clips with silhouettes."""
    all_masks = [*masks, *[None] * (len(inputs) - len(masks))]
    side = method.config.reading_side
    clips = []
    for source, m in zip(inputs, all_masks, strict=True):
        clips.append(read_with_silhouettes(source, masks=m, max_side=side).clip)

    data: Data = method.prepare(clips, **({} if flip is None else {"flip": flip}))
    return data


def train_beginnings(
    built: Method[Any, Any],
    data: Data,
    whole: Sequence[Stage],
    steps: int,
    callback: Callback,
    device: str,
    *,
    batch: int | None = None,
    precision: Precision = "auto",
) -> tuple[Stage, ...]:
    """Make the first steps of each stage, and keep nothing; the stages as they were made.

    batch  at most so many samples in a step; None: as many as the stage has
    """
    short = []
    for stage in whole:
        samples = stage.batch if batch is None else min(stage.batch, batch)
        short.append(replace(stage, steps=min(stage.steps, steps), batch=samples, decay=0.0, drops=()))

    # The engine asks the method for its stages; this one answers with their beginnings.
    built.stages = lambda: tuple(short)  # type: ignore[method-assign]
    # Drawing a preview would count as a step's time, so none may fall due.
    train(
        built,
        data,
        None,
        device=device,
        precision=precision,
        log_every=1,
        callback=callback,
        preview_seconds=1e9,
    )
    return tuple(short)


class Watch(Callback):
    """When each step of each stage ended."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}
        self.began: dict[str, float] = {}

    def on_stage(self, stage: Stage) -> None:
        self.began[stage.name] = time.monotonic()

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        self.times.setdefault(stage.name, []).append(time.monotonic())

    def pace(self, stage: str) -> float:
        """Seconds of a step; with a single step, that one; 0 where there was none."""
        ends = self.times.get(stage, [])
        if len(ends) > 1:
            return (ends[-1] - ends[0]) / (len(ends) - 1)
        return ends[0] - self.began[stage] if ends else 0.0
