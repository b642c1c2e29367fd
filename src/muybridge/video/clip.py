"""A clip: decoded frames with exact timing, optional silhouettes, and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor

from muybridge.errors import InputError


@dataclass(frozen=True)
class Timing:
    """Exact presentation times: integer ticks of a rational time base, as containers keep them.

    pts        strictly increasing, one per frame; the first is 0
    last       how many ticks the last frame stays
    time_base  seconds per tick
    """

    pts: tuple[int, ...]
    last: int
    time_base: Fraction

    def __post_init__(self) -> None:
        if not self.pts or self.last < 1 or self.time_base <= 0:
            raise InputError("a clip's timing needs at least one frame, a positive duration and a positive time base")
        if any(b <= a for a, b in zip(self.pts, self.pts[1:], strict=False)):
            raise InputError("a clip's frame times must increase from frame to frame")

    def __len__(self) -> int:
        return len(self.pts)

    @classmethod
    def constant(cls, count: int, rate: Fraction | int | float = 25) -> Timing:
        """`count` frames at `rate` frames per second."""
        step = 1 / Fraction(rate).limit_denominator(1001 * 60)
        return cls(tuple(step.numerator * i for i in range(count)), step.numerator, Fraction(1, step.denominator))

    @property
    def seconds(self) -> list[float]:
        """Start of each frame, in seconds."""
        seconds = []
        for ticks in self.pts:
            seconds.append(float(ticks * self.time_base))

        return seconds

    @property
    def duration(self) -> float:
        """Length of the whole, in seconds."""
        return float((self.pts[-1] + self.last - self.pts[0]) * self.time_base)

    @property
    def rate(self) -> float:
        """Mean frames per second."""
        return len(self.pts) / self.duration

    def select(self, index: Sequence[int]) -> Timing:
        """The times of some frames, in rising order; the last of them keeps its own duration."""
        ends = [*self.pts[1:], self.pts[-1] + self.last]
        first = self.pts[index[0]]
        last = ends[index[-1]] - self.pts[index[-1]]
        return Timing(tuple(self.pts[i] - first for i in index), last, self.time_base)


@dataclass(frozen=True, eq=False)
class Clip:
    """Decoded frames and what is known about them.

    pixels  uint8 [T, 3, H, W]          RGB; `frames` gives them as float in [0, 1]
    timing  exact times of the T frames
    mattes  uint8 [T, 1, H, W] or None  255 on the subject; `masks` gives them as float in [0, 1]
    sizes   ((h, w), ...) or None       where a folder's frames differ in size: frame t fills pixels[t, :, :h, :w]
                                        and the rest is black padding
    source  file or folder that it was read from, if any
    audio   file whose first audio stream belongs to the clip, if any
    full    ((h, w), ...) or None       the frames' sizes in the file, where they were made smaller while reading

    Frames are stored as bytes because a clip of floats is four times as large; see docs/decisions.
    """

    pixels: Tensor
    timing: Timing
    mattes: Tensor | None = None
    sizes: tuple[tuple[int, int], ...] | None = None
    source: Path | None = None
    audio: Path | None = None
    full: tuple[tuple[int, int], ...] | None = None

    def __post_init__(self) -> None:
        p = self.pixels
        if p.dtype != torch.uint8 or p.ndim != 4 or p.shape[1] != 3:
            raise InputError(f"a clip's pixels are uint8 [T, 3, H, W], not {p.dtype} {tuple(p.shape)}")
        if len(self.timing) != len(p):
            raise InputError(f"a clip of {len(p)} frames cannot have {len(self.timing)} frame times")

        if self.mattes is not None:
            want = (len(p), 1, *p.shape[2:])
            if self.mattes.dtype != torch.uint8 or tuple(self.mattes.shape) != want:
                raise InputError(
                    f"silhouettes for this clip are uint8 {want}, not {self.mattes.dtype} {tuple(self.mattes.shape)}"
                )

    @classmethod
    def from_floats(cls, frames: Tensor, masks: Tensor | None = None, timing: Timing | None = None) -> Clip:
        """A clip of frames [T, 3, H, W] and masks [T, 1, H, W] in [0, 1]; 25 frames a second unless told."""
        return cls(
            _to_bytes(frames), timing or Timing.constant(len(frames)), None if masks is None else _to_bytes(masks)
        )

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def height(self) -> int:
        return self.pixels.shape[2]

    @property
    def width(self) -> int:
        return self.pixels.shape[3]

    @property
    def full_size(self) -> tuple[int, int]:
        """(H, W) of the frames in the file that they were read from: larger than here where they were made smaller."""
        if self.full is None:
            return self.height, self.width
        return max(h for h, _ in self.full), max(w for _, w in self.full)

    @property
    def frames(self) -> Tensor:
        """float32 [T, 3, H, W] in [0, 1]; a new tensor at each call."""
        return self.pixels.float().div_(255)

    @property
    def masks(self) -> Tensor | None:
        """float32 [T, 1, H, W] in [0, 1], 1 on the subject; None where there are no silhouettes."""
        return None if self.mattes is None else self.mattes.float().div_(255)

    @property
    def name(self) -> str:
        """What to call it in a report or a message."""
        return self.source.name if self.source is not None else "clip"

    def __getitem__(self, index: slice | Sequence[int]) -> Clip:
        """Some of the frames, in rising order, with their silhouettes and times."""
        chosen = list(range(len(self))[index]) if isinstance(index, slice) else list(index)
        return replace(
            self,
            pixels=self.pixels[chosen],
            timing=self.timing.select(chosen),
            mattes=None if self.mattes is None else self.mattes[chosen],
            sizes=None if self.sizes is None else tuple(self.sizes[i] for i in chosen),
            full=None if self.full is None else tuple(self.full[i] for i in chosen),
        )

    def with_masks(self, masks: Tensor | None) -> Clip:
        """The same clip with these silhouettes: float in [0, 1], bool or uint8, [T, 1, H, W]."""
        if masks is not None and masks.dtype != torch.uint8:
            masks = _to_bytes(masks.float())
        return replace(self, mattes=masks)

    def mirror(self) -> Clip:
        """Mirrored left to right, silhouettes too; frames of unequal size keep their padding on the right."""
        if self.sizes is not None:
            # The padding must stay on the right, so each frame is turned within its own width.
            pixels = self.pixels.clone()
            mattes = None if self.mattes is None else self.mattes.clone()

            for t, (_, w) in enumerate(self.sizes):
                pixels[t, :, :, :w] = self.pixels[t, :, :, :w].flip(-1)
                if mattes is not None and self.mattes is not None:
                    mattes[t, :, :, :w] = self.mattes[t, :, :, :w].flip(-1)

            return replace(self, pixels=pixels, mattes=mattes)

        mattes = None if self.mattes is None else self.mattes.flip(-1)
        return replace(self, pixels=self.pixels.flip(-1), mattes=mattes)


def _to_bytes(x: Tensor) -> Tensor:
    return (x.detach().clamp(0, 1) * 255).round().to(torch.uint8)
