"""What comes out of a method: frames that are made as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from muybridge.video.clip import Clip, Timing


@dataclass(frozen=True, eq=False)
class Animation:
    """Frames that are made as they are asked for, so that memory does not grow with the length.

    frames   iterator over uint8 [4, H, W]: RGB and straight alpha; can be walked once
    timing   exact times, those of the driving clip
    size     (H, W)
    notes    what a person should know of how it was made
    source   of a pair, whose appearance: "a" or "b"
    """

    frames: Iterator[Tensor]
    timing: Timing
    size: tuple[int, int]
    notes: tuple[str, ...] = ()
    source: str | None = None

    def clip(self) -> Clip:
        """All of it at once; the alpha becomes the silhouettes."""
        frames = torch.stack(list(self.frames))
        return Clip(frames[:, :3].contiguous(), self.timing, frames[:, 3:].contiguous())


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a method found and looked at on some frames, as pictures.

    name     one word, of its file
    caption  what is seen, in a sentence
    rows     what each row shows -> a picture a frame [3, H, W], uint8 or float in [0, 1], large enough to be read
    """

    name: str
    caption: str
    rows: Mapping[str, Sequence[Tensor]]
