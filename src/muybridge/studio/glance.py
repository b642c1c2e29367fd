"""A quick look for the subject on a few frames, while the rest of an upload is still being read."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge.errors import MuybridgeError
from muybridge.masks import find
from muybridge.video import Clip, Frame, Timing, write

FRAMES = 6
STRIDE = 6
"""Near enough to each other that what moves between them is the subject."""
SIDE = 200
"""Longest side of these frames, pixels."""
FIRST = 480
"""The same of the first frame, which is shown large until there is more."""
DIMMED = 0.28
"""How much light is left of what is not the subject."""


class Glance:
    """The frames of it, collected one by one; a clip that is too short for it is soon read as a whole."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.pixels: list[Tensor] = []
        self.mattes: list[Tensor] = []

    @property
    def is_full(self) -> bool:
        return len(self.numbers) == FRAMES

    def add(self, number: int, frame: Frame) -> bool:
        """Take a frame, where it is one of these; True where it was the last that was wanted."""
        if self.is_full or number % STRIDE:
            return False
        self.numbers.append(number)
        self.pixels.append(_make_small(frame.pixels))
        if frame.matte is not None:
            self.mattes.append(_make_small(frame.matte))
        return self.is_full

    def look(self, out: Path) -> float | None:
        """Write the frames with all but the subject dimmed; the seconds it took, or None where no subject was seen."""
        began = time.monotonic()
        mattes = torch.stack(self.mattes) if len(self.mattes) == FRAMES else None
        clip = Clip(torch.stack(self.pixels), Timing.constant(FRAMES), mattes)
        try:
            found, _ = find(clip)
        except (MuybridgeError, MemoryError, RuntimeError):
            # The whole clip is looked at afterwards, and what is wrong is said then.
            return None

        assert found.mattes is not None
        light = torch.where(found.mattes > 127, 1.0, DIMMED)
        write(out, (found.pixels * light).to(torch.uint8), clip.timing, force=True)
        return time.monotonic() - began


def show_first(frame: Frame, out: Path) -> None:
    """Write a frame alone, as soon as there is one: not every browser plays every file."""
    write(out, [_make_small(frame.pixels, FIRST)], Timing.constant(1), force=True)


def _make_small(planes: Tensor, side: int = SIDE) -> Tensor:
    """A picture [C, H, W] whose longest side is `side` at most."""
    h, w = planes.shape[1:]
    factor = min(1.0, side / max(h, w))
    size = (max(1, round(w * factor)), max(1, round(h * factor)))
    small = cv2.resize(np.ascontiguousarray(planes.permute(1, 2, 0).numpy()), size, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small.reshape(size[1], size[0], -1)).permute(2, 0, 1).contiguous()
