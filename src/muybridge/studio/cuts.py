"""What is taken of an upload: some of its frames, a part of the picture, at another speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from torch import Tensor

from muybridge.errors import InputError

SMALLEST = 16
"""Of a side of what is left, pixels."""
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Cut:
    """Of the file as it was uploaded.

    first, last  frames, both included; no last: to the end
    box          left, top, right, bottom as shares of the picture
    speed        how many times as fast it plays
    """

    first: int = 0
    last: int | None = None
    box: tuple[float, float, float, float] = WHOLE
    speed: float = 1.0

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Cut:
        """As a record keeps it; nothing means all of it."""
        if not stored:
            return cls()
        left, top, right, bottom = stored["box"]
        return cls(stored["first"], stored["last"], (left, top, right, bottom), stored["speed"])

    def store(self) -> dict[str, Any]:
        """For a record."""
        return asdict(self)

    def cut_again(
        self, clip: Mapping[str, Any], first: int, last: int, box: tuple[float, ...] | None, speed: float
    ) -> Cut:
        """Less of what is left of a clip, as it is seen now; InputError where that is nothing.

        box  in pixels of the clip's frames
        """
        if not 0 <= first <= last < clip["frames"]:
            raise InputError(
                f"{clip['name']} has no frames {first + 1} to {last + 1}", f"It has 1 to {clip['frames']}."
            )

        width = clip["width"]
        height = clip["height"]
        x0, y0, x1, y1 = box or (0.0, 0.0, width, height)
        x0 = max(0.0, x0)
        y0 = max(0.0, y0)
        x1 = min(float(width), x1)
        y1 = min(float(height), y1)
        if x1 - x0 < SMALLEST or y1 - y0 < SMALLEST:
            raise InputError("nothing can be seen in so small a part", f"Leave at least {SMALLEST} px on each side.")

        left, top, right, bottom = self.box
        w = right - left
        h = bottom - top
        inside = (left + w * x0 / width, top + h * y0 / height, left + w * x1 / width, top + h * y1 / height)
        return Cut(self.first + first, self.first + last, inside, self.speed * speed)

    def count_most(self, most: int) -> int:
        """How many frames are wanted, where `most` are allowed."""
        return most if self.last is None else min(most, self.last - self.first + 1)

    def find_side(self, size: tuple[int, int], side: int) -> int:
        """Longest side at which a picture of (H, W) is read, so that what is left of it has `side` at most."""
        # A wide picture may have been probed as a row of frames, whose size says nothing of the whole.
        if self.box == WHOLE:
            return side
        left, top, right, bottom = self.box
        longest = max((right - left) * size[1], (bottom - top) * size[0])
        return max(SMALLEST, round(max(size) * min(1.0, side / longest)))

    def crop(self, planes: Tensor) -> Tensor:
        """The part of a picture [C, H, W]."""
        if self.box == WHOLE:
            return planes
        height, width = planes.shape[1:]
        left, top, right, bottom = self.box
        rows = slice(round(top * height), max(round(top * height) + 1, round(bottom * height)))
        columns = slice(round(left * width), max(round(left * width) + 1, round(right * width)))
        return planes[:, rows, columns].contiguous()

    def change_ticks(self, time_base: Fraction) -> Fraction:
        """Seconds per tick at this speed."""
        return time_base / Fraction(self.speed)

    def describe(self) -> list[str]:
        """What was done, for the person."""
        if self == Cut():
            return []
        notes = [] if self.last is None else [f"frames {self.first + 1} to {self.last + 1} of the file"]
        if self.box != WHOLE:
            notes.append("a part of the picture")
        if self.speed != 1:
            notes.append(f"{self.speed:g} times as fast")
        return [f"cut: {', '.join(notes)}; without sound"]
