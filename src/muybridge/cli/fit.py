"""muybridge fit"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, progress_callback, resumable, stdout
from muybridge.cli.naming import default_name
from muybridge.cli.planning import check_planning, print_plan


def fit(
    method: str,
    /,
    *inputs: Path,
    out: o.Named = None,
    plan: o.Planned = False,
    gpu: o.Gpu = None,
    flags: Annotated[o.FitFlags, Parameter(name="*")] = o.FitFlags(),
) -> None:
    """Train a method and keep the run, to be applied with `animate`, `edit` and `evaluate`.

    For example:

        muybridge fit jokr cat.mp4 fox.mp4 --preset draft     (the run goes to runs/jokr-cat-fox)

        muybridge fit tsnet dance.mp4 --landmarks dance-landmarks --out runs/dance
        muybridge fit articulated walkers --out runs/walkers     (a folder of clips, or one with train and test in it)

        muybridge fit fomm walkers --preset paper --plan --gpu A100     (nothing is trained)

        muybridge fit jokr cat.mp4 fox.mp4 --out runs/no-affine --set affine=false --set shape.steps=2000

    Parameters
    ----------
    method
        See: muybridge methods
    inputs
        The videos: a pair method takes two, others a folder of clips.
    """
    import muybridge
    from muybridge.jobs.options import FitOptions

    out = out or Path("runs") / default_name(method, *inputs)
    options = flags.options(FitOptions)
    check_planning(plan, gpu)
    if plan:
        print_plan(method, inputs, options, gpu)
        return

    with resumable(out):
        callback = progress_callback(out, flags.tensorboard)
        fitted = muybridge.fit(method, *inputs, out=out, options=options, callback=callback, notify=note)
    stdout().print(str(fitted.run.path), markup=False)
