"""What a training would cost, told in place of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.cli.console import note, print_table
from muybridge.errors import Option, Sentence, UsageError


def print_plan(method: str, inputs: Sequence[Path], options: Any, gpu: str | None) -> None:
    """Measure a few steps and say what all of them would take.

    options  `FitOptions` or `RetargetOptions`
    """
    import muybridge

    found = muybridge.plan(
        method,
        *inputs,
        preset=options.preset,
        set=options.set,
        masks=options.masks,
        flip=options.flip,
        landmarks=getattr(options, "landmarks", ()),
        gpu=gpu,
        device=options.device,
    )
    for each in found.notes:
        note(each)

    rows = {
        "steps": f"{found.steps:,}",
        "weights": f"{found.parameters:,}",
        "operations": f"{found.flops:.1e}",
        "here": f"{_in_words(found.seconds)}, {found.memory / 1e9:.1f} GB of memory, at least",
    }
    if found.gpu_seconds is not None and found.gpu_memory is not None:
        fits = "it has" if found.memory <= found.gpu_memory else "too little: it has"
        rows[f"on one {found.gpu}"] = (
            f"{_in_words(found.gpu_seconds)}, an estimate from its data sheet; {found.memory / 1e9:.1f} GB of memory, "
            f"{fits} {found.gpu_memory / 1e9:.0f}"
        )
    print_table(f"{method}, {options.preset or 'the first preset'}: nothing was trained", rows)


def check_planning(plan: bool, gpu: str | None) -> None:
    """UsageError where a GPU is named and no plan is asked for."""
    if gpu is not None and not plan:
        raise UsageError("a GPU is named for a plan only", Sentence("Ask for the plan too: ", Option("plan", True)))


def _in_words(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"
