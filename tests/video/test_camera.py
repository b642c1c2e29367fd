"""A camera that is watched: by number, device or address; the newest frame, how many were missed, and its end."""

import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.video.camera import FrameCount, capture_frames


class Camera:
    """Stands for cv2.VideoCapture: `show` hands it a frame of one grey, None pulls its plug."""

    def __init__(self, there: bool = True) -> None:
        self.there, self.opened, self.released = there, None, threading.Event()
        self.frames: queue.Queue[int | None] = queue.Queue()
        self.asked = 0

    def __call__(self, name: object) -> "Camera":
        self.opened = name
        return self

    def isOpened(self) -> bool:
        return self.there

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.asked += 1
        level = self.frames.get(timeout=20)
        if level is None:
            return False, None
        blue_green_red = np.stack([np.full((16, 20), level + c, np.uint8) for c in range(3)], axis=-1)
        return True, blue_green_red

    def release(self) -> None:
        self.released.set()

    def show(self, *levels: int | None) -> None:
        """Hand these over, and wait until all of them have been read and put by."""
        before = self.asked
        for level in levels:
            self.frames.put(level)
        end = time.monotonic() + 20
        # It asks for the next one only after it has put the last one by; unplugged, it asks no more.
        while self.asked < before + len(levels) - (levels[-1] is None) and time.monotonic() < end:
            time.sleep(0.001)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[Camera]:
    made = Camera()
    monkeypatch.setattr("muybridge.video.camera.cv2.VideoCapture", made)
    yield made
    made.frames.put(None)


def test_the_newest_frame_is_seen_and_the_others_are_counted(camera: Camera) -> None:
    counts = FrameCount()
    shots = capture_frames(0, counts)
    camera.frames.put(10)
    first = next(shots)
    assert first.shape == (3, 16, 20)
    assert first[:, 0, 0].tolist() == [12, 11, 10], "red, green, blue"
    camera.show(20, 30, 40)
    assert int(next(shots)[2, 0, 0]) == 40
    assert (counts.seen, counts.missed) == (2, 2)
    camera.frames.put(50)
    assert int(next(shots)[2, 0, 0]) == 50
    assert (counts.seen, counts.missed) == (3, 2)
    camera.frames.put(60)
    shots.close()  # type: ignore[attr-defined]
    assert camera.released.is_set()


def test_a_camera_that_stops_ends_after_its_last_frame(camera: Camera) -> None:
    shots = capture_frames(0)
    camera.frames.put(10)
    next(shots)
    camera.show(20, None)
    assert int(next(shots)[2, 0, 0]) == 20
    with pytest.warns(MuybridgeWarning, match="camera 0 has stopped"):
        assert list(shots) == []
    assert camera.released.is_set()


def test_a_camera_that_shows_nothing(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    camera.frames.put(None)
    with pytest.raises(InputError, match="nothing comes from camera 3"):
        next(capture_frames(3))
    assert camera.released.is_set()
    absent = Camera(there=False)
    monkeypatch.setattr("muybridge.video.camera.cv2.VideoCapture", absent)
    with pytest.raises(InputError, match="there is no camera 3"):
        next(capture_frames(3))
    assert absent.released.is_set()


@pytest.mark.parametrize(
    ("given", "opened"), [(1, 1), ("1", 1), ("/dev/video2", "/dev/video2"), ("rtsp://host/a", "rtsp://host/a")]
)
def test_a_camera_by_number_device_or_address(camera: Camera, given: int | str, opened: int | str) -> None:
    camera.frames.put(10)
    shots = capture_frames(given)
    next(shots)
    assert camera.opened == opened
    camera.frames.put(20)
    shots.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "given",
    [
        "frame-%03d.png",
        "file:///etc/hostname",
        "concat:a|b",
        "videotestsrc ! appsink",
        "pipe:0",
        "rtsp://",
        "-1",
        ".",
        "",
    ],
)
def test_what_opencv_would_open_besides_cameras_is_refused(camera: Camera, given: str) -> None:
    with pytest.raises(InputError, match="is no camera"):
        next(capture_frames(given))
    assert camera.opened is None


def test_a_pipe_is_no_camera(camera: Camera, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is no camera"):
        next(capture_frames(str(tmp_path / "pipe")))
    assert camera.opened is None


def test_a_file_is_no_camera(camera: Camera, tmp_path: Path) -> None:
    (tmp_path / "walk.mp4").write_bytes(b"x")
    with pytest.raises(InputError, match=r"Take driving=.*walk\.mp4"):
        next(capture_frames(str(tmp_path / "walk.mp4")))
    assert camera.opened is None
