"""The training loop: any method, on any machine, resumable at every checkpoint."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch

from muybridge.engine.callback import Callback, Summary
from muybridge.engine.cpu_tuning import fast_kernels, suit_threads
from muybridge.engine.failures import record_failure
from muybridge.engine.interrupts import Interrupts
from muybridge.engine.machine import (
    Precision,
    resolve_device,
    to_contiguous,
)
from muybridge.engine.randomness import check_seed
from muybridge.engine.session import TrainingSession
from muybridge.errors import (
    REPLACE_OR_RESUME,
    RunError,
    UsageError,
)
from muybridge.method import Data, Method
from muybridge.run import Run


def train(
    method: Method[Any, Any],
    data: Data,
    run: Run | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
    precision: Precision = "auto",
    checkpoint_seconds: float | int = 60,
    preview_seconds: float | int = 30,
    log_every: int = 10,
    callback: Callback | None = None,
    resume: bool = False,
    stop_after: int | None = None,
) -> Summary:
    """Train `method` on `data` through all its stages; the method is left trained, on the device, as if loaded.

    run                 where checkpoints, log and previews go; None keeps nothing
    seed                of everything random; a resumed run keeps its own
    device, precision   see `resolve_device`; a resumed run keeps its precision unless one is named
    checkpoint_seconds  the most that a kill costs; also saved at the start, at each stage's end and on Ctrl-C
    preview_seconds     between pictures, and one at each stage's end
    log_every           steps between lines of the log
    resume              go on from the run's checkpoint: on the CPU in float32, with as many threads, which the run
                        remembers, the weights end bit for bit as if nothing had happened
    stop_after          end after this many steps of this call, with a checkpoint

    Under torchrun each process takes its share of every batch, and the first one writes. Ctrl-C and SIGTERM end the
    step, save, and raise KeyboardInterrupt. TrainingError: losses or weights are not finite, memory or disk is out;
    CheckpointError: the checkpoint is broken or of other networks; RunError: another training writes the run, or it
    already has a checkpoint and `resume` was not said.
    """
    check_seed(seed)

    if run is None and resume:
        raise UsageError("only a training with a run folder can be resumed")
    if run is not None and run.has_checkpoint and not resume:
        raise RunError(f"{run.path} is already trained", REPLACE_OR_RESUME)
    if run is not None and resume:
        (seed, precision) = _as_begun(run, seed, precision)

    machine = resolve_device(device, precision)
    clocks = (float(checkpoint_seconds), float(preview_seconds))
    # Several processes would write over each other.
    writes = run if machine.main else None
    gpus = [machine.device] if machine.device.type == "cuda" else []

    before = run.record.threads if run is not None and resume else None
    threads = suit_threads(before) if machine.device.type == "cpu" and machine.count == 1 else nullcontext()

    # What the caller draws afterwards is not to depend on how long was trained.
    with writes.hold_lock() if writes else nullcontext(), torch.random.fork_rng(gpus), fast_kernels(), threads as told:
        if told and callback is not None:
            callback.on_warning(told)
        training = TrainingSession(method, data, writes, machine, seed, clocks, log_every, callback or Callback())
        with record_failure(writes), Interrupts() as interrupts:
            training.start(run if resume else None)
            summary = training.go(interrupts, stop_after)

    to_contiguous(method)
    if interrupts.requested:
        raise KeyboardInterrupt  # in the last moments, when all was done and saved
    return summary


def _as_begun(run: Run, seed: int, precision: Precision) -> tuple[int, Precision]:
    """The run's own seed and precision, where it recorded them: or it would not go on as it began."""
    recorded = run.record
    if recorded.seed is not None:
        seed = recorded.seed
    if precision == "auto" and recorded.precision in ("float32", "bfloat16"):
        precision = recorded.precision  # type: ignore[assignment]
    return seed, precision
