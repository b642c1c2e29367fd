"""muybridge evaluate"""

from __future__ import annotations

from pathlib import Path

from muybridge.cli import options as o
from muybridge.cli.console import table


def evaluate(run: Path, /, *, device: o.Device = "auto") -> None:
    """Measure a finished run, without knowing the truth.

    For example:

        muybridge evaluate runs/cat-fox

    Parameters
    ----------
    run
        The folder of `fit` or `retarget`.
    """
    import muybridge

    table("", {name: f"{value:.4f}" for name, value in muybridge.evaluate(run, device=device).items()})
