"""Ribbons: strips of paper along a smooth line through moving joints, and which pixel shows which place of a strip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Float

from muybridge.puppets.build import Ribbon, Track

PER_BONE = 7
"""Cross sections per bone."""
TENSION = 0.4
"""Of the cardinal spline; 0.5 would be Catmull-Rom, which makes legs look like hoses."""


@dataclass(frozen=True, eq=False)
class Strip:
    """A ribbon made ready: fixed weights from joints to cross sections, so that a whole clip is one product.

    ribbon  what is cut
    s       [S] place of each cross section; i at the i-th joint, the first and the last at the tips of the round caps
    up      [S] half width on the left hand, in the build's units; `down` on the right
    """

    ribbon: Ribbon
    s: Float[np.ndarray, "S"]
    up: Float[np.ndarray, "S"]
    down: Float[np.ndarray, "S"]

    @classmethod
    def cut(cls, ribbon: Ribbon) -> Strip:
        bones = len(ribbon.through) - 1
        s = np.concatenate([[-1.0], np.linspace(0, bones, bones * PER_BONE + 1), [bones + 1.0]])
        knots, up, down = np.array(ribbon.widths, float).T
        at = np.clip(s, 0, bones)
        return cls(ribbon, s, _smooth(at, knots, up), _smooth(at, knots, down))

    @cached_property
    def weights(self) -> tuple[Float[np.ndarray, "S J"], Float[np.ndarray, "S J"]]:
        """From joints to centres, and from joints to tangents."""
        joints = len(self.ribbon.through)
        # A point beyond each end, in line with the last two, so that the curve leaves the first joint straight.
        padded = np.zeros((joints + 2, joints))
        padded[1:-1] = np.eye(joints)
        padded[0, :2] = 2, -1
        padded[-1, -2:] = -1, 2
        inside = np.clip(self.s, 0, joints - 1)
        i = np.minimum(inside.astype(int), joints - 2)
        f = (inside - i)[:, None]
        p0 = padded[i + 1]
        p1 = padded[i + 2]
        # A cardinal spline: the slope at a joint is that of its neighbours' line.
        m0 = TENSION * (padded[i + 2] - padded[i])
        m1 = TENSION * (padded[i + 3] - padded[i + 1])
        centre = (2 * f**3 - 3 * f**2 + 1) * p0 + (f**3 - 2 * f**2 + f) * m0
        centre += (3 * f**2 - 2 * f**3) * p1 + (f**3 - f**2) * m1
        tangent = (6 * f**2 - 6 * f) * (p0 - p1) + (3 * f**2 - 4 * f + 1) * m0 + (3 * f**2 - 2 * f) * m1

        return centre, tangent

    def lay(self, tracks: dict[str, Track]) -> tuple[Float[np.ndarray, "T S 2"], Float[np.ndarray, "T S 2"]]:
        """Centres and unit normals (towards `up`) of the cross sections, in the units of the joints."""
        joints = np.stack([tracks[name] for name in self.ribbon.through], 1)
        along, turn = self.weights
        centres = along @ joints
        tangents = turn @ joints
        tangents /= np.linalg.norm(tangents, axis=-1, keepdims=True) + 1e-9
        wide = (self.up + self.down) / 2
        centres[:, 0] -= tangents[:, 0] * self.ribbon.caps[0] * wide[0]
        centres[:, -1] += tangents[:, -1] * self.ribbon.caps[1] * wide[-1]
        return centres, np.stack([tangents[..., 1], -tangents[..., 0]], -1)


@dataclass(frozen=True, eq=False)
class Cover:
    """The pixels near one laid strip.

    rows, columns  [N] where they are
    place          [N] which cross section shows there, from 0 to S - 1, fractions between
    across         [N] -1 on the right-hand edge, 1 on the left-hand edge, beyond them outside
    inside         [N] distance to the edge in pixels, positive inside
    """

    rows: np.ndarray
    columns: np.ndarray
    place: np.ndarray
    across: np.ndarray
    inside: np.ndarray


def cover(
    centres: np.ndarray,
    normals: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
    size: int,
    margin: float,
) -> Cover | None:
    """Which pixels of a frame lie near a strip; None where none does. All in pixels.

    centres, normals  [S, 2] as `lay` gives them, in pixels
    up, down          [S] half widths
    size, margin      side of the frame, and how far off the strip still counts
    """
    up, down = _fold(centres, normals, up, down)
    # Both ends are lengthened by the margin, so that their round caps have pixels to lie on.
    caps = np.linalg.norm(centres[[1, -1]] - centres[[0, -2]], axis=1) + 1e-6
    centres = centres.copy()
    centres[0] += (centres[0] - centres[1]) * (margin / caps[0])
    centres[-1] += (centres[-1] - centres[-2]) * (margin / caps[1])
    wide = [centres + normals * (up + margin)[:, None], centres - normals * (down + margin)[:, None]]
    edges = np.concatenate(wide)
    x0, y0 = np.maximum(np.floor(edges.min(0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(edges.max(0)).astype(int) + 2, size)
    if x1 <= x0 or y1 <= y0:
        return None

    label = np.full((y1 - y0, x1 - x0), -1, np.int16)
    slim = [centres + normals * up[:, None], centres - normals * down[:, None]]

    for left, right in (wide, slim):  # the strip itself last, so that no margin hides it inside a bend
        quads = np.stack([left[:-1], left[1:], right[1:], right[:-1]], 1) - (x0, y0)
        for i, quad in enumerate(np.round(quads * 16).astype(np.int32)):
            cv2.fillConvexPoly(label, quad, i, cv2.LINE_8, 4)

    rows, columns = np.nonzero(label >= 0)
    segment = label[rows, columns].astype(np.int64)
    table = _segments(centres - (x0, y0), normals, up, down)[segment].T
    part, off, half, inside = _place(table, rows, columns)

    for end, cap, flip in ((0, caps[0], True), (len(up) - 2, caps[1], False)):
        # The last section of each end is rounded off.
        here = segment == end
        along = (1 - part[here] if flip else part[here]) * (cap + margin)
        inside[here] = _round(along, off[here], cap, half[here])

    across = off / np.maximum(half, 0.3)
    return Cover(rows + y0, columns + x0, segment + part, across, inside)


def _fold(
    centres: np.ndarray,
    normals: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Half widths that stop short of the centre of a bend, where cross sections would cross."""
    step = np.diff(centres, axis=0)
    bow = (np.diff(normals, axis=0) * step).sum(1) / ((step**2).sum(1) + 1e-6)
    bow = np.stack([np.append(bow, 0), np.append(0, bow)])
    tightest = 0.9 / np.maximum(bow.max(0), 1e-6), 0.9 / np.maximum(-bow.min(0), 1e-6)
    return np.minimum(up, tightest[1]), np.minimum(down, tightest[0])


