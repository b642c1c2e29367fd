"""muybridge evaluate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, table
from muybridge.cli.console import out as printed
from muybridge.cli.values import weights_of

Truth = Annotated[Path | None, Parameter(help="The true clip of A moving like B (or B like A), where it is known.")]
Masks = Annotated[Path | None, Parameter(help="The true clip's silhouettes, unless they can be found.")]


def evaluate(
    run: Path,
    /,
    *,
    out: Annotated[Path | None, Parameter(name="--out", help="Folder for CSV, JSON and HTML with a sheet.")] = None,
    truth_a: Truth = None,
    truth_b: Truth = None,
    truth_masks_a: Masks = None,
    truth_masks_b: Masks = None,
    weights: o.Weights = (),
    device: o.Device = "auto",
    force: o.Force = False,
) -> None:
    """Measure a finished run: by itself, beside its inputs, and against the truth where it is given.

    For example:

        muybridge evaluate runs/cat-fox --out runs/cat-fox/figures

    Parameters
    ----------
    run
        The folder of `fit` or `retarget`.
    """
    import muybridge
    from muybridge.api.evaluating import missing

    files = {"a": truth_a, "b": truth_b}
    masks = {"a": truth_masks_a, "b": truth_masks_b}
    judged = weights_of(weights)
    figures = muybridge.evaluate(
        run,
        truth={side: path for side, path in files.items() if path is not None},
        truth_masks={side: path for side, path in masks.items() if path is not None},
        weights=judged,
        out=out,
        force=force,
        device=device,
    )
    table("", {name: f"{value:.4f}" for name, value in figures.items()})
    for name, why in missing(judged).items():
        note(f"{name} was not measured: {why}")
    if out is not None:
        printed().print(str(out / "evaluation.html"), markup=False)
