"""muybridge motion: export and import"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout

Form = Annotated[
    Literal["csv", "json", "deeplabcut", "sleap", "blender", "after-effects"] | None,
    Parameter(
        name="--format",
        help="Format of the file that is written. By default its ending decides: .csv, .json, .slp, .py or .txt.",
    ),
]

motion = App(name="motion", help="Exchange motion, as keypoints over time, with other programs.")


@motion.command(name="export")
def export_motion(
    source: Path,
    /,
    *,
    out: o.Out,
    subject: Annotated[str | None, Parameter(name="--subject", help="Which subject of a run: A or B.")] = None,
    landmarks: Annotated[
        Path | None,
        Parameter(name="--landmarks", help="Landmarks of the video. By default, a pose network finds them."),
    ] = None,
    kind: Annotated[
        Literal["body25", "face68"] | None,
        Parameter(name="--kind", help="What is tracked: a body (body25) or a face (face68)."),
    ] = None,
    model: Annotated[Path | None, Parameter(name="--model", help="File of the pose network.")] = None,
    form: Form = None,
    smoothing: o.MotionSmoothing = None,
    strength: o.Strength = 100,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Write the motion of a subject of a run, or of the person in a video, to a file.

    For example:

        muybridge motion export runs/cat-fox --subject A --out cat.csv

        muybridge motion export dance.mp4 --landmarks dance-landmarks --out dance.py     (for Blender)

    Parameters
    ----------
    source
        The folder of a run with keypoints, or a video.
    """
    import muybridge

    made = muybridge.export_motion(
        source,
        out,
        subject=subject,
        landmarks=landmarks,
        kind=kind,
        model=model,
        form=form,
        smoothing=smoothing,
        strength=strength / 100,
        force=force,
        device=device,
    )
    note(f"{len(made.names)} points on {len(made.timing)} frames")
    stdout().print(str(out), markup=False)


@motion.command(name="import")
def import_motion(
    file: Path,
    /,
    *,
    out: o.Out,
    video: Annotated[
        Path | None,
        Parameter(name="--video", help="The video that was tracked, if the file gives neither its size nor its times."),
    ] = None,
    form: Form = None,
    smoothing: o.MotionSmoothing = None,
    strength: o.Strength = 100,
    force: o.Force = False,
) -> None:
    """Convert motion from DeepLabCut, SLEAP or Muybridge into a file for `animate` or for another program.

    For example:

        muybridge motion import mouse-dlc.csv --video mouse.mp4 --smooth savgol --out mouse.csv

    Parameters
    ----------
    file
        The motion: a CSV, JSON or .slp file.
    """
    import muybridge

    made = muybridge.import_motion(
        file, out, video=video, form=form, smoothing=smoothing, strength=strength / 100, force=force
    )
    note(f"{len(made.names)} points on {len(made.timing)} frames")
    stdout().print(str(out), markup=False)
