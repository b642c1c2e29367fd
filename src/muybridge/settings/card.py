"""What a method says of itself: its settings, and the card that help texts, docs and menus are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from muybridge.settings.part import Part

Needs = Literal["pair", "folder", "landmarks"]


class Config(Part):
    """Settings of a method."""

    @property
    def picture_side(self) -> int | None:
        """Side in pixels of the pictures that the networks see; None where they take any."""
        return None

    @property
    def reading_side(self) -> int | None:
        """Longest side in pixels of the frames worth reading; None where whole frames are squeezed. Results have the
        file's own size all the same."""
        return None if self.picture_side is None else 4 * self.picture_side


class LandmarkConfig(Config):
    """Settings of a method that learns from landmarks: its `kind` says which ones."""

    kind: str
    """Of the landmarks, one of those that `muybridge.landmarks` reads."""


@dataclass(frozen=True)
class Card:
    """What a person needs to know of a method before using it; help texts, docs and menus come from here."""

    name: str
    """The name that is typed."""
    title: str
    """One line: what it does."""
    paper: str
    """Authors, title, year."""
    needs: Needs
    """`pair`: two clips with silhouettes. `folder`: many clips of one kind. `landmarks`: clips with landmarks."""
    gives: str
    """What comes out."""
    presets: Mapping[str, Config]
    """Named sizes and lengths; the first is the default."""
    preset_help: Mapping[str, str] = field(default_factory=dict)
    """One line a preset."""
    for_gpu: tuple[str, ...] = ()
    """Presets that would take days on a processor."""
    abilities: tuple[str, ...] = ()
    """What it can do beside animating, by the names of `ABILITIES`."""
    affine: bool = False
    """Whether a map between the two subjects is learnt, with and without which results can be made."""
