"""muybridge motion: export and import"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout

Form = Annotated[
    Literal["csv", "json", "deeplabcut", "sleap", "blender", "after-effects"] | None,
    Parameter(name="--format", help="Of the file; by its ending unless told: .csv, .json, .slp, .py, .txt."),
]

motion = App(name="motion", help="Motion as data: keypoints over time, written for other programs and read from them.")


@motion.command(name="export")
def export_motion(
    source: Path,
    /,
    *,
    out: o.Out,
    subject: Annotated[str | None, Parameter(name="--subject", help="A or B of a run.")] = None,
    landmarks: Annotated[
        Path | None, Parameter(name="--landmarks", help="Of the video; found by a network unless told.")
    ] = None,
    kind: Annotated[Literal["body25", "face68"] | None, Parameter(name="--kind", help="face68: a face.")] = None,
    model: Annotated[Path | None, Parameter(name="--model", help="The pose network's file.")] = None,
    form: Form = None,
    smoothing: o.MotionSmoothing = None,
    strength: o.Strength = 100,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Write the motion of a run's subject, or of the person in a video.

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
        Path | None, Parameter(name="--video", help="Whose motion it is, for a file that says neither size nor times.")
    ] = None,
    form: Form = None,
    smoothing: o.MotionSmoothing = None,
    strength: o.Strength = 100,
    force: o.Force = False,
) -> None:
    """Read a motion of DeepLabCut, SLEAP or our own, and write it as one that `animate` takes, or for other programs.

    For example:

        muybridge motion import mouse-dlc.csv --video mouse.mp4 --smooth savgol --out mouse.csv

    Parameters
    ----------
    file
        A motion as CSV, JSON or .slp.
    """
    import muybridge

    made = muybridge.import_motion(
        file, out, video=video, form=form, smoothing=smoothing, strength=strength / 100, force=force
    )
    note(f"{len(made.names)} points on {len(made.timing)} frames")
    stdout().print(str(out), markup=False)
