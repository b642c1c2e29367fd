"""From frames to files, one frame at a time, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
import torch
from av.error import FFmpegError
from torch import Tensor

from muybridge.disk import Draft, recover
from muybridge.errors import (
    REPLACE_OR_CHOOSE,
    InputError,
    MuybridgeError,
    OutputExistsError,
    UsageError,
    is_out_of_memory,
)
from muybridge.video.clip import Timing
from muybridge.video.encoders import CONTAINERS, ContainerSink, FolderSink, ImageSink, Sink
from muybridge.video.gif import GifSink
from muybridge.video.images import TIMES
from muybridge.video.mark import MARK_FILE, Mark
from muybridge.video.media_input import Picture
from muybridge.video.paths import is_disk_full

KEEPS_ALPHA = (".webm", ".mov", ".gif", ".png", "")
Colour = tuple[float | int, float | int, float | int]
"""RGB in [0, 1]."""
SUFFIXES = (*CONTAINERS, ".gif", ".png")


class Writer:
    """Writes a clip as its frames are made: `with Writer(path, time_base) as writer: writer.add(frame, pts)`.

    path        .mp4, .mov, .mkv, .webm, .gif, .png (one frame); without a suffix, or ending in /: a folder of PNGs
    time_base   seconds per tick
    last        ticks that the last frame stays, to be set until the block ends; else as long as the one before it
    audio       file whose first audio stream goes along, up to the end of the last frame; GIF and PNG have no sound
    quality     1 to 100; GIF and PNG do not use it
    background  RGB in [0, 1] behind frames with alpha, where the format keeps no alpha (.mp4, .mkv)
    mark        what the file is to say of how it was made
    force       replace what is there

    What is written stands under a passing name beside `path` until the block ends well, and is removed where it does
    not. Raises OutputExistsError, UsageError for what cannot be asked for, InputError for frames that do not fit
    together, MuybridgeError where the disk is full or refuses.
    """

    def __init__(
        self,
        path: str | Path,
        time_base: Fraction,
        *,
        last: int | None = None,
        audio: str | Path | None = None,
        quality: int = 80,
        background: Colour = (0, 0, 0),
        mark: Mark | None = None,
        force: bool = False,
    ) -> None:
        self.path = Path(path).absolute()
        self._suffix = "" if str(path).endswith("/") else self.path.suffix.lower()
        if self._suffix and self._suffix not in SUFFIXES:
            raise UsageError(f"cannot write {path}", f"Use a folder or one of {', '.join(SUFFIXES)}.")
        if not 1 <= quality <= 100 or time_base <= 0 or (last is not None and last < 1):
            raise UsageError(f"cannot write with quality {quality}, time base {time_base}, last {last}")

        _refuse_existing(self.path, self._suffix, force)
        self._base = time_base
        self.last = last
        self._quality = quality
        self._audio = None if audio is None else Path(audio)
        self._background = background
        self._mark = mark
        self._draft: Draft | None = None
        self._sink: Sink | None = None
        self._held: tuple[Picture, int] | None = None
        self._first = 0
        self._shape = (0, 0, 0)
        self._gap = 1

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with _explain_errors(self.path):
                    self._finish()
        finally:
            self._remove_part()

    def add(self, frame: Tensor, pts: int) -> None:
        """Write a frame: [3 or 4, H, W], uint8 or float in [0, 1], at `pts` ticks, later than the one before it.

        The first frame's time becomes 0.
        """
        picture = self._to_picture(frame)
        with _explain_errors(self.path):
            if self._held is None:
                self._shape = picture.shape
                self._first = pts
                self._sink = self._open_sink(picture)
            elif picture.shape != self._shape:
                raise InputError(f"a frame of {tuple(frame.shape)} after frames of {_frame_shape(self._shape)}")
            elif pts <= self._held[1]:
                raise InputError(f"a frame at {pts} ticks after one at {self._held[1]}: frame times must increase")
            else:
                # Each frame waits for the next one, which tells how long it is shown.
                self._gap = pts - self._held[1]
                self._put_held_frame(self._gap)
            self._held = (picture, pts)

    def _put_held_frame(self, duration: int) -> None:
        assert self._sink is not None
        assert self._held is not None
        self._sink.put(self._held[0], self._held[1] - self._first, duration)

    def _open_sink(self, like: Picture) -> Sink:
        self._draft = Draft(self.path, folder=self._suffix == "", suffix=self._suffix)
        part = self._draft.path
        if self._suffix == "":
            return FolderSink(part, self._base, self._mark)
        if self._suffix == ".png":
            return ImageSink(part, self._mark)
        if self._suffix == ".gif":
            return GifSink(part, like, self._base, self._mark)

        return ContainerSink(part, self._suffix, like, self._base, self._quality, self._audio, self._mark)

    def _finish(self) -> None:
        if self._sink is None or self._draft is None:
            raise InputError(f"there are no frames to write to {self.path}")
        self._put_held_frame(self.last or self._gap)
        self._sink.finish()
        self._sink = None
        self._draft.commit()

    def _remove_part(self) -> None:
        try:
            if self._sink is not None:
                self._sink.abandon()
        except (OSError, FFmpegError):
            self._sink = None  # an error is on its way already, or the file is about to be removed
        if self._draft is not None:
            self._draft.discard()

    def _to_picture(self, frame: Tensor) -> Picture:
        if frame.ndim != 3 or frame.shape[0] not in (3, 4) or 0 in frame.shape:
            raise InputError(f"a frame to write is [3 or 4, H, W], not {tuple(frame.shape)}")
        if frame.dtype != torch.uint8:
            frame = (frame.detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
        # Laid out anew, pixel by pixel: the caller may draw into the tensor again.
        picture = cv2.merge([np.ascontiguousarray(layer) for layer in frame.detach().cpu().numpy()])
        if picture.shape[2] == 4 and self._suffix not in KEEPS_ALPHA:
            return _lay_on_background(picture, self._background)
        return picture


def write(
    path: str | Path,
    frames: Iterable[Tensor],
    timing: Timing,
    *,
    audio: str | Path | None = None,
    quality: int = 80,
    background: Colour = (0, 0, 0),
    mark: Mark | None = None,
    force: bool = False,
) -> Path:
    """Write frames with exact times.

    MP4, MOV and folders keep times exactly, MKV and WebM to 1/1000 s, GIF to 1/100 s.

    Args:
        path: .mp4, .mov, .mkv, .webm, .gif, .png (one frame); without a suffix, or ending in /: a folder of PNGs.
        frames: [3 or 4, H, W] each, uint8 or float in [0, 1], taken one by one; a tensor [T, C, H, W] will do.
        timing: One time a frame.
        audio: A file whose first audio stream goes along, up to the end of the last frame; GIF and PNG have no sound.
        quality: 1 to 100; GIF and PNG do not use it.
        background: RGB in [0, 1] behind frames with alpha, where the format keeps no alpha (.mp4, .mkv).
        mark: What the file is to say of how it was made.
        force: Replace what is there.

    Returns:
        The absolute path.

    Raises:
        OutputExistsError: Something stands at `path` already.
        UsageError: A format or quality that cannot be.
        InputError: Frames that do not fit together, or more or fewer of them than times; nothing is written then.
        MuybridgeError: The disk is full or refuses.

    Example:
        >>> muybridge.write("fox.gif", clip.pixels, clip.timing)
    """
    options = {"audio": audio, "quality": quality, "background": background, "mark": mark, "force": force}
    return write_all([path], frames, timing, **options)[0]  # type: ignore[arg-type]


def write_all(
    paths: Iterable[str | Path],
    frames: Iterable[Tensor],
    timing: Timing,
    *,
    audio: str | Path | None = None,
    quality: int = 80,
    background: Colour = (0, 0, 0),
    mark: Mark | None = None,
    force: bool = False,
) -> list[Path]:
    """`write` to several files side by side, so that no more than one frame is held for all of them."""
    options = {"audio": audio, "quality": quality, "background": background, "mark": mark, "force": force}
    with ExitStack() as stack:
        writers = [Writer(path, timing.time_base, last=timing.last, **options) for path in paths]  # type: ignore[arg-type]
        for writer in writers:
            stack.enter_context(writer)
        count = 0

        for count, frame in enumerate(frames, 1):
            # Told at once and not at the end, where an endless iterator would never arrive.
            if count > len(timing):
                raise InputError(f"there are more frames to write than the {len(timing)} frame times")
            for writer in writers:
                writer.add(frame, timing.pts[count - 1])

        if count < len(timing):
            raise InputError(f"there are {count} frames to write and {len(timing)} frame times")

    return [writer.path for writer in writers]


def _frame_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    return shape[2], shape[0], shape[1]


def _lay_on_background(picture: Picture, background: Colour) -> Picture:
    alpha = picture[:, :, 3:].astype(np.float32) / 255
    behind = np.asarray(background, np.float32) * 255
    return (picture[:, :, :3] * alpha + behind * (1 - alpha)).round().astype(np.uint8)


def _refuse_existing(path: Path, suffix: str, force: bool) -> None:
    # A folder that a kill has caught between two names stands there all the same.
    recover(path)
    if not path.exists():
        return
    if not force:
        raise OutputExistsError(f"{path} exists already", REPLACE_OR_CHOOSE)

    if suffix == "":
        # A folder is replaced whole, so a person's own files in it would be lost.
        notes = (TIMES, MARK_FILE)
        foreign = not path.is_dir() or [p for p in path.iterdir() if p.name not in notes and not _is_numbered_frame(p)]
        if foreign:
            raise OutputExistsError(
                f"{path} holds other things than numbered frames, and is not replaced", "Choose another folder."
            )
    elif path.is_dir():
        raise OutputExistsError(f"{path} is a folder", "Choose another name.")


def _is_numbered_frame(path: Path) -> bool:
    return path.suffix == ".png" and path.stem.isdecimal() and path.is_file()


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    """Turns what the system and libav say about writing into one sentence."""
    try:
        yield
    except OSError as error:  # FFmpegError among them, where it stands for a system error
        if is_out_of_memory(error):
            raise
        if is_disk_full(error):
            raise MuybridgeError(f"there is no space left to write {path}", "Free some, or write elsewhere.") from error
        raise MuybridgeError(f"{path} cannot be written: {error.strerror}", "Write it elsewhere.") from error
    except FFmpegError as error:
        if is_out_of_memory(error):
            raise
        raise MuybridgeError(f"{path} cannot be encoded: {error.strerror}", "Try another format or size.") from error
