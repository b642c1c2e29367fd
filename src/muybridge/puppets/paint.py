"""Painting: a build, a motion and a placement become frames with a silhouette."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from muybridge.puppets.build import Build, Disc, Part, Ribbon, Track, Tracks
from muybridge.puppets.coat import ACROSS, ALONG, cloth
from muybridge.puppets.motion import Motion, still
from muybridge.puppets.ribbon import PER_BONE, Cover, Strip, cover

LIGHT = np.array([-0.42, -0.62, 0.66])
"""Direction of the light: from the upper left, towards the viewer."""
INK = 0.0085
"""Width of the outline, as a fraction of the frame."""

Plane = Float[np.ndarray, "H W"]
Picture = Float[np.ndarray, "H W 3"]


@dataclass(frozen=True)
class Placement:
    """Where a build stands in the frame.

    scale   frame sides per unit of the build
    ground  (x, y) of the build's origin in the frame, (0, 0) the upper left corner and (1, 1) the lower right
    turn    radians, clockwise as seen
    flip    whether it looks to the left
    """

    scale: float
    ground: tuple[float, float] = (0.5, 0.86)
    turn: float = 0.0
    flip: bool = False

    def matrix(self, size: int) -> Float[np.ndarray, "2 3"]:
        """From the build's units to pixels of a frame of this size; the centre of the first pixel is 0."""
        c = np.cos(self.turn)
        s = np.sin(self.turn)
        spin = np.array([[c, -s], [s, c]]) @ np.diag([-1.0 if self.flip else 1.0, 1.0])
        return np.hstack([spin * self.scale * size, np.array(self.ground)[:, None] * size - 0.5])

    def apply(self, tracks: Tracks, size: int) -> Tracks:
        """Joints in pixels."""
        m = self.matrix(size)
        table = {}
        for name, track in tracks.items():
            table[name] = track @ m[:, :2].T + m[:, 2]

        return table


@dataclass(frozen=True, eq=False)
class Swatch:
    """What one part covers in one frame: pixels, their colour, and distance to the edge in pixels.

    fade, blend  0 to 1: how far its outline, and it itself, give way to what lies below
    """

    rows: np.ndarray
    columns: np.ndarray
    colour: np.ndarray
    inside: np.ndarray
    outline: bool
    fade: np.ndarray | float = 0.0
    blend: np.ndarray | float = 0.0


@lru_cache(maxsize=32)
def _cut(build: Build) -> dict[int, tuple[Strip, UInt8[np.ndarray, "P V 3"]]]:
    """The ribbons of a build made ready, by their place in its parts; kept, as they cost as much as some frames."""
    rest = build.solve(still(build.kind))
    strips = {}
    for i, part in enumerate(build.parts):
        if isinstance(part, Ribbon):
            strips[i] = Strip.cut(part)

    return {i: (strip, cloth(strip, build.coats[strip.ribbon.coat], rest, 11)) for i, strip in strips.items()}


