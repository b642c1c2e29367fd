"""muybridge predict"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout
from muybridge.cli.naming import default_name


def predict(
    run: Path,
    picture: Path,
    /,
    *,
    out: o.Named = None,
    frames: Annotated[int, Parameter(name="--frames", help="How many frames to make.")] = 32,
    seed: Annotated[
        int | None, Parameter(name="--seed", help="Draw one of the possible continuations; without it, the likeliest.")
    ] = None,
    fps: Annotated[float | None, Parameter(name="--fps", help="Frames per second. Default: 25.")] = None,
    draws: Annotated[
        int | None,
        Parameter(name="--draws", help="Draw this many continuations into a folder, with seeds from --seed on."),
    ] = None,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Image to video: make a picture move on by itself, as things of its kind do. Only for methods that learn this.

    For example:

        muybridge predict runs/robots photo.png     (photo-goes-on.mp4)

        muybridge predict runs/robots photo.png --seed 7 --fps 10 --out otherwise.mp4

        muybridge predict runs/robots clip.mp4 --draws 5     (clip-goes-on; figures beside how the clip went on)

    Parameters
    ----------
    run
        A run: the folder that `fit` wrote.
    picture
        An image, or a video whose first frame is used; with --draws, its other frames are the truth.
    """
    import muybridge

    out = out or Path(f"{default_name(picture)}-goes-on{'.mp4' if draws is None else ''}")
    path, notes = muybridge.predict(
        run, picture, out=out, frames=frames, seed=seed, fps=fps, draws=draws, force=force, device=device
    )
    for each in notes:
        note(each)
    stdout().print(str(path), markup=False)
