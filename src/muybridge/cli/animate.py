"""muybridge animate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout
from muybridge.cli.naming import default_name
from muybridge.errors import UsageError


def animate(
    run: Path,
    /,
    *,
    driving: Annotated[
        Path | None, Parameter(name="--driving", help="The video that gives the motion, or a file of motion.")
    ] = None,
    source: Annotated[
        str | None,
        Parameter(name="--source", help="Who moves: A or B of a pair, a picture, or a video with landmarks."),
    ] = None,
    out: o.Named = None,
    pairs: Annotated[
        Path | None, Parameter(name="--pairs", help="CSV of source,driving: clips of the folder --driving.")
    ] = None,
    flags: Annotated[o.AnimateFlags, Parameter(name="*")] = o.AnimateFlags(),
) -> None:
    """Apply a finished run: a subject of its pair, or any picture, moves like a video.

    For example:

        muybridge animate runs/faces --source photo.png --driving talk.mp4     (photo-like-talk.mp4)

        muybridge animate runs/cat-fox --driving fox.mp4 --out cat-like-fox.mp4

        muybridge animate runs/cat-fox --driving another-fox.mp4 --source A --background transparent --out cat.webm

        muybridge animate runs/dance --driving other.mp4 --landmarks other-landmarks --out dances-like-other.mp4

    Parameters
    ----------
    run
        A run: the folder that `fit`, `import` or `retarget` wrote.
    """
    import muybridge
    from muybridge.output.options import AnimateOptions

    options = flags.options(AnimateOptions)
    if pairs is not None:
        if driving is None or source is not None:
            raise UsageError("a pair list names the sources itself: --pairs LIST.csv --driving FOLDER")
        out = out or Path(default_name(run, pairs))
        for path in muybridge.animate_pairs(run, driving, pairs, out=out, options=options):
            stdout().print(str(path), markup=False)
        return

    # MP4 has no alpha channel, so a transparent result needs another container.
    out = out or _result_name(run, source, driving, "webm" if options.background == "transparent" else "mp4")
    path, notes = muybridge.animate(run, driving, source, out=out, options=options)
    for each in notes:
        note(each)
    stdout().print(str(path), markup=False)


def _result_name(run: Path, source: str | None, driving: Path | None, suffix: str) -> Path:
    if driving is None:
        return Path(f"{default_name(run, source)}.{suffix}")
    return Path(f"{default_name(run if source is None else source)}-like-{default_name(driving)}.{suffix}")
