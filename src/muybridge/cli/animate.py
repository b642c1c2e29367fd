"""muybridge animate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note
from muybridge.cli.console import out as printed
from muybridge.cli.values import box as box_of


def animate(
    run: Path,
    /,
    *,
    driving: Annotated[Path, Parameter(name="--driving", help="The video that gives the motion.")],
    source: Annotated[
        str | None, Parameter(name="--source", help="Who moves: A or B of a pair; of landmarks, also a video.")
    ] = None,
    out: o.Out,
    background: o.Background = "black",
    affine: o.Affine = True,
    masks: Annotated[Path | None, Parameter(name="--masks", help="Silhouettes of the driving video.")] = None,
    box: Annotated[str | None, Parameter(name="--box", help="Box round its subject: x0,y0,x1,y1 in pixels.")] = None,
    how: o.How = "auto",
    landmarks: Annotated[
        Path | None, Parameter(name="--landmarks", help="Landmarks of the driving video, where the method needs them.")
    ] = None,
    source_landmarks: Annotated[
        Path | None, Parameter(name="--source-landmarks", help="Landmarks of a --source that is a video.")
    ] = None,
    align: Annotated[
        bool, Parameter(name="--align", help="Bring driving landmarks to the subject's size and place.")
    ] = True,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Apply a finished run to the same or a new video of either subject.

    For example:

        muybridge animate runs/cat-fox --driving fox.mp4 --out cat-like-fox.mp4

        muybridge animate runs/cat-fox --driving another-fox.mp4 --source A --background transparent --out cat.webm

        muybridge animate runs/dance --driving other.mp4 --landmarks other-landmarks --out dances-like-other.mp4

    Parameters
    ----------
    run
        The folder of `fit`, `import` or `retarget`.
    """
    import muybridge

    path, notes = muybridge.animate(
        run,
        driving,
        source,
        out=out,
        background=background,
        affine=affine,
        masks=masks,
        box=box_of(box),
        how=how,
        landmarks=landmarks,
        source_landmarks=source_landmarks,
        align=align,
        force=force,
        device=device,
    )
    for each in notes:
        note(each)
    printed().print(str(path), markup=False)
