"""From files to clips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import InputError, UsageError
from muybridge.video.clip import Clip, Timing
from muybridge.video.containers import open_video
from muybridge.video.images import is_strip, open_folder, open_image, open_strip
from muybridge.video.media_input import Kind, MediaInput, Picture
from muybridge.video.paths import check_path, image_codec, read_head, refuse_small


@dataclass(frozen=True)
class MediaInfo:
    """What can be told of a file by decoding no more than its first frame.

    kind       video, gif, image, folder or strip
    size       (H, W) of the first frame as shown: turned, with square pixels
    frames     how many, or None where the file does not say
    rate       mean frames per second, or None where the file does not say
    has_audio  whether there is a sound stream
    has_alpha  whether the first frame has an alpha channel, or the folder masks (they may be opaque all over)
    """

    kind: Kind
    size: tuple[int, int]
    frames: int | None
    rate: float | None
    has_audio: bool
    has_alpha: bool


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded frame.

    pixels     uint8 [3, H, W]          RGB
    matte      uint8 [1, H, W] or None  alpha or given silhouette, 255 on the subject
    pts        ticks since the first frame of the file
    duration   ticks until the next one
    time_base  seconds per tick
    full       (H, W) in the file, before it was made smaller
    """

    pixels: UInt8[Tensor, "3 H W"]
    matte: UInt8[Tensor, "1 H W"] | None
    pts: int
    duration: int
    time_base: Fraction
    full: tuple[int, int]


def probe(path: str | Path) -> MediaInfo:
    """What stands at a path, cheaply.

    Raises InputError as `read` does.
    """
    source = _open(path, None)
    first = next(source.iter_timed()).load()
    rate = None if source.rate is None else float(source.rate)
    alpha = first.shape[2] == 4
    return MediaInfo(source.kind, (first.shape[0], first.shape[1]), source.count, rate, source.has_audio, alpha)


def iter_frames(
    path: str | Path,
    *,
    max_frames: int | None = None,
    start: int = 0,
    max_side: int | None = None,
    stride: int = 1,
    strip: bool | None = None,
) -> Iterator[Frame]:
    """The frames of a file or folder one after the other, so that memory does not grow with their number.

    Arguments and errors as for `read`, with these differences: frames of unequal size in a folder come as they are,
    unpadded; frames may be as small as they like; times are counted from the file's first frame.
    """
    _check_range(max_frames, start, max_side, stride)
    return _iter_chosen(_open(path, strip), max_frames, start, max_side, stride)


def read(
    path: str | Path,
    *,
    max_frames: int | None = None,
    start: int = 0,
    max_side: int | None = None,
    stride: int = 1,
    strip: bool | None = None,
) -> Clip:
    """Read a clip whole.

    path        a video (MP4, MOV, MKV, WebM, AVI, GIF, animated PNG), an image (PNG, JPEG, WebP, BMP, TIFF), a folder
                of images in natural order (25 a second, or as its times.json says), or JOKR's layout: a folder with
                `train` and `train_seg` in it, whose masks (over 127) become the silhouettes. Only local files.
    max_frames  stop after so many frames
    start       leave out so many frames at the beginning
    max_side    frames larger than this, in pixels, are made smaller while decoding, all by one factor
    stride      keep every so many-th frame
    strip       an image is a row of square frames: True or False; None takes a PNG or JPEG that is exactly four or
                more squares wide for one (a panorama is hardly ever exactly that)
    returns     a clip whose times are exact: the container's own ticks, the first at 0. Frames are turned as the
                file says and have square pixels; more than 8 bits are rounded. Alpha becomes silhouettes where it is
                not opaque everywhere, and the colours under it stay as stored. Frames of unequal size stand at the
                top left of a black canvas, see `Clip.sizes`.

    Damaged files give the frames that can be used, with a MuybridgeWarning; so do times that do not increase.
    Raises InputError where no frame can be used, frames are smaller than 16 or larger than 16384 px on a side, or the
    clip would not fit in memory; UsageError for arguments out of range.
    """
    _check_range(max_frames, start, max_side, stride)
    source = _open(path, strip)
    found: list[Frame] = []
    total = 0
    for frame in _refuse_small_frames(source, _iter_chosen(source, max_frames, start, max_side, stride)):
        total += frame.pixels.numel() + (0 if frame.matte is None else frame.matte.numel())
        _refuse_long(source.path, total)
        found.append(frame)
    if not found:
        raise InputError(f"{source.path} ends before frame {start}", "Start earlier.")
    return _build_clip(source, found)


