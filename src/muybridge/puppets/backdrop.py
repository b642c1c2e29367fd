"""Backdrops: what stands behind a puppet, and how it moves when the camera follows."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float

from muybridge.puppets.build import Colour

Picture = Float[np.ndarray, "H W 3"]
KINDS = ("white", "paper", "plate", "hills", "wall")
"""white is flat; paper is still and textured; plate (a measuring wall), hills and wall move past."""


class Backdrop:
    """One kind of backdrop in one size; `frame` gives it with the camera moved by some pixels.

    kind    one of KINDS
    ground  height of the ground line in the frame, 0 at the top, 1 at the bottom
    """

    def __init__(self, kind: str, size: int, ground: float, seed: int, tint: Colour = (236, 226, 204)) -> None:
        self.kind = kind
        self.size = size
        self.ground = ground
        self.rng = np.random.default_rng([seed, 5])
        self.tint = np.array(tint, np.float32)
        self.sheets = getattr(self, f"_{kind}")()

    def frame(self, moved: float) -> Picture:
        """float32 in [0, 255]; `moved` is how many pixels the ground has gone to the left."""
        picture = np.zeros((self.size, self.size, 3), np.float32)
        for sheet, cover, share in self.sheets:
            wide = sheet.shape[1]
            # A far sheet moves by a share of the way only; between two columns their colours are mixed.
            columns = (np.arange(self.size) + moved * share) % wide
            low = columns.astype(int)
            part = (columns - low).astype(np.float32)[None, :, None]
            high = (low + 1) % wide
            colour = sheet[:, low] * (1 - part) + sheet[:, high] * part
            alpha = cover[:, low] * (1 - part) + cover[:, high] * part
            picture += (colour - picture) * alpha

        return picture

    def _sheet(self, colour: np.ndarray, wide: int = 3) -> np.ndarray:
        return np.ones((self.size, wide * self.size, 3), np.float32) * colour.astype(np.float32)

    def _grain(self, rows: int, columns: int, bump: float) -> np.ndarray:
        """Noise about 0 that repeats from edge to edge."""
        noise = self.rng.normal(size=(rows, columns)).astype(np.float32)
        reach = int(bump * 3) + 1
        tiled = np.pad(noise, reach, mode="wrap")
        soft = cv2.GaussianBlur(tiled, (0, 0), bump)[reach:-reach, reach:-reach]
        return (soft / soft.std())[..., None]

    def _white(self) -> list[tuple[np.ndarray, np.ndarray, float]]:
        sheet = self._sheet(np.array([255, 255, 255]), 1)
        return [(sheet, np.ones_like(sheet[..., :1]), 0.0)]

    def _paper(self) -> list[tuple[np.ndarray, np.ndarray, float]]:
        n = self.size
        y = np.linspace(0, 1, n, dtype=np.float32)[:, None, None]
        floor = np.clip((y - self.ground + 0.07) * n / 6, 0, 1)
        sheet = self._sheet(self.tint, 1) * (1.05 - 0.1 * y) * (1 - 0.09 * floor)
        sheet += 1.6 * self._grain(n, n, n / 400 + 0.4) + 2.0 * self._grain(n, n, n / 14)
        return [(sheet, np.ones_like(sheet[..., :1]), 0.0)]

    def _plate(self) -> list[tuple[np.ndarray, np.ndarray, float]]:
        """A wall ruled for measuring, as in the locomotion plates."""
        n = self.size
        sheet = self._sheet(self.tint)
        sheet += 1.8 * self._grain(n, 3 * n, n / 400 + 0.4) + 2.5 * self._grain(n, 3 * n, n / 12)
        y, x = np.mgrid[0:n, 0 : 3 * n].astype(np.float32) / n
        line = np.zeros_like(x)

        # Thin lines close together, and every fifth of them heavier.
        for period, width, dark in ((0.1, 0.0022, 0.16), (0.5, 0.004, 0.3)):
            for at in (x, self.ground - 0.06 - y):
                off = np.abs((at + period / 2) % period - period / 2)
                line = np.maximum(line, dark * np.clip((width - off) * n + 0.5, 0, 1))

        floor = np.clip((y - self.ground + 0.06) * n, 0, 1)[..., None]
        earth = self.tint * 0.8 + 3.5 * self._grain(n, 3 * n, n / 200 + 0.5)
        sheet = sheet * (1 - line[..., None])

        return [(sheet + (earth - sheet) * floor, np.ones_like(sheet[..., :1]), 1.0)]

    def _hills(self) -> list[tuple[np.ndarray, np.ndarray, float]]:
        """Sky, sun and three rows of paper hills that move the slower the farther they are."""
        n = self.size
        y, x = np.mgrid[0:n, 0 : 3 * n].astype(np.float32) / n
        dusk = np.array([250, 214, 176])
        haze = np.array([252, 238, 212])
        share = np.clip(y / self.ground, 0, 1)[..., None]
        sky = (haze * share + dusk * (1 - share)).astype(np.float32)
        sun = np.clip((0.09 - np.hypot(x[:, :n] - 0.26, y[:, :n] - 0.25)) * n + 0.5, 0, 1)[..., None]
        sky = sky[:, :n] + (np.array([255, 246, 224], np.float32) - sky[:, :n]) * sun
        sheets = [(sky, np.ones_like(sky[..., :1]), 0.0)]
        rows = (
            (0.57, 0.07, (226, 186, 162), 0.12),
            (0.67, 0.05, (190, 178, 150), 0.3),
            (0.75, 0.035, (146, 158, 124), 0.55),
        )

        # From the farthest row to the nearest, so that each covers the one behind it.
        for k, (height, rise, colour, speed) in enumerate(rows):
            top = height * self.ground / 0.86 + rise * self._skyline(x[0], k)
            cover = np.clip((y - top) * n + 0.5, 0, 1)[..., None]
            shade = 1.06 - 0.5 * np.clip(y - top, 0, 0.25)[..., None]
            sheets.append((np.array(colour, np.float32) * shade + self._grain(n, 3 * n, n / 160 + 0.4), cover, speed))

        turf = np.clip((y - self.ground + 0.065) * n + 0.5, 0, 1)[..., None]
        earth = np.array([196, 186, 132]) * (1.12 - 0.5 * (y - self.ground + 0.06)[..., None])
        sheets.append((earth.astype(np.float32) + 5 * self._grain(n, 3 * n, n / 120 + 0.4), turf, 1.0))

        return sheets

    def _skyline(self, x: np.ndarray, k: int) -> np.ndarray:
        waves = []
        for f in (2 + k, 3 + 2 * k, 7 + k):
            waves.append(np.sin(2 * np.pi * f * x / 3 + self.rng.uniform(0, 6.28)) / (1 + 0.3 * f))

        return np.sum(waves, 0).astype(np.float32)

    def _wall(self) -> list[tuple[np.ndarray, np.ndarray, float]]:
        """Rows of bricks, each of its own colour."""
        n = self.size
        rows = 15
        columns = 30
        y, x = np.mgrid[0:n, 0 : 3 * n].astype(np.float32) / n
        row = np.floor(y * rows).astype(int)
        # Every second row is laid half a brick aside.
        along = (x / 3 * columns + 0.5 * (row % 2)) % columns
        tone = self.rng.normal(1, 0.07, (rows, columns))[row, along.astype(int)][..., None]
        fx = along % 1
        fy = (y * rows) % 1
        joint = np.minimum(np.minimum(fx, 1 - fx) * 3 / columns, np.minimum(fy, 1 - fy) / rows)
        mortar = np.clip((0.0035 - joint) * n + 0.5, 0, 1)[..., None]
        brick = np.array([200, 150, 128]) * tone + 4 * self._grain(n, 3 * n, n / 160 + 0.4)
        sheet = brick + (np.array([228, 216, 202]) - brick) * mortar
        floor = np.clip((y - self.ground + 0.06) * n + 0.5, 0, 1)[..., None]
        earth = np.array([168, 160, 152]) + 5 * self._grain(n, 3 * n, n / 150 + 0.4)
        sheet = (sheet + (earth - sheet) * floor).astype(np.float32)

        return [(sheet, np.ones_like(sheet[..., :1]), 1.0)]


def shade(picture: Picture, spots: list[tuple[float, float, float, float]], strength: float = 0.4) -> None:
    """Darken the ground under a puppet, in place.

    spots  (x, y, half width, darkness) in pixels and 0 to 1; soft ellipses, a third as high as wide
    """
    size = picture.shape[0]
    dark = np.zeros(picture.shape[:2], np.float32)

    for x, y, half, weight in spots:
        # Beyond these edges the Gaussian below is darker by less than one grey level.
        y0 = max(0, int(y - half))
        y1 = min(size, int(y + half) + 2)
        x0 = max(0, int(x - 2.6 * half))
        x1 = min(size, int(x + 2.6 * half) + 2)
        if y1 <= y0 or x1 <= x0:
            continue
        rows = np.arange(y0, y1, dtype=np.float32)[:, None]
        columns = np.arange(x0, x1, dtype=np.float32)[None]
        r = ((columns - x) / half) ** 2 + ((rows - y) / (0.3 * half)) ** 2
        dark[y0:y1, x0:x1] += weight * np.exp(-r)

    # Red fades a little less than the rest: shadows out of doors are warm at their edge.
    picture *= 1 - strength * np.minimum(dark, 1)[..., None] * np.array([0.9, 1, 1], np.float32)
