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
    max_clips: Annotated[int | None, Parameter(name="--max-clips", help="Use only the first clips, this many.")] = None,
    max_frames: o.MaxFrames = None,
    weights: Annotated[
        tuple[str, ...],
        Parameter(
            name="--weights",
            help="A network for people: --weights pose=FILE for AKD and MKR, --weights identity=FILE for AED.",
            negative="",
        ),
    ] = (),
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Rebuild test clips from their first frames and measure the error: the protocol of the animation papers.

    `l1` is the mean absolute difference of colours in [0, 1] over all frames; `copy_l1` is the same for repeating the
    first frame, and `times` says how many times lower `l1` is. `akd`, `mkr` and `aed` need networks for people.

    For example:

        muybridge reconstruct runs/shapes shapes --out shapes-again

    It keeps the frames as PNG, a sheet and figures.json. They go to RUN-FOLDER-again unless --out says otherwise.

    Parameters
    ----------
    run
        A run: the folder that `fit` or `import` wrote.
    folder
        A folder of clips; if it has a `test` part, that part is used.
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
