"""Puppets whose true retargeting is known, drawn as ordinary videos."""

from __future__ import annotations

from pathlib import Path

from muybridge.puppets import SCENES, write_scene


def puppets(
    scene: str | None = None,
    out: str | Path | None = None,
    *,
    frames: int | None = None,
    size: int = 256,
    seed: int = 0,
    force: bool = False,
) -> dict[str, str]:
    """The scenes by name with what each is there for; with `out`, one of them written there as ordinary videos.

    scene  the first one if not named
    """
    if out is not None:
        write_scene(scene or next(iter(SCENES)), out, frames=frames, size=size, seed=seed, force=force)
    table = {}
    for name, each in SCENES.items():
        table[name] = each.about

    return table