def _round(along: np.ndarray, off: np.ndarray, cap: float, half: np.ndarray) -> np.ndarray:
    """Distance to the edge of half an ellipse, positive inside, near enough close to the edge."""
    r = np.sqrt((along / cap) ** 2 + (off / np.maximum(half, 0.3)) ** 2) + 1e-6
    return (1 - r) * np.sqrt(along**2 + off**2 + 0.1) / r


def _segments(
    centres: np.ndarray,
    normals: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
) -> np.ndarray:
    """One row of numbers per segment, for `_place` to read by pixel."""
    c0 = centres[:-1]
    c1 = centres[1:]
    n0 = normals[:-1]
    n1 = normals[1:]
    length = np.linalg.norm(c1 - c0, axis=1) + 1e-6
    slope = np.maximum(np.abs(np.diff(up)), np.abs(np.diff(down))) / length
    columns = [c0, c1 - c0, n0, n1, up[:-1, None], np.diff(up)[:, None], down[:-1, None], np.diff(down)[:, None]]
    flat = 1 / np.sqrt(1 + slope**2)

    return np.concatenate([*columns, flat[:, None]], 1).astype(np.float32)


def _place(
    table: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Each pixel in its segment: how far between the cross sections, off the centre, half width there, inside."""
    cx, cy, dx, dy, nx0, ny0, nx1, ny1, up, dup, down, ddown, flat = table
    px = columns.astype(np.float32) - cx
    py = rows.astype(np.float32) - cy
    before = px * -ny0 + py * nx0  # the tangent is the normal turned a quarter
    after = (dx - px) * -ny1 + (dy - py) * nx1
    whole = before + after
    part = np.clip(before / np.where(np.abs(whole) < 1e-3, 1e-3, whole), 0, 1)
    off = (px - part * dx) * (nx0 + part * (nx1 - nx0)) + (py - part * dy) * (ny0 + part * (ny1 - ny0))
    half = np.where(off > 0, up + part * dup, down + part * ddown)

    return part, off, half, (half - np.abs(off)) * flat


def _smooth(
    at: Float[np.ndarray, "S"], knots: Float[np.ndarray, "K"], values: Float[np.ndarray, "K"]
) -> Float[np.ndarray, "S"]:
    """Through the values with rounded slopes and no overshoot: linear, eased between the knots by half."""
    # The cubic of Hermite, piece by piece.
    i = np.clip(np.searchsorted(knots, at, "right") - 1, 0, len(knots) - 2)
    f = np.clip((at - knots[i]) / (knots[i + 1] - knots[i]), 0, 1)
    slopes = np.gradient(values, knots)
    secant = np.diff(values) / np.diff(knots)

    for k, steep in enumerate(secant):  # Fritsch-Carlson in its simplest form: clip the slopes at the ends
        for j in (k, k + 1):
            slopes[j] = 0.0 if slopes[j] * steep <= 0 else np.sign(steep) * min(abs(slopes[j]), 3 * abs(steep))

    step = knots[i + 1] - knots[i]
    return (
        (2 * f**3 - 3 * f**2 + 1) * values[i]
        + (f**3 - 2 * f**2 + f) * step * slopes[i]
        + (3 * f**2 - 2 * f**3) * values[i + 1]
        + (f**3 - f**2) * step * slopes[i + 1]
    )
