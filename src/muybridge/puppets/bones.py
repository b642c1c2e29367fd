"""Bones: directions, and the joint between two bones that have to reach a place."""

from __future__ import annotations

import numpy as np

from muybridge.puppets.build import Track
from muybridge.puppets.motion import Channel

FAR = 0.74
"""Brightness of the far side of an animal."""


def way(angle: Channel | float) -> Track:
    """Unit vectors at angles above +x, y down."""
    a = np.atleast_1d(angle)
    return np.stack([np.cos(a), -np.sin(a)], -1)


def bend(start: Track, end: Track, upper: float, lower: float, side: float) -> tuple[Track, Track]:
    """The joint between two bones from start towards end, and where the second bone ends (Law of cosines).

    side     1 puts the joint forward of a line that goes down, -1 behind it
    returns  (joint, end); the end falls short where the bones do
    """
    gap = end - start
    far = np.linalg.norm(gap, axis=-1, keepdims=True)
    reach = np.clip(far, abs(upper - lower) * 1.02 + 1e-6, (upper + lower) * 0.999)
    along = gap / (far + 1e-9)
    part = (reach**2 + upper**2 - lower**2) / (2 * reach)
    out = np.sqrt(np.maximum(upper**2 - part**2, 0))
    across = np.stack([along[..., 1], -along[..., 0]], -1)
    return start + along * part + across * out * side, start + along * reach
