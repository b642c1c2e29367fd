"""A first look: two puppets whose true retargeting is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from muybridge.api.retarget import retarget
from muybridge.engine import Callback
from muybridge.jobs.training import Notify
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
    set: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    resume: bool = False,
    force: bool = False,
    callback: Callback | None = None,
    say: Notify | None = None,
) -> Results:
    """Draw two puppets of different build and gait, retarget them, and say how far the result is from the truth.

    preset  smoke is over in under 90 seconds on two cores (39 s measured on an AMD EPYC, 2026-11-21); draft, the
            default, takes minutes and looks far better
    which   the scene; see `puppets`
    frames  of each clip; 80, or 48 at preset smoke
    The rest as for `retarget`.
    """
    quick = preset == "smoke"
    drawn = scene(which, frames or (48 if quick else 80), 128 if quick else 256, seed)
    plan = SCENES[which]
    a, b = _named(drawn.a, plan.a.build), _named(drawn.b, plan.b.build)
    return retarget(
        a,
        b,
        out,
        preset=preset,
        set=set,
        seed=seed,
        device=device,
        precision=precision,
        resume=resume,
        force=force,
        callback=callback,
        say=say,
        truth=(drawn.ab, drawn.ba),
    )


def _named(clip: Clip, name: str) -> Clip:
    return replace(clip, source=Path(f"{name}.mp4"))
