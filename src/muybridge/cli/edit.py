"""muybridge edit"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import stdout
from muybridge.cli.values import parse_moves, parse_side


def edit(
    run: Path,
    /,
    *,
    subject: Annotated[str, Parameter(name="--subject", help="A or B.")],
    frame: Annotated[int, Parameter(name="--frame", help="Which of its frames, from 0.")] = 0,
    move: Annotated[
        tuple[str, ...],
        Parameter(name="--move", negative="", help="KEYPOINT=DX,DY; may be repeated; the frame spans 2."),
    ],
    steps: Annotated[int, Parameter(name="--steps", help="Frames along the way.")] = 12,
    out: o.Out,
    background: o.Background = "contrast",
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Move keypoints of one frame by hand and draw the frames along the way.

    For example:

        muybridge edit runs/cat-fox --subject A --frame 10 --move 3=0.1,-0.05 --move 7=0,-0.2 --out raised.mp4

    keypoints.mp4, which `retarget` writes, shows which keypoint is where.

    Parameters
    ----------
    run
        A run: the folder that `fit` or `retarget` wrote.
    """
    import muybridge

    path = muybridge.edit(
        run,
        parse_side(subject) or "a",
        frame,
        parse_moves(move),
        out=out,
        steps=steps,
        background=background,
        force=force,
        device=device,
    )
    stdout().print(str(path), markup=False)
