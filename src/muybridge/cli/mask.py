"""muybridge mask"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout
from muybridge.cli.naming import default_name
from muybridge.cli.values import parse_box, parse_corrections, parse_rough
from muybridge.errors import UsageError


def mask(
    video: Path,
    /,
    *,
    out: o.Named = None,
    box: Annotated[
        str | None, Parameter(name="--box", help="Box round the subject on one frame: x0,y0,x1,y1 in pixels.")
    ] = None,
    box_frame: Annotated[
        int | None,
        Parameter(name="--box-frame", help="The frame that --box is on, counted from 0; the first otherwise."),
    ] = None,
    rough: Annotated[
        str | None,
        Parameter(name="--rough", help="FRAME=PICTURE, roughly the subject on one frame, white on black: a hint."),
    ] = None,
    masks: Annotated[Path | None, Parameter(name="--masks", help="Silhouettes that are there already.")] = None,
    correct: Annotated[
        tuple[str, ...],
        Parameter(name="--correct", negative="", help="FRAME=PICTURE, white on black; carried to its neighbours."),
    ] = (),
    how: o.How = "auto",
    weights: Annotated[
        Path | None,
        Parameter(name="--weights", help="The file of --how segment or saliency; the cache folder's otherwise."),
    ] = None,
    subject: Annotated[
        str | None,
        Parameter(name="--subject", help="Which of what a segmentation network sees: person, dog, animal, and so on."),
    ] = None,
    max_frames: o.MaxFrames = None,
    force: o.Force = False,
) -> None:
    """Find the subject's silhouette on each frame, and show a sheet to judge by.

    For example:

        muybridge mask cat.mp4     (they go to cat-masks)

        muybridge mask cat.mp4 --out cat-masks --box 40,60,300,280 --force

        muybridge mask cat.mp4 --out cat-masks --rough 12=roughly.png --force

        muybridge mask cat.mp4 --out cat-masks --correct 12=frame-12.png

    Parameters
    ----------
    video
        A video, GIF, folder of frames or frame strip.
    """
    import muybridge

    if box_frame is not None and box is None:
        raise UsageError("--box-frame says which frame --box is on", "Give the box too: --box 40,60,300,280")
    out = out or Path(f"{default_name(video)}-masks")
    _, report = muybridge.mask(
        video,
        out,
        masks=masks,
        box=parse_box(box),
        rough=parse_rough(rough),
        frame=box_frame or 0,
        how=how,
        weights=weights,
        subject=subject,
        corrections=parse_corrections(correct),
        max_frames=max_frames,
        force=force,
    )
    note(f"{report.how}: {report.detail}")
    for warning in report.warnings:
        note(warning)
    stdout().print(f"Use them with --masks-a {out}; judge them by", markup=False)
    stdout().print(str(out / "sheet.png"), markup=False)