class Painter:
    """Paints one build in one motion, frame by frame."""

    def __init__(self, build: Build, motion: Motion, placement: Placement, size: int) -> None:
        """`size` is the side of the square frames in pixels; they are drawn larger and averaged down."""
        self.build = build
        self.side = size
        # Small pictures are drawn larger and averaged down, which smooths their edges; large ones need it less.
        self.size = round(size * (2 if size <= 160 else 1.5 if size <= 320 else 1))
        tracks = build.solve(motion)
        matrix = placement.matrix(self.size)
        self.unit = placement.scale * self.size
        self.pixels = placement.apply(tracks, self.size)
        self.hand = -1.0 if placement.flip else 1.0
        self.strips: dict[int, tuple[Strip, np.ndarray, np.ndarray, np.ndarray]] = {}

        for i, (strip, texture) in _cut(build).items():
            centres, normals = strip.lay(tracks)
            centres = centres @ matrix[:, :2].T + matrix[:, 2]
            normals = normals @ matrix[:, :2].T / self.unit
            self.strips[i] = strip, centres, normals, texture

    def frame(self, t: int) -> tuple[Picture, Plane]:
        """(colour times silhouette, silhouette) of frame t, float32 in [0, 255] and [0, 1]."""
        picture = np.zeros((self.size, self.size, 3), np.float32)
        matte = np.zeros((self.size, self.size), np.float32)

        for _, members in groupby(enumerate(self.build.parts), key=lambda item: item[1].layer):
            swatches = []
            for i, part in members:
                swatches.append(self._swatch(i, part, t))

            # Parts of one layer are one sheet of paper: they share an outline and cast one shadow.
            self._layer([s for s in swatches if s is not None], picture, matte)

        if self.size > self.side:
            side = (self.side, self.side)
            return cv2.resize(picture, side, interpolation=cv2.INTER_AREA), np.clip(
                cv2.resize(matte, side, interpolation=cv2.INTER_AREA), 0, 1
            )

        return picture, np.clip(matte, 0, 1)

    def _layer(self, swatches: list[Swatch], picture: np.ndarray, matte: np.ndarray) -> None:
        """One sheet of paper: its shadow on what lies below, its outline, then its parts."""
        if not swatches:
            return

        # Only the part of the frame that the sheet and its shadow reach is touched.
        reach = int(self.size / 30) + 4
        top = max(0, min(int(s.rows.min()) for s in swatches) - reach)
        left = max(0, min(int(s.columns.min()) for s in swatches) - reach)
        low = max(int(s.rows.max()) for s in swatches) + reach
        right = max(int(s.columns.max()) for s in swatches) + reach
        picture = picture[top:low, left:right]
        matte = matte[top:low, left:right]
        swatches = [replace(s, rows=s.rows - top, columns=s.columns - left) for s in swatches]
        ink = np.zeros_like(matte)

        for s in swatches:
            if s.outline:
                # Where a limb fades into the body below it, it has no outline.
                edge = np.clip(s.inside + (INK * self.size + 0.5), 0, 1) * (1 - s.fade * matte[s.rows, s.columns])
                ink[s.rows, s.columns] = np.maximum(ink[s.rows, s.columns], edge)

        keep = (1 - ink) * (1 - 0.4 * _shadow(ink, self.size / 90))
        cv2.multiply(picture, cv2.merge([keep] * 3), picture)
        cv2.add(picture, cv2.merge([ink * c for c in self.build.ink]), picture)
        matte += (1 - matte) * ink

        for s in swatches:
            below = picture[s.rows, s.columns]
            # A part blends only with what is there already: over the ground it stays as it is.
            solid = matte[s.rows, s.columns]
            share = np.clip(s.inside + 0.5, 0, 1) * (1 - s.blend * solid if s.outline else solid)
            picture[s.rows, s.columns] = below + (s.colour - below) * share[:, None]
            matte[s.rows, s.columns] = solid + (1 - solid) * share

    def _swatch(self, i: int, part: Part, t: int) -> Swatch | None:
        if isinstance(part, Disc):
            return self._disc(part, t)

        strip, centres, normals, texture = self.strips[i]
        margin = INK * self.size + 1
        laid = cover(centres[t], normals[t], strip.up * self.unit, strip.down * self.unit, self.size, margin)
        if laid is None:
            return None

        swatch = Swatch(laid.rows, laid.columns, _lit(laid, normals[t], texture), laid.inside, True)
        if not strip.ribbon.fade:
            return swatch

        # `place` counts cross sections, and a ribbon fades in along its first bone.
        reach = PER_BONE * strip.ribbon.fade
        fade = np.clip(1.5 - (laid.place - 1) / reach, 0, 1)
        return replace(swatch, fade=fade, blend=np.clip(1.1 - laid.place / (1 + 0.35 * reach), 0, 1))

    def _disc(self, disc: Disc, t: int) -> Swatch | None:
        start, end = (self.pixels[name][t] for name in disc.bone)
        along = (end - start) / (np.linalg.norm(end - start) + 1e-9)
        up = self.hand * np.array([along[1], -along[0]])
        centre = start + (disc.at[0] * along + disc.at[1] * up) * self.unit
        radii = np.array(disc.radii) * self.unit
        reach = radii.max() + INK * self.size + 2
        x0, y0 = np.maximum(np.floor(centre - reach).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(centre + reach).astype(int) + 1, self.size)
        if x1 <= x0 or y1 <= y0:
            return None

        rows, columns = (a.ravel() for a in np.mgrid[y0:y1, x0:x1])
        off = np.stack([columns - centre[0], rows - centre[1]], 1)
        a = off @ along / radii[0]
        u = off @ up / radii[1]
        r = np.sqrt(a * a + u * u)
        # The distance to the edge of an ellipse, nearly: exact on its axes.
        inside = (1 - r) * np.sqrt((off**2).sum(1) + 1) / np.maximum(r, 0.05)
        colour = np.full((len(rows), 3), np.array(disc.colour) * disc.shade, np.float32)
        if disc.outline:
            # Lit as a flat dome, so that a disc does not look like a hole.
            tilt = np.clip(off / radii.max(), -1, 1) * 0.75
            colour *= _shade(tilt @ LIGHT[:2] + LIGHT[2] * np.sqrt(np.clip(1 - (tilt**2).sum(1), 0, 1)))

        return Swatch(rows, columns, colour, inside.clip(-9, 9), disc.outline)


def _lit(laid: Cover, normals: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """Colour of each pixel: the texture there, as bright as a rounded body under the light."""
    row = (laid.place * ALONG).astype(np.int64)
    column = ((np.clip(laid.across, -1, 1) * 0.5 + 0.5) * (ACROSS - 1) + 0.5).astype(np.int64)
    side = (normals @ LIGHT[:2]).astype(np.float32)
    bulge = np.clip(laid.across, -1, 1) * 0.85
    return texture[row, column] * _shade(side[laid.place.astype(np.int64)] * bulge + LIGHT[2] * np.sqrt(1 - bulge**2))


def _shade(facing: np.ndarray) -> np.ndarray:
    """Brightness by how much a place faces the light; shadows are warm."""
    return np.array([0.66, 0.6, 0.6], np.float32) + np.clip(facing, -0.3, 1).astype(np.float32)[:, None] * 0.58


def _shadow(ink: np.ndarray, reach: float) -> np.ndarray:
    """The sheet's own shape, blurred and moved away from the light."""
    side = max(1, int(reach) // 2 * 2 + 1)
    soft = cv2.blur(cv2.blur(ink, (side, side)), (side, side))
    move = np.array([[1, 0, reach * 0.7], [0, 1, reach]], np.float32)
    return cv2.warpAffine(soft, move, ink.shape[::-1])


def normalise_track(track: Track, size: int) -> Float[np.ndarray, "T 2"]:
    """Pixels to [-1, 1], where -1 and 1 are the centres of the corner pixels."""
    return track * (2 / (size - 1)) - 1
