"""Motions: what is done, apart from who does it.

A motion is a set of named channels over time, free of any build's lengths: angles in radians, distances as fractions
of the leg's own length. Two builds of one kind given the same motion do the same thing, which is what makes the true
retargeting known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Channel = Float[np.ndarray, "T"]


@dataclass(frozen=True, eq=False)
class Motion:
    """Named channels over T frames; a channel that is not there is at rest (zero).

    kind      the kind of build that it is for
    channels  {name: [T]}: angles in radians, positive turns the front up; reach, lift and bounce in leg lengths
    speed     [T] how far the ground moves back from each frame to the next, in leg lengths
    """

    kind: str
    channels: Mapping[str, Channel]
    speed: Channel

    def __len__(self) -> int:
        return len(self.speed)

    def __getitem__(self, name: str) -> Channel:
        found = self.channels.get(name)
        return np.zeros(len(self)) if found is None else found


def still(kind: str, **channels: float) -> Motion:
    """One frame at rest, or with the channels given."""
    return Motion(kind, {k: np.array([float(v)]) for k, v in channels.items()}, np.zeros(1))


def drift(frames: int, seed: int, period: float = 50.0) -> Channel:
    """A slow wander that never repeats: [T] within about [-1, 1], the mean of sines of unrelated periods (frames)."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None]
    periods = period * np.array([1.0, 0.618, 0.387]) * rng.uniform(0.9, 1.1, 3)
    waves = np.sin(2 * np.pi * t / periods + rng.uniform(0, 2 * np.pi, 3))
    return waves @ np.array([0.5, 0.3, 0.2])
