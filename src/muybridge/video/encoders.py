"""Where written frames go: H.264, VP9 or ProRes in a container, or PNG files. Each keeps few frames at a time."""

from __future__ import annotations

import json
import warnings
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.video.images import TIMES
from muybridge.video.mark import Mark, mark_folder, mark_png
from muybridge.video.media_input import Picture
from muybridge.video.sound import Soundtrack

CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
MAX_TICKS = 1_000_000
"""Finest time base that is kept as it is, in ticks per second; players overflow on finer ones."""
PACKERS = 2
"""Threads that pack the pictures of a folder."""
MOST_PACKED = 4
"""Pictures that are on their way to a folder at a time."""


class Sink(ABC):
    """Takes frames with their times, in ticks of the clip's time base."""

    @abstractmethod
    def put(self, picture: Picture, pts: int, duration: int) -> None:
        """Encode one frame."""

    @abstractmethod
    def finish(self) -> None:
        """Write what is left and close the file."""

    @abstractmethod
    def abandon(self) -> None:
        """Close the file, whatever is in it."""


class ContainerSink(Sink):
    """MP4, MOV, MKV or WebM. MP4 and MOV keep times exactly, MKV and WebM to the millisecond.

    Frames of four channels become VP9 with alpha in WebM and ProRes 4444 in MOV; elsewhere the caller has laid them
    on a background. H.264 needs even sides: a frame with an odd one is made one pixel larger by repeating its edge.
    """

    def __init__(
        self,
        file: Path,
        suffix: str,
        like: Picture,
        base: Fraction,
        quality: int,
        audio: Path | None,
        mark: Mark | None = None,
    ) -> None:
        name = CONTAINERS[suffix]
        self._base = base
        self._tick = _container_tick(base) if name in ("mp4", "mov") else Fraction(1, 1000)
        options = {"movflags": "+faststart", "video_track_timescale": str(self._tick.denominator)}
        self._output = av.open(f"file:{file}", "w", format=name, options=options if name in ("mp4", "mov") else {})
        # The mark has to be there before the header is written, which the first packet brings about.
        if mark is not None:
            self._output.metadata["comment"] = mark.to_json()
        self._sound: Soundtrack | None = None

        try:
            self._open_video(name, like, quality)
            if audio is not None:
                self._sound = Soundtrack(self._output, name, audio)
        except BaseException:
            self.abandon()
            raise

        self._last = -1
        self._end = Fraction(0)
        # Packets come out of the encoder later than their frames went in, and get their durations from here.
        self._durations: dict[int, int] = {}

    def _open_video(self, container: str, like: Picture, quality: int) -> None:
        codec, pixels, options = _choose_codec(container, like.shape[2] == 4, quality)
        height, width = like.shape[:2]
        self._pad = (height % 2, width % 2) if codec == "libx264" else (0, 0)
        # The colours are kept at half the size in both directions, which an odd side does not allow.
        if any(self._pad):
            text = f"{width}x{height} px has an odd side, which {container} cannot keep: one more pixel was added there"
            warnings.warn(text, MuybridgeWarning, stacklevel=2)

        stream: Any = self._output.add_stream(codec, options=options)
        stream.height = height + self._pad[0]
        stream.width = width + self._pad[1]
        stream.pix_fmt = pixels
        context = stream.codec_context
        context.time_base = self._tick
        context.thread_type = "AUTO"
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1  # BT.709, limited
        self._video = stream

    def put(self, picture: Picture, pts: int, duration: int) -> None:
        """Encode one frame, and the sound up to it."""
        begin = max(self._last + 1, round(pts * self._base / self._tick))
        end = max(begin + 1, round((pts + duration) * self._base / self._tick))
        self._last = begin
        self._end = (pts + duration) * self._base
        self._durations[begin] = end - begin
        if any(self._pad):
            picture = np.pad(picture, ((0, self._pad[0]), (0, self._pad[1]), (0, 0)), mode="edge")
        frame = make_av_frame(picture, begin, self._tick)
        self._mux(frame.reformat(format=self._video.pix_fmt, dst_colorspace="ITU709", dst_color_range="MPEG"))
        if self._sound is not None:
            self._sound.write_until(float(pts * self._base))

    def _mux(self, frame: av.VideoFrame | None) -> None:
        for packet in self._video.encode(frame):
            packet.duration = self._durations.pop(packet.pts)
            self._output.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds, the sound up to the end of the last frame, and the index."""
        self._mux(None)
        if self._sound is not None:
            self._sound.write_until(float(self._end))
            self._sound.close()
        self._output.close()

    def abandon(self) -> None:
        """Close both files."""
        if self._sound is not None:
            self._sound.close()
        self._output.close()


def _container_tick(base: Fraction) -> Fraction:
    return Fraction(1, base.denominator if base.denominator <= MAX_TICKS else 90_000)


def _choose_codec(container: str, alpha: bool, quality: int) -> tuple[str, str, dict[str, str]]:
    if container == "webm":
        options = {"crf": str(round(63 - quality / 2)), "b": "0", "cpu-used": "4", "row-mt": "1", "auto-alt-ref": "0"}
        return "libvpx-vp9", "yuva420p" if alpha else "yuv420p", options
    if container == "mov" and alpha:
        return "prores_ks", "yuva444p10le", {"profile": "4444", "vendor": "apl0"}
    # Without B-frames decoding order is showing order, and every player agrees about every frame's time. Without the
    # tree of macroblocks the same frames make the same file: x264's reads memory that nobody has written where a side
    # is no multiple of 16, and then some files are others.
    return "libx264", "yuv420p", {"crf": str(round(51 - 0.4 * quality)), "bf": "0", "preset": "medium", "mbtree": "0"}


def make_av_frame(picture: Picture, pts: int, tick: Fraction) -> av.VideoFrame:
    """A picture as PyAV takes it."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgba" if picture.shape[2] == 4 else "rgb24")
    frame.pts = pts
    frame.time_base = tick
    return frame


