"""A quick look for the subject on a few frames, while the rest of an upload is still being read."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType

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
PATIENCE = 3.0
"""Seconds that the reading waits for the look."""
DIMMED = 0.28
"""How much light is left of what is not the subject."""


class Glance:
    """Takes the frames of it as they are read, and looks at them in a thread: `with Glance(out, tell) as glance`.

    out   folder for the frames, all but the subject dimmed; before that for the first frame alone
    tell  told `first` once that one is there, and `glance` with the frames' numbers and the seconds it took, where a
          subject was seen

    What has been read by then waits for the look, for a person is to see soon whether this is the right subject; on a
    machine that does much else it goes on beside it after `PATIENCE`. A clip that is too short for a look is soon read
    as a whole. The block ends when the look has ended.
    """

    def __init__(self, out: Path, tell: Callable[..., None]) -> None:
        self.out = out
        self.tell = tell
        self.numbers: list[int] = []
        self.pixels: list[Tensor] = []
        self.mattes: list[Tensor] = []
        self._aside = ThreadPoolExecutor(max_workers=1)
        self._looking: Future[None] | None = None

    def __enter__(self) -> Glance:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._aside.shutdown()
        if self._looking is not None and error is None:
            self._looking.result()

    @property
    def is_looking(self) -> bool:
        """Whether the look has begun and has not ended."""
        return self._looking is not None and not self._looking.done()

    def add(self, number: int, frame: Frame) -> None:
        """Take a frame, where it is one of these; after the last that is wanted, the look begins."""
        if number == 0:
            show_first(frame, self.out)
            self.tell("first")

        if len(self.numbers) == FRAMES or number % STRIDE:
            return
        self.numbers.append(number)
        self.pixels.append(_make_small(frame.pixels))
        if frame.matte is not None:
            self.mattes.append(_make_small(frame.matte))
        if len(self.numbers) == FRAMES:
            self._looking = self._aside.submit(self._look)
            wait([self._looking], PATIENCE)

    def _look(self) -> None:
        began = time.monotonic()
        mattes = torch.stack(self.mattes) if len(self.mattes) == FRAMES else None
        clip = Clip(torch.stack(self.pixels), Timing.constant(FRAMES), mattes)
        try:
            found, _ = find(clip)
        except (MuybridgeError, MemoryError, RuntimeError):
            # The whole clip is looked at afterwards, and what is wrong is said then.
            return

        assert found.mattes is not None
        light = torch.where(found.mattes > 127, 1.0, DIMMED)
        write(self.out, (found.pixels * light).to(torch.uint8), clip.timing, force=True)
        self.tell("glance", frames=self.numbers, seconds=time.monotonic() - began)


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
