"""muybridge landmarks"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout, write_name
from muybridge.cli.naming import default_name
from muybridge.cli.values import parse_box


def landmarks(
    video: Path,
    /,
    *,
    out: o.Named = None,
    given: Annotated[
        Path | None,
        Parameter(
            name="--landmarks", help="From another program: OpenPose's folder, COCO JSON, text of 68 face points."
        ),
    ] = None,
    kind: Annotated[
        Literal["body25", "face68"] | None,
        Parameter(
            name="--kind", help="face68: take only the face, even if the files or the network give whole bodies."
        ),
    ] = None,
    person: Annotated[
        int, Parameter(name="--person", help="Which person, if there are several: 0 is the largest.")
    ] = 0,
    model: Annotated[
        Path | None, Parameter(name="--model", help="The pose network, an ONNX file; pose.onnx in the cache otherwise.")
    ] = None,
    box: Annotated[
        str | None, Parameter(name="--box", help="Box round the person on the first frame: x0,y0,x1,y1 in pixels.")
    ] = None,
    smooth: Annotated[
        int, Parameter(name="--smooth", help="Average over this many frames (an odd number); 1 changes nothing.")
    ] = 1,
    max_frames: o.MaxFrames = None,
    force: o.Force = False,
) -> None:
    """Read or find the subject's landmarks in each frame, and write a sheet to check them.

    For example:

        muybridge landmarks dance.mp4 --landmarks openpose-json --out dance-landmarks

        muybridge landmarks dance.mp4 --model rtmpose.onnx --box 900,200,1200,900 --out dance-landmarks

    Parameters
    ----------
    video
        A video, GIF, folder of frames or frame strip.
    """
    import muybridge

    out = out or Path(f"{default_name(video)}-landmarks")
    found, report = muybridge.find_landmarks(
        video,
        out,
        given=given,
        kind=kind,
        person=person,
        model=model,
        box=parse_box(box),
        smoothing=smooth,
        max_frames=max_frames,
        force=force,
    )
    note(f"{report.how}: {report.detail}")
    sure = sum(report.confidence) / len(report.confidence)
    people = "one person was looked for" if report.people is None else f"people at once: {report.people}"
    note(f"{found.kind}, {found.points.shape[1]} points, mean confidence {sure:.2f}; {people}")
    # Last, so that they are the nearest to the next command.
    for warning in report.warnings:
        note(warning)
    stdout().print(f"Use them with --landmarks {write_name(out)}; judge them by", markup=False)
    stdout().print(str(out / "sheet.png"), markup=False)
