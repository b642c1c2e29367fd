"""A first look: two puppets whose true retargeting is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from muybridge.api.retarget import retarget
from muybridge.engine import Callback
from muybridge.jobs.training import Notify
from muybridge.output.options import RetargetOptions
from muybridge.output.results import Results
from muybridge.puppets import SCENES, scene
from muybridge.video import Clip

SCENE = "cat-horse"


def demo(
    out: str | Path = "muybridge-demo",
    preset: str | None = None,
    *,
    which: str = SCENE,
    frames: int | None = None,
    options: RetargetOptions | None = None,
    callback: Callback | None = None,
    notify: Notify | None = None,
    **keywords: Any,
) -> Results:
    """Draw two puppets of different build and gait, retarget them, and say how far the result is from the truth.

    Args:
        out: The folder of the results.
        preset: smoke is over in under 90 seconds on two cores (74 s measured on an AMD EPYC, 2026-11-30); draft, the
            default, takes minutes and looks far better.
        which: The scene; see `api.puppets`.
        frames: Of each clip; 80, or 48 at preset smoke.
        options: As for `retarget`.
        callback: Told how the training goes.
        notify: Told what a person should know.
        **keywords: Single fields of the options.

    Returns:
        What `retarget` returns; figures that begin with `truth_` compare with the truth.

    Raises:
        UsageError: No such scene, or options that cannot be.
        OutputExistsError: Something stands at `out` already.
        TrainingError: The training could not go on; the last checkpoint is kept.

    Example:
        >>> muybridge.demo("a-first-look", preset="smoke")
    """
    chosen = RetargetOptions.merge(options, {**keywords, "preset": preset})
    quick = preset == "smoke"
    drawn = scene(which, frames or (48 if quick else 80), 128 if quick else 320, chosen.seed)
    plan = SCENES[which]
    a = _rename_clip(drawn.a, plan.a.build)
    b = _rename_clip(drawn.b, plan.b.build)
    return retarget(a, b, out, options=chosen, callback=callback, notify=notify, truth=(drawn.ab, drawn.ba))


def _rename_clip(clip: Clip, name: str) -> Clip:
    return replace(clip, source=Path(f"{name}.mp4"))
