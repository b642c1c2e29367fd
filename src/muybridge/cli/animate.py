"""muybridge animate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note
from muybridge.cli.console import out as printed
from muybridge.cli.values import box as box_of
from muybridge.cli.values import side


def animate(
    run: Path,
    /,
    *,
    driving: Annotated[Path, Parameter(name="--driving", help="The video that gives the motion.")],
    source: Annotated[
        str | None, Parameter(name="--source", help="Who moves: A or B; the one that the video does not show.")
    ] = None,
    out: o.Out,
    background: o.Background = "black",
    affine: o.Affine = True,
    masks: Annotated[Path | None, Parameter(name="--masks", help="Silhouettes of the driving video.")] = None,
    box: Annotated[str | None, Parameter(name="--box", help="Box round its subject: x0,y0,x1,y1 in pixels.")] = None,
    how: o.How = "auto",
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Apply a finished run to the same or a new video of either subject.

    For example:

        muybridge animate runs/cat-fox --driving fox.mp4 --out cat-like-fox.mp4

        muybridge animate runs/cat-fox --driving another-fox.mp4 --source A --background transparent --out cat.webm

    Parameters
    ----------
    run
        The folder of `fit`, `import` or `retarget`.
    """
    import muybridge

    path, notes = muybridge.animate(
        run,
        driving,
        side(source),
        out=out,
        background=background,
        affine=affine,
        masks=masks,
        box=box_of(box),
        how=how,
        force=force,
        device=device,
    )
    for each in notes:
        note(each)
    printed().print(str(path), markup=False)
