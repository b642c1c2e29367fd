"""muybridge mask"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout, write_name
from muybridge.cli.naming import default_name


def mask(
    video: Path,
    /,
    *,
    out: o.Named = None,
    flags: Annotated[o.MaskFlags, Parameter(name="*")] = o.MaskFlags(),
) -> None:
    """Find the subject's silhouette in each frame, and write a sheet to check them.

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
    from muybridge.output.options import MaskOptions

    out = out or Path(f"{default_name(video)}-masks")
    _, report = muybridge.mask(video, out, options=flags.options(MaskOptions))
    note(f"{report.how}: {report.detail}")
    for warning in report.warnings:
        note(warning)
    stdout().print(f"Use them with --masks-a {write_name(out)}; judge them by", markup=False)
    stdout().print(str(out / "sheet.png"), markup=False)
