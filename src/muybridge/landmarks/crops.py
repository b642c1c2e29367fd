"""Parts of a picture as a network looks at them, and where their points lie in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

Corners = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""
Picture = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True)
class Crop:
    """A rectangle of a picture, which may be turned, seen at a network's size.

    centre  (x, y) in pixels of the picture
    scale   pixels of the picture for one of the crop
    size    (h, w) of the crop
    angle   radians by which the crop's upward direction is turned clockwise from the picture's
    """

    centre: tuple[float, float]
    scale: float
    size: tuple[int, int]
    angle: float = 0.0

    @classmethod
    def around(cls, box: Corners, size: tuple[int, int], padding: float) -> Crop:
        """The upright crop that shows a box, made larger by a factor, in its middle."""
        x0, y0, x1, y1 = box
        wide = max(x1 - x0, 1.0) * padding
        tall = max(y1 - y0, 1.0) * padding
        rows, columns = size
        return cls(((x0 + x1) / 2, (y0 + y1) / 2), max(wide / columns, tall / rows), size)

    def cut(self, picture: Picture) -> UInt8[np.ndarray, "rows columns 3"]:
        """What the crop shows; black beyond the picture's borders."""
        rows, columns = self.size
        inverse = cv2.invertAffineTransform(self._matrix())
        return cv2.warpAffine(picture, inverse, (columns, rows), flags=cv2.INTER_LINEAR)

    def to_picture(self, points: Float[np.ndarray, "K 2"]) -> Float[np.ndarray, "K 2"]:
        """Points in pixels of the crop, in pixels of the picture."""
        matrix = self._matrix()
        return points @ matrix[:, :2].T + matrix[:, 2]

    def spread(self, map_: Float[np.ndarray, "h w"], size: tuple[int, int]) -> Float[np.ndarray, "H W"]:
        """A map over the crop, at any resolution, laid back into a picture of size (h, w); 0 elsewhere."""
        rows, columns = self.size
        larger = cv2.resize(map_.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
        return cv2.warpAffine(larger, self._matrix(), (size[1], size[0]), flags=cv2.INTER_LINEAR)

    def _matrix(self) -> Float[np.ndarray, "2 3"]:
        """From pixels of the crop to pixels of the picture."""
        cos = self.scale * np.cos(self.angle)
        sin = self.scale * np.sin(self.angle)
        rows, columns = self.size
        turn = np.array([[cos, -sin], [sin, cos]])
        shift = np.array(self.centre) - turn @ np.array([columns / 2, rows / 2])
        return np.column_stack([turn, shift])


def bounding_box(found: Float[np.ndarray, "K 3"], main: slice, least: float, fewest: int) -> Corners | None:
    """The box round the points whose score is at least `least`; None where fewer than `fewest` of `main` have it."""
    if int((found[main, 2] >= least).sum()) < fewest:
        return None
    sure = found[found[:, 2] >= least, :2]
    (x0, y0) = sure.min(0)
    (x1, y1) = sure.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def search_boxes(size: tuple[int, int], parts: Sequence[float]) -> Iterator[Corners]:
    """Where to look for somebody in a picture of size (h, w): all of it, then overlapping squares, smaller and smaller.

    parts  sides of the squares as parts of the picture's shorter side. A network looks at a box with a margin, so the
           first of them is best a little less than 1
    """
    rows, columns = size
    yield 0.0, 0.0, float(columns), float(rows)
    for part in parts:
        side = part * min(rows, columns)
        across = _overlaps(columns, side)
        for top in _overlaps(rows, side):
            for left in across:
                yield left, top, left + side, top + side


def _overlaps(length: int, side: float) -> list[float]:
    """Where squares of this side begin, so that they overlap by half and reach from end to end."""
    count = 1 + int(np.ceil((length - side) / (side / 2) - 1e-6))
    starts = []
    for start in np.linspace(0, length - side, count):
        starts.append(float(start))

    return starts
