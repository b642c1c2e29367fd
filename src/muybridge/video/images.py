"""Still images as sources: one image, a folder of frames, a strip of square frames side by side."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np

from muybridge.errors import InputError, UsageError
from muybridge.video.clip import Timing
from muybridge.video.media_input import LazyFrame, MediaInput, Picture
from muybridge.video.paths import MAX_BYTES, image_codec, list_images, read_head, refuse_large

TIMES = "times.json"
"""Beside the frames of a folder that Muybridge wrote: {"time_base": [1, 25], "pts": [0, 1, ...], "last": 1}."""

# Warnings would go to stderr, past Python; what is wrong with a file is said by an exception here.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class _StderrSilencer:
    """libjpeg writes about damaged files to the process's stderr, whatever it is told: meanwhile that leads nowhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept = -1

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._kept = os.dup(2)
        except OSError:  # there is no stderr
            self._kept = -1
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)

    def __exit__(self, *_: object) -> None:
        if self._kept >= 0:
            os.dup2(self._kept, 2)
            os.close(self._kept)
        self._lock.release()


_silence_stderr = _StderrSilencer()


def decode_image(path: Path) -> Picture:
    """The picture in a PNG, JPEG, WebP, BMP or TIFF file, turned as its EXIF orientation says.

    16-bit values are rounded to 8; grey becomes RGB; alpha is kept. Raises InputError for anything else.
    """
    codec = image_codec(read_head(path))
    if codec is None:
        raise InputError(f"{path} is not an image", "Images are PNG, JPEG, WebP, BMP or TIFF files.")
    size = header_size(path)
    if size is not None and 4 * size[0] * size[1] > MAX_BYTES:
        refuse_large(path, *size)
    data = path.read_bytes()
    picture = _decode_jpeg(data) if codec == "mjpeg" else _decode_with_libav(codec, data)
    if picture is None:
        raise InputError(f"{path} is a broken or truncated image", "Copy or download it again.")
    return picture


def _decode_jpeg(data: bytes) -> Picture | None:
    """As libjpeg decodes it, which is what the papers' programs saw; the other decoder smooths colour differently."""
    with _silence_stderr:
        try:
            bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            return None
    return None if bgr is None else bgr[:, :, ::-1]


