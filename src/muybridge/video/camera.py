"""Frames as they happen: of a camera, or of a video played in real time. Whoever is too slow misses frames."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import InputError, MuybridgeWarning, Option, Sentence
from muybridge.video.reader import iter_frames

STREAMS = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "rtp", "tcp", "srt")
"""How the address of a stream begins; others would reach files of this machine."""
CameraFrame = UInt8[Tensor, "3 H W"]


@dataclass
class FrameCount:
    """How many frames were too many for whoever watches."""

    seen: int = 0
    missed: int = 0


def play_in_real_time(
    path: str | Path, missed: FrameCount | None = None, max_side: int | None = None
) -> Iterator[CameraFrame]:
    """A video at its own pace: the frame that is due is yielded, those that were due in the meantime are left out."""
    counts = FrameCount() if missed is None else missed
    start = time.monotonic()
    held = None

    for frame in iter_frames(path, max_side=max_side):
        due = start + float(frame.pts * frame.time_base)
        late = time.monotonic() > due + float(frame.duration * frame.time_base)
        # The newest of the late ones is kept, in case that no other frame follows.
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


def capture_frames(camera: int | str, missed: FrameCount | None = None) -> Iterator[CameraFrame]:
    """What a camera sees, until nobody asks any more or it stops: each time the newest frame.

    camera  number of a camera, the first is 0; path of a device, such as /dev/video2; or address of a stream, such as
            rtsp://HOST/PATH, as OpenCV opens them
    Raises InputError where there is no such camera, or nothing comes from it; one that stops later ends with a
    MuybridgeWarning, so that what was made of it until then is kept.
    """
    counts = FrameCount() if missed is None else missed
    camera = int(camera) if isinstance(camera, str) and camera.isdecimal() else camera
    if isinstance(camera, str):
        _check_camera(camera)

    device = cv2.VideoCapture(camera)
    if not device.isOpened():
        device.release()
        raise InputError(
            f"there is no camera {camera}, or it may not be used",
            Sentence("Take a video: ", Option("driving", "VIDEO")),
        )

    newest = _LatestFrameReader(device, counts)
    try:
        while (picture := newest.take()) is not None:
            counts.seen += 1
            yield torch.from_numpy(np.ascontiguousarray(picture[:, :, ::-1].transpose(2, 0, 1)))
        # A device that opens and then gives nothing is a fault; one that stops after a while has only ended.
        if not counts.seen:
            raise InputError(f"nothing comes from camera {camera}", "Plug it in again.")
        warnings.warn(f"camera {camera} has stopped", MuybridgeWarning, stacklevel=2)
    finally:
        newest.stop()


def _check_camera(camera: str) -> None:
    """InputError for what is neither a device nor the address of a stream.

    OpenCV would take anything: it plays files with any decoder and without a limit, fills in patterns such as
    frame-%d.png, and runs what it takes for a pipeline.
    """
    if Path(camera).is_file():
        raise InputError(
            f"{camera} is a file, not a camera: it is played at its own pace",
            Sentence("Take ", Option("driving", camera)),
        )

    scheme, found, rest = camera.partition("://")
    if found and rest and scheme.lower() in STREAMS:
        return
    # A device that is not there, as a camera that was pulled out, is told as such.
    path = Path(camera)
    if path.is_char_device() or (path.parent == Path("/dev") and not path.exists()):
        return
    raise InputError(
        f"{camera} is no camera: neither a number, nor a device, nor the address of a stream",
        f"Name the first one as 0, a device as /dev/video2, a stream as ADDRESS with one of {', '.join(STREAMS)}.",
    )


class _LatestFrameReader:
    """Reads a camera in a thread of its own, so that its buffer never holds old frames.

    device  a cv2.VideoCapture, or whatever has its `read` and `release`
    """

    def __init__(self, device: Any, counts: FrameCount) -> None:
        self.device = device
        self.counts = counts
        self.ready = threading.Condition()
        self.frame: np.ndarray | None = None
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while not self.ended:
            good, frame = self.device.read()
            with self.ready:
                if good:
                    self.counts.missed += self.frame is not None
                    self.frame = frame
                self.ended = self.ended or not good
                self.ready.notify()

    def take(self) -> np.ndarray | None:
        """The newest frame that was not taken yet, waited for; None where the camera has stopped."""
        with self.ready:
            while self.frame is None and not self.ended:
                self.ready.wait(1.0)
            frame = self.frame
            self.frame = None
        return frame

    def stop(self) -> None:
        self.ended = True
        self.thread.join(2.0)
        self.device.release()
