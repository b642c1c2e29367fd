"""What every kind of file is turned into before it becomes a clip: frames not yet converted, each with its time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from muybridge.errors import MuybridgeWarning

Kind = Literal["video", "gif", "image", "folder", "strip"]
Picture = np.ndarray
"""uint8 [H, W, 3] RGB, or [H, W, 4] with straight (not premultiplied) alpha."""


def hide_transparent(picture: Picture) -> Picture:
    """The picture without the colours under an alpha of 0, which nobody was meant to see: they become black."""
    return picture if picture.shape[2] == 3 else picture * (picture[:, :, 3:] > 0)


@dataclass(frozen=True, eq=False)
class LazyFrame:
    """One frame to come.

    load      decodes it; called at most once, before the next shot is asked for
    pts       ticks, or None where the container does not say
    duration  ticks, or 0 where the container does not say
    """

    load: Callable[[], Picture]
    pts: int | None
    duration: int = 0


@dataclass(frozen=True, eq=False)
class MediaInput:
    """A thing that frames can be read from.

    shots      starts from the beginning at each call
    longest    the longest side of all frames, in pixels
    count      frames, as far as it is known without decoding
    rate       mean frames per second, as far as it is known
    has_masks  whether the alpha channel is a given silhouette, so that it counts even where it is 255 everywhere
    """

    path: Path
    kind: Kind
    time_base: Fraction
    iter_frames: Callable[[], Iterator[LazyFrame]]
    longest_side: Callable[[], int]
    count: int | None = None
    rate: Fraction | None = None
    has_audio: bool = False
    has_masks: bool = False

    def iter_timed(self) -> Iterator[LazyFrame]:
        """The shots with true times: the first at 0, each later than the one before, each with its duration.

        Warns once where times had to be repaired: a frame that is not later than the one before it follows that
        one by a single tick.
        """
        step = max(1, round(1 / (self.time_base * (self.rate or 25))))
        return _repair_times(self.path, self.iter_frames(), step)


def _repair_times(path: Path, shots: Iterable[LazyFrame], step: int) -> Iterator[LazyFrame]:
    held: LazyFrame | None = None
    before = 0
    gap = step
    first = 0
    repaired = False

    for number, shot in enumerate(shots):
        if held is None:
            # Files may begin at some other time than 0, which would be a gap before the first frame.
            first = shot.pts or 0
            pts = 0
        else:
            # A bare stream has no times, but may say how long each frame stays.
            pts = before + (held.duration or step) if shot.pts is None else shot.pts - first
            if pts <= before:
                if not repaired:
                    text = f"{path.name}: frame {number} is not later than the one before it; its time was repaired"
                    warnings.warn(text, MuybridgeWarning, stacklevel=2)
                repaired = True
                pts = before + 1

            # The frame is shown until the next one comes, whatever duration the file claims for it.
            gap = pts - before
            yield replace(held, duration=gap)
        before = pts
        held = replace(shot, pts=pts)

    if held is not None:
        # Nothing follows the last frame, so the file's word counts, or else the gap before it.
        yield held if held.duration > 0 else replace(held, duration=gap)
