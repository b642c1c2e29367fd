"""muybridge explain"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout
from muybridge.cli.naming import default_name


def explain(
    run: Path,
    driving: Path | None = None,
    /,
    *,
    source: Annotated[
        str | None,
        Parameter(
            name="--source", help="Who follows it: A or B of a pair; a picture; with landmarks, a video or its letter."
        ),
    ] = None,
    out: o.Named = None,
    frames: Annotated[int, Parameter(name="--frames", help="How many are shown, spread over the video.")] = 6,
    masks: Annotated[Path | None, Parameter(name="--masks", help="Silhouettes of the video, for a pair.")] = None,
    landmarks: Annotated[
        Path | None, Parameter(name="--landmarks", help="Landmarks of the video, where the method needs them.")
    ] = None,
    source_landmarks: Annotated[
        Path | None, Parameter(name="--source-landmarks", help="Landmarks of a --source that is a video.")
    ] = None,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Draw what a method found on a video's frames and where it looked: the pictures that its paper has.

    Keypoints or regions with their heat maps, parts that move together, flow and occlusion; for TS-Net, the sampling
    grids and the attention of single positions. Each goes to a PNG sheet of its own.

    For example:

        muybridge explain runs/walkers walk.mp4     (the sheets go to walkers-walk-explained)

        muybridge explain runs/cat-fox --source A --out cat-fox-explained

        muybridge explain runs/dance other.mp4 --landmarks other-landmarks --frames 4

    Parameters
    ----------
    run
        A run: the folder that `fit`, `import` or `retarget` wrote.
    driving
        The video whose frames are shown. For a pair or a run with landmarks, by default a video of the training.
    """
    import muybridge

    out = out or Path(f"{default_name(run, driving)}-explained")
    found = muybridge.explain(
        run,
        driving,
        source,
        out=out,
        frames=frames,
        masks=masks,
        landmarks=landmarks,
        source_landmarks=source_landmarks,
        force=force,
        device=device,
    )
    for path, shown in found.items():
        note(f"{path.name}: {shown}")
        stdout().print(str(path), markup=False)
