"""What there is: methods with their cards, puppets with their scenes."""

from __future__ import annotations

from pathlib import Path

from muybridge import catalogue
from muybridge.method import Card
from muybridge.puppets import SCENES, write_scene


def methods() -> list[Card]:
    """The card of every method that can be used here."""
    return [catalogue.find(name).card for name in catalogue.names()]


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
    return {name: each.about for name, each in SCENES.items()}
