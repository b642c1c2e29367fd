"""muybridge reconstruct"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, print_table, stdout
from muybridge.cli.naming import default_name
from muybridge.cli.values import parse_weights


def reconstruct(
    run: Path,
    folder: Path,
    /,
    *,
    out: o.Named = None,
    part: Annotated[Literal["train", "test"], Parameter(name="--part", help="Which part of the folder.")] = "test",
    max_clips: Annotated[
        int | None, Parameter(name="--max-clips", help="Use only this many clips, the first ones.")
    ] = None,
    max_frames: o.MaxFrames = None,
    weights: Annotated[
        tuple[str, ...],
        Parameter(
            name="--weights",
            help="A network that looks at people, for AKD and MKR, or AED: --weights pose=FILE or identity=FILE.",
            negative="",
        ),
    ] = (),
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Rebuild test clips from their first frames and measure the error: the protocol of the animation papers.

    `l1` is the mean absolute difference of colours in [0, 1] over all frames; `copy_l1` that of the first frame
    standing still, and `times` how many times lower the first is. `akd`, `mkr` and `aed` need networks for people.

    For example:

        muybridge reconstruct runs/shapes shapes --out shapes-again

    Frames as PNG, a sheet and figures.json are kept; They go to RUN-FOLDER-again unless --out says otherwise.

    Parameters
    ----------
    run
        The folder of `fit` or `import`.
    folder
        Of clips; its `test` part where there is one.
    """
    import muybridge

    out = out or Path(f"{default_name(run, folder)}-again")
    found = muybridge.reconstruct(
        run,
        folder,
        out,
        part=part,
        max_clips=max_clips,
        max_frames=max_frames,
        weights=parse_weights(weights, ("pose", "identity")),
        force=force,
        device=device,
        notify=note,
    )
    counts = ("clips", "frames")
    print_table("", {name: f"{value:.0f}" if name in counts else f"{value:.4f}" for name, value in found.items()})
    stdout().print(str(out), markup=False)
