"""Frames as they happen: of a camera, or of a video played in real time. Whoever is too slow misses frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import InputError
from muybridge.video.reading import frames

Shot = UInt8[Tensor, "3 H W"]


@dataclass
class Missed:
    """How many frames were too many for whoever watches."""

    seen: int = 0
    missed: int = 0


def played(path: str | Path, missed: Missed | None = None, max_side: int | None = None) -> Iterator[Shot]:
    """A video at its own pace: the frame that is due is yielded, those that were due in the meantime are left out."""
    counts = Missed() if missed is None else missed
    start = time.monotonic()
    held = None
    for frame in frames(path, max_side=max_side):
        due = start + float(frame.pts * frame.time_base)
        late = time.monotonic() > due + float(frame.duration * frame.time_base)
        if late:
            held = frame
            counts.missed += 1
            continue
        held = None
        time.sleep(max(0.0, due - time.monotonic()))
        counts.seen += 1
        yield frame.pixels
    if held is not None:
        counts.missed -= 1
        counts.seen += 1
        yield held.pixels  # the last one is always shown


def filmed(camera: int, missed: Missed | None = None) -> Iterator[Shot]:
    """What a camera sees, until nobody asks any more: each time the newest frame.

    Raises InputError where there is no such camera, or it stops.
    """
    counts = Missed() if missed is None else missed
    device = cv2.VideoCapture(camera)
    if not device.isOpened():
        device.release()
        raise InputError(f"there is no camera {camera}, or it may not be used", "Take a video: --driving VIDEO")
    newest = _Newest(device, counts)
    try:
        while True:
            picture = newest.take()
            counts.seen += 1
            yield torch.from_numpy(np.ascontiguousarray(picture[:, :, ::-1].transpose(2, 0, 1)))
    finally:
        newest.stop()


class _Newest:
    """Reads a camera in a thread of its own, so that its buffer never holds old frames."""

    def __init__(self, device: cv2.VideoCapture, counts: Missed) -> None:
        self.device, self.counts = device, counts
        self.ready = threading.Condition()
        self.frame: np.ndarray | None = None
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while not self.ended:
            good, frame = self.device.read()
            with self.ready:
                self.counts.missed += self.frame is not None
                self.frame = frame if good else None
                self.ended = self.ended or not good
                self.ready.notify()

    def take(self) -> np.ndarray:
        with self.ready:
            while self.frame is None and not self.ended:
                self.ready.wait(1.0)
            frame, self.frame = self.frame, None
        if frame is None:
            raise InputError("the camera has stopped", "Plug it in again.")
        return frame

    def stop(self) -> None:
        self.ended = True
        self.thread.join(2.0)
        self.device.release()
