"""muybridge evaluate"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, print_table, stdout
from muybridge.cli.values import parse_weights
from muybridge.errors import UsageError

NETWORKS = ("vgg", "inception", "action", "pose", "identity")
Truth = Annotated[Path | None, Parameter(help="The true clip of A moving like B (or B like A), where it is known.")]
Masks = Annotated[Path | None, Parameter(help="The true clip's silhouettes, unless they can be found.")]


def evaluate(
    run: Path | None = None,
    /,
    *,
    out: Annotated[
        Path | None, Parameter(name="--out", help="Folder for the figures as CSV, JSON and HTML, with a sheet.")
    ] = None,
    truth_a: Truth = None,
    truth_b: Truth = None,
    truth_masks_a: Masks = None,
    truth_masks_b: Masks = None,
    poses: Annotated[
        tuple[Path, Path] | None,
        Parameter(
            name="--poses",
            negative="",
            help="Without a run: landmarks that a pose network found in the true frames, and those in the made ones; "
            "JSON tables, or folders of OpenPose.",
        ),
    ] = None,
    identities: Annotated[
        tuple[Path, Path] | None,
        Parameter(name="--identities", negative="", help="The same for an identity network's features: JSON tables."),
    ] = None,
    weights: Annotated[
        tuple[str, ...],
        Parameter(
            name="--weights",
            help=f"A network that measures; may be repeated: NAME=FILE, one of {', '.join(NETWORKS)}.",
            negative="",
        ),
    ] = (),
    device: o.Device = "auto",
    force: o.Force = False,
) -> None:
    """Measure a finished run: by itself, against its inputs, and against the truth where you give it.

    Without a run, it compares what pose and identity networks of other programs found in the true frames and in the
    generated ones: AKD, MKR and AED, as in the animation papers.

    For example:

        muybridge evaluate runs/cat-fox --out runs/cat-fox/figures

        muybridge evaluate --poses pose_gt.json pose_gen.json --identities id_gt.json id_gen.json

    Parameters
    ----------
    run
        A run: the folder that `fit` or `retarget` wrote.
    """
    import muybridge

    files = _by_side(truth_a, truth_b)
    masks = _by_side(truth_masks_a, truth_masks_b)
    if poses is not None or identities is not None:
        # Options that would be passed over in silence look as if they had counted.
        if run is not None or files or masks or weights or out is not None:
            raise UsageError("--poses and --identities compare two files, without a run", "Leave the rest out.")
        _print_figures(muybridge.compare_predictions(poses=poses, identities=identities))
        return
    if run is None:
        raise UsageError(
            "nothing was named to be measured",
            "Name a run, or predictions: muybridge evaluate --poses GROUND_TRUTH GENERATED",
        )
    judged = parse_weights(weights, NETWORKS)
    said: list[str] = []
    figures = muybridge.evaluate(
        run, truth=files, truth_masks=masks, weights=judged, out=out, force=force, device=device, notify=said.append
    )
    _print_figures(figures)
    # After the table, where they are not pushed out of sight by it.
    for sentence in said:
        note(sentence)
    if out is not None:
        stdout().print(str(out / "evaluation.html"), markup=False)


def _by_side(a: Path | None, b: Path | None) -> dict[str, Path]:
    """The files that were named, by the side that they belong to."""
    named = {}
    for side, path in (("a", a), ("b", b)):
        if path is not None:
            named[side] = path
    return named


def _print_figures(figures: Mapping[str, float]) -> None:
    print_table("", {name: f"{value:.4f}" for name, value in figures.items()})
