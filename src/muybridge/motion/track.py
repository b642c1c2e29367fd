"""Where named points are over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from muybridge.errors import InputError
from muybridge.video.clip import Timing

MAX_COORDINATE = 1e6
"""Pixels: farther outside lies no picture."""


@dataclass(frozen=True, eq=False)
class MotionTrack:
    """Points over time, in pixels of frames of one size.

    points      float [T, K, 2]  (x, y); the centre of the first pixel is 0
    confidence  float [T, K]     0 to 1; 0 where a point was not found, and its place means nothing
    names       of the K points
    timing      of the T frames
    size        (h, w) of the frames

    Raises InputError where these do not fit together, or points lie outside any picture.
    """

    points: Float[np.ndarray, "T K 2"]
    confidence: Float[np.ndarray, "T K"]
    names: tuple[str, ...]
    timing: Timing
    size: tuple[int, int]

    def __post_init__(self) -> None:
        count = self.points.shape[:2]
        if 0 in count or self.confidence.shape != count or count != (len(self.timing), len(self.names)):
            raise InputError(
                f"a motion of {count[0]} frames and {count[1]} points has {len(self.timing)} times and "
                f"{len(self.names)} names"
            )
        if len(set(self.names)) < len(self.names):
            raise InputError("a motion's points have different names, and two of these are the same")
        if not np.isfinite(self.points).all() or np.abs(self.points).max() > MAX_COORDINATE:
            raise InputError("a motion's points lie outside any picture")

        if min(self.size) < 1:
            raise InputError(f"a motion's frames cannot be {self.size[1]} x {self.size[0]} pixels")


def fill_missing(
    points: Float[np.ndarray, "T K 2"], confidence: Float[np.ndarray, "T K"]
) -> Float[np.ndarray, "T K 2"]:
    """Points that were not found put between their places before and after; where one never was, it stays."""
    filled = points.astype(np.float64).copy()
    frames = np.arange(len(points))
    for k in range(points.shape[1]):
        seen = confidence[:, k] > 0
        if seen.any():
            for axis in (0, 1):
                filled[:, k, axis] = np.interp(frames, frames[seen], points[seen, k, axis])
    return filled
