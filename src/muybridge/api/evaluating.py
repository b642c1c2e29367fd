"""Figures of a finished run."""

from __future__ import annotations

from pathlib import Path

from muybridge.api.fitting import Fitted, load
from muybridge.errors import RunError, UsageError


def evaluate(run: Fitted | str | Path, *, device: str = "auto") -> dict[str, float]:
    """What can be measured of a run without knowing the truth: name -> value; the method says what each means.

    Raises RunError where the run has no data of its own.
    """
    fitted = run if isinstance(run, Fitted) else load(run, device=device)
    measure = getattr(fitted.method, "quality", None)
    if measure is None:
        raise UsageError(f"{fitted.method.card.name} has no figures of its own")
    if fitted.data is None:
        raise RunError("an imported checkpoint has no videos to be measured on", "Train with: muybridge fit")
    figures: dict[str, float] = measure(fitted.data)
    return figures
