"""Still images as input: one image, a folder of frames, a strip of square frames side by side."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from muybridge.disk import read_json
from muybridge.errors import InputError, MuybridgeWarning, UsageError
from muybridge.video.clip import Timing
from muybridge.video.media_input import LazyFrame, MediaInput, Picture
from muybridge.video.paths import list_images
from muybridge.video.stills import StillHeader, decode_image, read_header

TIMES = "times.json"
"""Beside the frames of a folder that Muybridge wrote: {"time_base": [1, 25], "pts": [0, 1, ...], "last": 1}."""
_MAX_TIMES_BYTES = 2**25
_LONGEST_SECONDS = 10**7
"""Of a clip: a hundred days."""
_LARGEST_TICKS = 2**31 - 1
"""What the time base of a container holds."""
_STRIP_FORMATS = ("png", "jpeg")
_STRIP_FRAMES = 4
"""A row of so many squares or more is taken for a strip; a panorama is hardly ever exactly that."""


def is_strip(header: StillHeader) -> bool:
    """Whether an image is obviously a strip of square frames: PNG or JPEG, at least four whole squares in a row."""
    height, width = header.size
    return header.format in _STRIP_FORMATS and width % height == 0 and width >= _STRIP_FRAMES * height


def open_image(path: Path, header: StillHeader) -> MediaInput:
    """One image: a clip of one frame that stays 1/25 s."""
    return MediaInput(
        path,
        "image",
        Fraction(1, 25),
        lambda: iter([LazyFrame(partial(decode_image, path), 0, 1)]),
        lambda: max(header.size),
        1,
        Fraction(25),
    )


def open_strip(path: Path, header: StillHeader) -> MediaInput:
    """Square frames side by side in one image, 25 a second.

    Raises UsageError where the width is not at least two whole heights.
    """
    height, width = header.size
    if width % height or width < 2 * height:
        raise UsageError(
            f"{path} is {width}x{height} px, which is not a row of two or more square frames",
            "Read it as one image, or cut it into a folder of frames.",
        )

    def iter_squares() -> Iterator[LazyFrame]:
        picture = decode_image(path)
        for i in range(width // height):
            part = picture[:, i * height : (i + 1) * height]
            # A copy for each square, or one frame that is kept would keep the whole strip in memory.
            yield LazyFrame(part.copy, i, 1)

    return MediaInput(path, "strip", Fraction(1, 25), iter_squares, lambda: height, width // height, Fraction(25))


def open_folder(path: Path) -> MediaInput:
    """A folder of images in natural order; JOKR's layout X/train + X/train_seg by either name; times.json if there.

    Frames may differ in size. Raises InputError for a folder without images, or whose masks or times do not fit.
    """
    layout = path
    images = list_images(path)
    if not images and (path / "train").is_dir():
        layout = path / "train"
        images = list_images(layout)
    if not images:
        raise InputError(
            f"the folder {path} holds no images",
            "Give a folder of PNG, JPEG, WebP, BMP, TIFF, AVIF or HEIC files, or one with train and train_seg in it.",
        )

    timing = _read_times(layout / TIMES, len(images))
    masks = _find_masks(layout.with_name("train_seg"), images) if layout.name == "train" else None
    if masks is not None:
        # As the authors' program reads it: the frames are those that have a mask.
        kept = []
        for i, mask in enumerate(masks):
            if mask is not None:
                kept.append(i)

        timing = timing.select(kept) if (layout / TIMES).is_file() else Timing.constant(len(kept))
        images = [images[i] for i in kept]
        masks = [masks[i] for i in kept]

    def iter_images() -> Iterator[LazyFrame]:
        ends = [*timing.pts[1:], timing.pts[-1] + timing.last]
        for i, image in enumerate(images):
            mask = masks[i] if masks else None
            yield LazyFrame(partial(_load_with_mask, image, mask), timing.pts[i], ends[i] - timing.pts[i])

    def find_longest_side() -> int:
        return max(side for image in images for side in read_header(image).size)

    rate = len(images) / ((timing.pts[-1] + timing.last) * timing.time_base)
    return MediaInput(
        path,
        "folder",
        timing.time_base,
        iter_images,
        find_longest_side,
        len(images),
        rate,
        has_masks=masks is not None,
    )


def _find_masks(folder: Path, images: list[Path]) -> list[Path | None] | None:
    """The mask of each frame, None for a frame that has none; None where there is no folder of masks."""
    if not folder.is_dir():
        return None
    by_name = {}
    for file in list_images(folder):
        by_name[file.stem] = file

    masks = []
    missing = []
    for image in images:
        mask = by_name.get(image.stem)
        masks.append(mask)
        if mask is None:
            missing.append(image.name)

    # Some masks may be missing on purpose, but where all are, the names or the folder are wrong.
    if len(missing) == len(images):
        raise InputError(
            f"none of the {len(images)} frames has a mask in {folder}", "Each mask needs the name of its frame."
        )
    if missing:
        warnings.warn(
            f"{len(missing)} of {len(images)} frames have no mask in {folder}, {missing[0]} the first of them: "
            "they are left out",
            MuybridgeWarning,
            stacklevel=2,
        )
    return masks


def _load_with_mask(image: Path, mask: Path | None) -> Picture:
    picture = decode_image(image)
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
        told = read_json(path, _MAX_TIMES_BYTES)
        timing = Timing(tuple(map(int, told["pts"])), int(told["last"]), Fraction(*map(int, told["time_base"])))
        if timing.duration > _LONGEST_SECONDS or max(timing.time_base.denominator, timing.pts[-1]) > _LARGEST_TICKS:
            raise ValueError("no clip lasts as long, and no container counts as far")
    except (ValueError, LookupError, TypeError, ArithmeticError, OSError, InputError) as error:
        raise InputError(f"{path} does not hold frame times", "Remove it to read the folder at 25 a second.") from error

    if len(timing) != count:
        raise InputError(
            f"{path} holds {len(timing)} frame times for {count} images",
            "Remove it to read the folder at 25 a second.",
        )
    return timing
