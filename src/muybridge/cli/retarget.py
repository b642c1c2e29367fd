"""muybridge retarget"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, print_files, progress_callback, resumable
from muybridge.cli.naming import default_name
from muybridge.cli.planning import check_planning, print_plan


def retarget(
    a: Path,
    b: Path,
    /,
    *,
    out: o.Named = None,
    plan: o.Planned = False,
    gpu: o.Gpu = None,
    flags: Annotated[o.RetargetFlags, Parameter(name="*")] = o.RetargetFlags(),
) -> None:
    """Two subjects exchange their motion: A moves like B, and B like A.

    Writes both videos, a side-by-side sheet, the keypoints where the method has any, a contact sheet and report.html.
    Videos, GIFs, folders of frames and frame strips will do. Silhouettes are found unless they are given.

    For example:

        muybridge retarget cat.mp4 fox.mp4     (the results go to cat-fox)

        muybridge retarget horse.mp4 deer.mp4 --out horse-deer --flip B --background source

        muybridge retarget cat.mp4 fox.mp4 --out cat-fox --masks-a cat-masks --box-b 40,60,300,280

        muybridge retarget cat.mp4 fox.mp4 --out cat-fox --resume

        muybridge retarget cat.mp4 fox.mp4 --preset paper --plan --gpu A100     (nothing is trained)

        muybridge retarget cat.mp4 fox.mp4 --out cat-fox-baseline --method cyclegan

    Parameters
    ----------
    a
        The first video.
    b
        The second video.
    """
    import muybridge
    from muybridge.output.options import RetargetOptions

    out = out or Path(default_name(a, b))
    options = flags.options(RetargetOptions)
    check_planning(plan, gpu)
    if plan:
        print_plan(options.method, (a, b), options, gpu)
        return

    with resumable(out / "run"):
        callback = progress_callback(out / "run", flags.tensorboard)
        results = muybridge.retarget(a, b, out, options=options, callback=callback, notify=note)
    print_files(results.files, last="report.html")
