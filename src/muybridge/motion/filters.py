"""A motion made steadier, weaker or stronger, without training again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from muybridge.errors import UsageError
from muybridge.motion.track import MotionTrack, fill_missing

Series = Float[np.ndarray, "T K 2"]

WINDOW = 7
DEGREE = 2
"""Of Savitzky and Golay's polynomials: a motion that speeds up evenly is left as it is."""
MIN_CUTOFF = 1.0
"""Hertz: below this a point that rests is not followed (Casiez et al., 2012, start here)."""
BETA = 0.1
"""How much faster a fast point is followed: hertz for a pixel of a 256-pixel frame in a second."""
DERIVATIVE_CUTOFF = 4.0
"""Hertz, for the speed itself: a leg swings at 2, and with the published 1 its speed would be averaged away."""
MAX_STRENGTH = 1.5


def smooth_motion(motion: MotionTrack, how: str) -> MotionTrack:
    """The same motion with less trembling; points that are missing are set between their neighbours in time first.

    how  "one-euro" (Casiez et al., 2012): still points are steadied and fast ones followed; run forwards and then
         backwards, which takes its delay away; "savgol" (Savitzky and Golay, 1964): polynomials over 7 frames

    Raises UsageError for another way.
    """
    check_refinement(how, 1.0)
    return replace(motion, points=SMOOTHERS[how](motion).astype(motion.points.dtype))


def scale_strength(motion: MotionTrack, strength: float) -> MotionTrack:
    """The motion about each point's mean place as strong as this: 0 stands still, 1 leaves it as it is.

    Raises UsageError outside 0 to 1.5.
    """
    check_refinement(None, strength)
    weight = (motion.confidence > 0).astype(np.float64)[..., None]
    mean = (motion.points * weight).sum(0, keepdims=True) / np.maximum(weight.sum(0, keepdims=True), 1)
    points = mean + strength * (motion.points - mean)
    return replace(motion, points=points.astype(motion.points.dtype))


def check_refinement(smoothing: str | None, strength: float) -> None:
    """UsageError for a way of smoothing, or a strength, that there is not."""
    if smoothing is not None and smoothing not in SMOOTHERS:
        raise UsageError(f"there is no smoothing {smoothing!r}: {', '.join(SMOOTHERS)}")
    if not 0 <= strength <= MAX_STRENGTH:
        raise UsageError(f"a strength lies between 0 and {MAX_STRENGTH:.0%}, not at {strength:.0%}")


def _one_euro(motion: MotionTrack) -> Series:
    points = fill_missing(motion.points, motion.confidence)
    times = np.array(motion.timing.seconds)
    scale = 256 / max(motion.size)
    # As they come, points lag: with half a pixel of noise that costs more than the filter gains. Back again they lead.
    there = _follow(points, times, scale)
    return _follow(there[::-1], times[-1] - times[::-1], scale)[::-1]


def _follow(points: Series, times: Float[np.ndarray, "T"], scale: float) -> Series:
    """The filter as published, which knows only the past.

    scale  pixels to those of a frame whose longer side is 256
    """
    out = points.copy()
    speed = np.zeros_like(points[0])
    for t in range(1, len(points)):
        step = times[t] - times[t - 1]
        raw = (points[t] - out[t - 1]) / step
        speed += _share(DERIVATIVE_CUTOFF, step) * (raw - speed)
        # One rate for both coordinates, so that a point does not leave its way.
        fast = np.linalg.norm(speed, axis=-1, keepdims=True) * scale
        out[t] = out[t - 1] + _share(MIN_CUTOFF + BETA * fast, step) * (points[t] - out[t - 1])
    return out


def _share(cutoff: float | np.ndarray, step: float) -> float | np.ndarray:
    """How much of a new value a low-pass filter of first order takes."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff * step))


def _savitzky_golay(motion: MotionTrack) -> Series:
    points = fill_missing(motion.points, motion.confidence)
    count = len(points)
    # A short clip gets the largest odd window that fits into it.
    window = min(WINDOW, count - 1 + count % 2)
    # So few points lie on the polynomial exactly, and stay where they are.
    if window <= DEGREE:
        return points

    half = window // 2
    powers = np.arange(-half, half + 1)[:, None] ** np.arange(DEGREE + 1)
    fit = np.linalg.pinv(powers.astype(np.float64))
    out = points.copy()
    for t in range(count):
        # At the ends the polynomial of the first or last whole window is followed to its rim.
        middle = min(max(t, half), count - 1 - half)
        near = points[middle - half : middle + half + 1].reshape(window, -1)
        place = float(t - middle) ** np.arange(DEGREE + 1)
        out[t] = (place @ fit @ near).reshape(points.shape[1:])
    return out


SMOOTHERS: Mapping[str, Callable[[MotionTrack], Series]] = {"one-euro": _one_euro, "savgol": _savitzky_golay}
