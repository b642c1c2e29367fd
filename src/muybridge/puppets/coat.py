"""Coats: colour at each place of a part, computed once in the rest pose so that it moves with the puppet."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from muybridge.puppets.build import Coat, Track
from muybridge.puppets.ribbon import Strip

Plane = Float[np.ndarray, "S V"]
ACROSS = 48
"""Texture elements across a part."""
ALONG = 8
"""Texture elements between two cross sections."""


def cloth(strip: Strip, coat: Coat, rest: dict[str, Track], seed: int) -> UInt8[np.ndarray, "S V 3"]:
    """Colour of a strip at (s, across): S places from the first to the last cross section, V from right to left.

    rest  joints of the rest pose, one frame; marks are laid out in these coordinates
    """
    centres, normals = (a[0] for a in strip.lay(rest))
    stops = len(strip.s)
    fine = np.linspace(0, stops - 1, (stops - 1) * ALONG + 1)

    def finer(a: Float[np.ndarray, "S"]) -> Float[np.ndarray, "F"]:
        return np.interp(fine, np.arange(stops), a)

    across = np.linspace(-1, 1, ACROSS)[None]
    # A ribbon may be wider above its bone than below it.
    half = np.where(across > 0, finer(strip.up)[:, None], finer(strip.down)[:, None])
    x = finer(centres[:, 0])[:, None] + finer(normals[:, 0])[:, None] * half * across
    y = finer(centres[:, 1])[:, None] + finer(normals[:, 1])[:, None] * half * across
    colour = np.array(coat.base, float) * np.ones((*x.shape, 1))
    # Marks are laid out in the rest pose, so that they stay on the skin when the limb bends.
    marks = PATTERNS[coat.pattern](x / coat.grain, y / coat.grain, across * np.ones_like(x), seed)
    colour = _mix(colour, coat.mark, marks)
    if coat.below is not None:
        colour = _mix(colour, coat.below, np.clip(-across * 1.4 - 0.25, 0, 1) * np.ones_like(x))
    for start, tip in strip.ribbon.tips:
        # The border of a stocking is ragged, as fur is.
        edge = start + 0.03 * _noise(x * 14, y * 14, seed + 7)
        colour = _mix(colour, tip, np.clip((finer(strip.s)[:, None] - edge) * 14 + 0.5, 0, 1))
    colour *= 1 + 0.1 * coat.fur * _streaks(x.shape[0], x.shape[1], seed)[..., None]
    return np.clip(colour * strip.ribbon.shade, 0, 255).astype(np.uint8)


def _mix(colour: Float[np.ndarray, "S V 3"], other: tuple[int, int, int], how: Plane) -> Float[np.ndarray, "S V 3"]:
    return colour + (np.array(other, float) - colour) * how[..., None]


def _lattice(i: np.ndarray, j: np.ndarray, seed: int) -> Float[np.ndarray, "..."]:
    """A random number in [0, 1) for each whole-numbered place, the same wherever it is asked for."""
    n = (i.astype(np.int64) * 374761393 + j.astype(np.int64) * 668265263 + seed * 1442695041) & 0x7FFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0x7FFFFFFF
    return ((n ^ (n >> 16)) & 0xFFFF) / 65536.0


def _noise(x: Plane, y: Plane, seed: int) -> Plane:
    """Smooth noise in [-1, 1] with bumps of size one."""
    i = np.floor(x)
    j = np.floor(y)
    u = x - i
    v = y - j
    u = u * u * (3 - 2 * u)
    v = v * v * (3 - 2 * v)
    top = _lattice(i, j, seed) * (1 - u) + _lattice(i + 1, j, seed) * u
    bottom = _lattice(i, j + 1, seed) * (1 - u) + _lattice(i + 1, j + 1, seed) * u

    return 2 * (top * (1 - v) + bottom * v) - 1


def _cells(x: Plane, y: Plane, seed: int) -> tuple[Plane, Plane]:
    """Distance to the nearest and the second nearest of the points scattered one to a unit square."""
    i = np.floor(x)
    j = np.floor(y)
    near = np.full((2, *x.shape), 9.0)

    # The nearest point of a place lies in its own square or in one of the eight around it.
    for a in (-1, 0, 1):
        for b in (-1, 0, 1):
            px = i + a + 0.15 + 0.7 * _lattice(i + a, j + b, seed)
            py = j + b + 0.15 + 0.7 * _lattice(i + a, j + b, seed + 1)
            d = np.hypot(x - px, y - py)
            near[1] = np.minimum(near[1], np.maximum(near[0], d))
            near[0] = np.minimum(near[0], d)

    return near[0], near[1]


def _streaks(rows: int, columns: int, seed: int) -> Plane:
    """Fine hair along a part, in about [-1, 1]."""
    noise = np.random.default_rng(seed).normal(size=(rows, columns))
    return cv2.GaussianBlur(noise, (5, 13), 0.9, sigmaY=3.0) * 3


def _edge(x: Plane, softness: float = 0.08) -> Plane:
    return np.clip(x / softness + 0.5, 0, 1)


def _plain(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    return np.zeros_like(x)


def _fur(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    return 0.3 * np.clip(_noise(x, y, seed) + 0.2, 0, 1)


def _stripes(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    wave = np.sin(2 * np.pi * (x * 0.9 + y * 0.25 + 0.45 * _noise(x * 0.8, y * 0.8, seed)))
    thin = 0.25 + 0.5 * np.clip(0.5 - across, 0, 1) + 0.35 * _noise(x * 1.7, y * 1.7, seed + 3)
    return 0.8 * _edge(wave - thin, 0.35) * np.clip(across * 1.2 + 1.1, 0, 1)


def _spots(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    near, _ = _cells(x, y, seed)
    return _edge(0.3 + 0.08 * _noise(x * 2, y * 2, seed) - near, 0.1)


def _patches(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    bend = 0.16 * _noise(x * 2.2, y * 2.2, seed + 5)
    near, second = _cells(x + bend, y - bend, seed)
    return _edge(second - near - 0.16, 0.1) * (0.85 + 0.15 * _noise(x * 3, y * 3, seed))


def _dapple(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    return _edge(_noise(x, y, seed) + 0.5 * _noise(x * 2.3, y * 2.3, seed + 1) - 0.18, 0.25)


def _veins(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    return 0.5 * np.exp(-((across / 0.12) ** 2)) + 0.3 * np.abs(np.sin(across * 9)) ** 6


def _sailor(x: Plane, y: Plane, across: Plane, seed: int) -> Plane:
    return _edge(np.sin(2 * np.pi * y) - 0.1, 0.3)


PATTERNS: dict[str, Callable[[Plane, Plane, Plane, int], Plane]] = {
    "plain": _plain,
    "fur": _fur,
    "stripes": _stripes,
    "spots": _spots,
    "patches": _patches,
    "dapple": _dapple,
    "veins": _veins,
    "sailor": _sailor,
}