def iter_chunks(path: str | Path, length: int, *, max_side: int | None = None) -> Iterator[Clip]:
    """A clip in pieces of `length` frames, the last one shorter, so that memory does not grow with the whole.

    path, max_side  and errors as for `read`, except that nothing is too long
    Each piece counts its times from its own first frame. Frames of unequal size are padded piece by piece.
    """
    _check_range(None, 0, max_side, 1)
    source = _open(path, None)
    shown = _refuse_small_frames(source, _iter_chosen(source, None, 0, max_side, 1))
    while found := list(islice(shown, length)):
        yield _build_clip(source, found)


def _check_range(max_frames: int | None, start: int, max_side: int | None, stride: int) -> None:
    if (
        start < 0
        or stride < 1
        or (max_frames is not None and max_frames < 1)
        or (max_side is not None and max_side < 1)
    ):
        raise UsageError(
            f"cannot read with start {start}, stride {stride}, max_frames {max_frames}, max_side {max_side}",
            "start is 0 or more; stride, max_frames and max_side are 1 or more.",
        )


def _open(path: str | Path, strip: bool | None) -> MediaInput:
    path = check_path(path)
    if path.is_dir():
        return open_folder(path)
    if image_codec(read_head(path)) is None:
        return open_video(path)
    return open_strip(path) if strip or (strip is None and is_strip(path)) else open_image(path)


def _iter_chosen(
    source: MediaInput, max_frames: int | None, start: int, max_side: int | None, stride: int
) -> Iterator[Frame]:
    factor = 1.0 if max_side is None else max_side / source.longest_side()
    stop = None if max_frames is None else start + (max_frames - 1) * stride + 1
    for shot in islice(source.iter_timed(), start, stop, stride):
        whole = shot.load()
        picture = _shrink(whole, factor)
        planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
        matte = planes[3:] if len(planes) == 4 else None
        assert shot.pts is not None
        full = (whole.shape[0], whole.shape[1])
        yield Frame(planes[:3], matte, shot.pts, shot.duration, source.time_base, full)


def _refuse_small_frames(source: MediaInput, shown: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames; InputError at the first in which nothing can be seen."""
    before: tuple[int, ...] = ()
    for frame in shown:
        if frame.pixels.shape != before:
            refuse_small(source.path, *frame.pixels.shape[1:])
            before = tuple(frame.pixels.shape)
        yield frame


def _shrink(picture: Picture, factor: float) -> Picture:
    if factor >= 1:
        return picture
    height, width = (max(1, round(side * factor)) for side in picture.shape[:2])
    return cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=cv2.INTER_AREA)


def _refuse_long(path: Path, total: int) -> None:
    """Most systems kill a process that takes more memory than there is, without a word."""
    if total > _memory_limit():
        raise InputError(
            f"{path} does not fit in memory: {total / 2**30:.0f} GiB of frames and not at its end",
            "Read less of it: fewer frames, every second one, or smaller ones.",
        )


def _memory_limit() -> int:
    if not hasattr(os, "sysconf"):
        return 2**63
    return int(0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _build_clip(source: MediaInput, found: list[Frame]) -> Clip:
    """One clip of all these frames, which are taken out of the list."""
    first = found[0].pts
    timing = Timing(tuple(f.pts - first for f in found), found[-1].duration, source.time_base)
    full = tuple(f.full for f in found)
    sizes = tuple((f.pixels.shape[1], f.pixels.shape[2]) for f in found)
    height, width = max(h for h, _ in sizes), max(w for _, w in sizes)
    equal = len(set(sizes)) == 1
    seen = any(f.matte is not None and (source.has_masks or bool((f.matte < 255).any())) for f in found)
    pixels = (torch.empty if equal else torch.zeros)(len(found), 3, height, width, dtype=torch.uint8)
    mattes = torch.zeros(len(found), 1, height, width, dtype=torch.uint8) if seen else None
    # Each frame is let go once it is copied: the peak is then one clip and not two.
    found.reverse()
    for t, (h, w) in enumerate(sizes):
        frame = found.pop()
        pixels[t, :, :h, :w] = frame.pixels
        if mattes is not None:
            mattes[t, :, :h, :w] = 255 if frame.matte is None else frame.matte
    audio = source.path if source.has_audio else None
    smaller = None if full == sizes else full
    return Clip(pixels, timing, mattes, None if equal else sizes, source.path, audio, smaller)