class FolderSink(Sink):
    """00000.png and so on, with times.json beside them, which gives `read` the exact times back.

    Pictures are packed in threads: that takes longer than most that is done to a frame before it is written. What goes
    wrong with one is raised by a later `put` or by `finish`.
    """

    def __init__(self, folder: Path, base: Fraction, mark: Mark | None = None) -> None:
        self._folder = folder
        self._base = base
        self._mark = mark
        self._pts: list[int] = []
        self._duration = 1
        self._threads = ThreadPoolExecutor(max_workers=PACKERS)
        self._packing: deque[Future[None]] = deque()
        folder.mkdir(exist_ok=True)

    def put(self, picture: Picture, pts: int, duration: int) -> None:
        """Have one PNG written."""
        if len(self._packing) == MOST_PACKED:
            self._packing.popleft().result()
        file = self._folder / f"{len(self._pts):05d}.png"
        self._packing.append(self._threads.submit(self._pack, file, picture))
        self._pts.append(pts)
        self._duration = duration

    def finish(self) -> None:
        """Wait for the pictures, and write the times."""
        while self._packing:
            self._packing.popleft().result()
        self._threads.shutdown()
        told = {"time_base": [self._base.numerator, self._base.denominator], "pts": self._pts, "last": self._duration}
        (self._folder / TIMES).write_text(json.dumps(told), encoding="utf-8")
        if self._mark is not None:
            mark_folder(self._folder, self._mark)

    def abandon(self) -> None:
        """Nothing is written any more."""
        self._threads.shutdown(cancel_futures=True)

    def _pack(self, file: Path, picture: Picture) -> None:
        file.write_bytes(encode_png(picture, self._mark))


class ImageSink(Sink):
    """A single PNG."""

    def __init__(self, file: Path, mark: Mark | None = None) -> None:
        self._file = file
        self._mark = mark
        self._written = False

    def put(self, picture: Picture, pts: int, duration: int) -> None:
        """Write it; raises InputError at the second frame."""
        if self._written:
            raise InputError("a PNG file holds one frame", "Write several to a folder, or to .gif, .webm or .mp4.")
        self._file.write_bytes(encode_png(picture, self._mark))
        self._written = True

    def finish(self) -> None:
        """It is written."""

    def abandon(self) -> None:
        """Nothing is open."""


def encode_png(picture: Picture, mark: Mark | None = None) -> bytes:
    """A picture as the bytes of a PNG file, which says what the mark says."""
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    data = cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(picture), order))[1].tobytes()
    return data if mark is None else mark_png(data, mark)
