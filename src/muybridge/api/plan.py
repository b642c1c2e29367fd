"""What a training would take, here and on a GPU that is not here, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.api.cost import Watch, prepare_training, train_beginnings
from muybridge.engine.counting import StepCounter, count_steps
from muybridge.engine.gpus import find_gpu
from muybridge.inputs.clips import Source
from muybridge.inputs.folders import open_clips
from muybridge.inputs.landmarks import LandmarkFiles
from muybridge.jobs.settings import make_config, resolve_config
from muybridge.video import Clip

MEASURED_BATCH = 2
"""Samples in the steps that are measured: a whole batch of a paper's may not fit in here, and work grows with it."""
MEASURED_CLIPS = 3
"""Clips of a folder that are read to find out."""
BESIDE = 2**30
"""Bytes that PyTorch and its kernels take beside the training, on either machine."""
BYTES_A_WEIGHT = 16
"""A weight, its gradient and Adam's two means, float32."""


@dataclass(frozen=True)
class Plan:
    """What a training would take.

    steps        of all stages
    parameters   weights that are learnt
    flops        floating point operations of the whole training
    seconds      on this machine: measured steps of a small batch, times the number and the batch of all
    memory       bytes while it trains, an estimate: weights, what is kept for the way back, and the framework
    gpu          the one that was asked about
    gpu_seconds  on it, an estimate: see `engine.gpus`
    gpu_memory   bytes that it has
    notes        what a person should know of the settings
    """

    steps: int
    parameters: int
    flops: float
    seconds: float
    memory: float
    gpu: str | None
    gpu_seconds: float | None
    gpu_memory: int | None
    notes: tuple[str, ...] = ()


def plan(
    method: str,
    *inputs: Source,
    preset: str | None = None,
    set: Mapping[str, Any] | None = None,
    masks: Sequence[str | Path | Clip | None] = (),
    flip: str | None = None,
    landmarks: Sequence[LandmarkFiles | None] = (),
    gpu: str | None = None,
    device: str = "auto",
) -> Plan:
    """Make a few steps of a small batch in each stage, keep nothing, and say what all of it would take.

    Work is taken to grow with the batch. Figures of a GPU are a model: counted arithmetic at a fifth of its peak, or
    the launches of its kernels where those take longer.

    Args:
        method: A name of `muybridge methods`.
        *inputs: As for `fit`.
        preset: A named set of settings; the method's first unless told.
        set: What is changed of them: {"shape.steps": 500}.
        masks: Given silhouettes, one for each video of a pair.
        flip: "a" or "b": mirror that one on the way in.
        landmarks: Files for each video, see `find_landmarks`; None: found by a network.
        gpu: One to estimate for as well, such as "A100".
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        Steps, operations, seconds and memory here, and on the GPU.

    Raises:
        UsageError: No such method, preset or GPU, or what is for methods of another kind.
        MissingWeightsError: The preset needs a network whose file is not here; the hint gets it.
        InputError: A file cannot be used.

    Example:
        >>> muybridge.plan("fomm", "faces", preset="paper", gpu="A100").gpu_seconds
    """
    named = None if gpu is None else find_gpu(gpu)
    method_class = catalogue.find(method)
    config, notes = resolve_config(method_class, make_config(method_class, preset, set))
    method_class.require_weights(config)
    built = method_class(config)

    if method_class.card.needs == "folder":
        opened = open_clips(method, inputs, {"max_side": config.reading_side, "max_frames": 16})
        clips: Sequence[Source] = [opened[i] for i in range(min(MEASURED_CLIPS, len(opened)))]
    else:
        clips = inputs
    data = prepare_training(built, clips, masks, flip, landmarks)

    whole = built.stages()
    watch = Watch()
    train_beginnings(built, data, whole, 3, watch, device, batch=MEASURED_BATCH, precision="float32")
    # Counting slows steps down, so that they are not the ones that are timed.
    counter = StepCounter(frozenset(p.data_ptr() for p in built.parameters()))
    with count_steps(counter):
        train_beginnings(built, data, whole, 1, counter, device, batch=MEASURED_BATCH, precision="float32")

    flops = seconds = on_gpu = kept = 0.0
    for stage in whole:
        if stage.steps == 0:
            continue
        larger = stage.batch / min(stage.batch, MEASURED_BATCH)
        step = counter.steps[stage.name]
        flops += stage.steps * larger * step.flops
        seconds += stage.steps * larger * watch.pace(stage.name)
        kept = max(kept, larger * step.kept)
        if named is not None:
            on_gpu += stage.steps * named.seconds(larger * step.flops, step.calls)

    weights = sum(p.numel() for p in built.parameters())
    return Plan(
        steps=sum(stage.steps for stage in whole),
        parameters=weights,
        flops=flops,
        seconds=seconds,
        memory=BYTES_A_WEIGHT * weights + kept + BESIDE,
        gpu=gpu,
        gpu_seconds=None if named is None else on_gpu,
        gpu_memory=None if named is None else named.memory,
        notes=notes,
    )