def _decode_with_libav(codec: str, data: bytes) -> Picture | None:
    """By libav, which unlike libpng and libtiff says nothing on stderr about broken files."""
    decoder = cast(av.VideoCodecContext, av.CodecContext.create(codec, "r"))
    decoder.options = {"max_pixels": str(MAX_BYTES // 4)}
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except av.error.FFmpegError:
        return None
    return apply_orientation(to_array(frames[0]), find_orientation(frames[0])) if frames else None


def to_array(frame: av.VideoFrame, size: tuple[int, int] | None = None) -> Picture:
    """A decoded frame as RGB or RGBA; size is (H, W) where it is to be another than its own."""
    parts = frame.format.components
    alpha = any(part.is_alpha for part in parts) or frame.format.name == "pal8"
    height, width = size or (frame.height, frame.width)
    if parts[0].bits == 16:
        deep = frame.to_ndarray(format="rgba64le" if alpha else "rgb48le", width=width, height=height)
        return ((deep.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return frame.to_ndarray(format="rgba" if alpha else "rgb24", width=width, height=height)


Orientation = tuple[bool, int, int]
"""Whether rows and columns change places, and then the steps, 1 or -1, in which rows and columns are walked."""


def find_orientation(frame: av.VideoFrame) -> Orientation:
    """How a frame's display matrix says that it is to be shown, to the nearest quarter turn.

    Asked once per stream and not per frame: PyAV ties a frame and its side data into a cycle, so that frames which
    were asked pile up until the garbage collector comes.
    """
    try:
        notes: Any = frame.side_data
        told = "DISPLAYMATRIX" in [note.type.name for note in notes]
    except ValueError:  # there are side data of a kind that PyAV has no name for
        return {90: (True, -1, 1), -90: (True, 1, -1), 180: (False, -1, -1)}.get(_quarter_turn(frame), (False, 1, 1))
    if not told:
        return False, 1, 1
    a, b, _, c, d, *_ = np.frombuffer(bytes(notes["DISPLAYMATRIX"])[:36], np.int32).tolist()
    swapped = abs(a) < abs(c)  # then x' = c y and y' = b x
    across, down = (c, b) if swapped else (a, d)
    return swapped, -1 if down < 0 else 1, -1 if across < 0 else 1


def _quarter_turn(frame: av.VideoFrame) -> int:
    """Degrees against the clock: -90, 0, 90 or 180."""
    return (round(frame.rotation / 90) % 4 + 1) % 4 * 90 - 90


def apply_orientation(picture: Picture, turn: Orientation) -> Picture:
    """The picture as it is to be shown."""
    swapped, down, across = turn
    return (picture.transpose(1, 0, 2) if swapped else picture)[::down, ::across]


def header_size(path: Path) -> tuple[int, int] | None:
    """(H, W) of a PNG or JPEG as stored, before any EXIF turn, without decoding it; None where it is not told."""
    start = read_head(path)
    codec = image_codec(start)
    if codec == "png":
        return int.from_bytes(start[20:24], "big"), int.from_bytes(start[16:20], "big")
    return _read_jpeg_size(path) if codec == "mjpeg" else None


def _read_jpeg_size(path: Path) -> tuple[int, int] | None:
    with path.open("rb") as file:
        file.seek(2)
        while len(mark := file.read(4)) == 4 and mark[0] == 0xFF:
            if 0xC0 <= mark[1] <= 0xCF and mark[1] not in (0xC4, 0xC8, 0xCC):
                frame = file.read(5)
                return int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
            file.seek(int.from_bytes(mark[2:4], "big") - 2, 1)
    return None


def _image_size(path: Path) -> tuple[int, int]:
    size = header_size(path)
    if size is None:
        picture = decode_image(path)
        size = (picture.shape[0], picture.shape[1])
    return size


def is_strip(path: Path) -> bool:
    """Whether an image is obviously a strip of square frames: PNG or JPEG, at least four whole squares in a row."""
    size = header_size(path)
    return size is not None and size[0] > 0 and size[1] % size[0] == 0 and size[1] >= 4 * size[0]


def open_image(path: Path) -> MediaInput:
    """One image: a clip of one frame that stays 1/25 s."""

    def load() -> Picture:
        picture = decode_image(path)
        refuse_large(path, *picture.shape[:2])
        return picture

    return MediaInput(
        path,
        "image",
        Fraction(1, 25),
        lambda: iter([LazyFrame(load, 0, 1)]),
        lambda: max(_image_size(path)),
        1,
        Fraction(25),
    )


def open_strip(path: Path) -> MediaInput:
    """Square frames side by side in one image, 25 a second.

    Raises UsageError where the width is not at least two whole heights.
    """
    height, width = _image_size(path)
    if width % height or width < 2 * height:
        raise UsageError(
            f"{path} is {width}x{height} px, which is not a row of two or more square frames",
            "Read it as one image, or cut it into a folder of frames.",
        )

    def shots() -> Iterator[LazyFrame]:
        picture = decode_image(path)
        for i in range(width // height):
            part = picture[:, i * height : (i + 1) * height]
            yield LazyFrame(part.copy, i, 1)

    return MediaInput(path, "strip", Fraction(1, 25), shots, lambda: height, width // height, Fraction(25))


def open_folder(path: Path) -> MediaInput:
    """A folder of images in natural order; JOKR's layout X/train + X/train_seg by either name; times.json if there.

    Frames may differ in size. Raises InputError for a folder without images, or whose masks or times do not fit.
    """
    images, layout = list_images(path), path
    if not images and (path / "train").is_dir():
        layout = path / "train"
        images = list_images(layout)
    if not images:
        raise InputError(
            f"the folder {path} holds no images",
            "Give a folder of PNG, JPEG, WebP, BMP or TIFF files, or one with train and train_seg in it.",
        )
    masks = _find_masks(layout.with_name("train_seg"), images) if layout.name == "train" else None
    timing = _read_times(layout / TIMES, len(images))

    def shots() -> Iterator[LazyFrame]:
        ends = [*timing.pts[1:], timing.pts[-1] + timing.last]
        for i, image in enumerate(images):
            mask = masks[i] if masks else None
            yield LazyFrame(partial(_load_with_mask, image, mask), timing.pts[i], ends[i] - timing.pts[i])

    def longest() -> int:
        return max(side for image in images for side in _image_size(image))

    rate = len(images) / ((timing.pts[-1] + timing.last) * timing.time_base)
    return MediaInput(path, "folder", timing.time_base, shots, longest, len(images), rate, has_masks=masks is not None)


def _find_masks(folder: Path, images: list[Path]) -> list[Path] | None:
    if not folder.is_dir():
        return None
    by_name = {p.stem: p for p in list_images(folder)}
    missing = [image.name for image in images if image.stem not in by_name]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(images)} frames have no mask in {folder}, {missing[0]} the first of them",
            "Each mask needs the name of its frame.",
        )
    return [by_name[image.stem] for image in images]


def _load_with_mask(image: Path, mask: Path | None) -> Picture:
    picture = decode_image(image)
    refuse_large(image, *picture.shape[:2])
    if mask is None:
        return picture
    grey = decode_image(mask)[:, :, :3].mean(axis=2)
    if grey.shape != picture.shape[:2]:
        raise InputError(
            f"the mask {mask} is {grey.shape[1]}x{grey.shape[0]} px and its frame "
            f"{picture.shape[1]}x{picture.shape[0]}",
            "A mask has the size of its frame.",
        )
    # JPEG leaves noise around 0 and 255.
    subject = np.where(grey > 127, 255, 0).astype(np.uint8)
    return np.dstack([picture[:, :, :3], subject])


def _read_times(path: Path, count: int) -> Timing:
    if not path.is_file():
        return Timing.constant(count)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        timing = Timing(tuple(map(int, told["pts"])), int(told["last"]), Fraction(*map(int, told["time_base"])))
    except (ValueError, KeyError, TypeError, ZeroDivisionError, InputError) as error:
        raise InputError(f"{path} does not hold frame times", "Remove it to read the folder at 25 a second.") from error
    if len(timing) != count:
        raise InputError(
            f"{path} holds {len(timing)} frame times for {count} images",
            "Remove it to read the folder at 25 a second.",
        )
    return timing
