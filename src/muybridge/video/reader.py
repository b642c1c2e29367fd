"""From files to clips."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import InputError, MuybridgeWarning, UsageError, is_out_of_memory
from muybridge.video.clip import Clip, Timing
from muybridge.video.containers import open_video
from muybridge.video.images import is_strip, open_folder, open_image, open_strip
from muybridge.video.media_input import Kind, MediaInput, Picture
from muybridge.video.memory import find_memory_limit
from muybridge.video.paths import check_path, detect_still_format, read_head, refuse_small
from muybridge.video.stills import is_jpeg_stream, open_animated_still, read_header


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


@dataclass(frozen=True)
class _Selection:
    """Which frames of a file are wanted, and how large; see `read`."""

    max_frames: int | None = None
    start: int = 0
    max_side: int | None = None
    stride: int = 1

    def __post_init__(self) -> None:
        at_least_one = []
        for n in (self.stride, self.max_frames, self.max_side):
            if n is not None:
                at_least_one.append(n)

        if self.start < 0 or min(at_least_one) < 1:
            raise UsageError(
                f"cannot read with start {self.start}, stride {self.stride}, max_frames {self.max_frames}, "
                f"max_side {self.max_side}",
                "start is 0 or more; stride, max_frames and max_side are 1 or more.",
            )

    @property
    def stop(self) -> int | None:
        """The first frame that is not wanted any more."""
        return None if self.max_frames is None else self.start + (self.max_frames - 1) * self.stride + 1

    def count_of(self, whole: int) -> int:
        """How many frames of so many."""
        return len(range(self.start, whole if self.stop is None else min(whole, self.stop), self.stride))


def probe(path: str | Path) -> MediaInfo:
    """What stands at a path, cheaply.

    Raises InputError as `read` does.
    """
    source = _open(path, None)
    with warnings.catch_warnings():
        # What is to be said of the frames is said by whoever reads them all.
        warnings.simplefilter("ignore", MuybridgeWarning)
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
    selection = _Selection(max_frames, start, max_side, stride)
    return _iter_chosen(_open(path, strip), selection)


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

    Its times are exact: the container's own ticks, the first at 0. Frames are turned as the file says and have square
    pixels; more than 8 bits are rounded, high dynamic range is brought to BT.709, interlaced frames are made whole.
    Alpha becomes silhouettes where it is not opaque everywhere, and what it hides is black. Frames of unequal size
    stand at the top left of a black canvas, see `Clip.sizes`. Damaged files give the frames that can be used, with a
    MuybridgeWarning; so do times that do not increase.

    Args:
        path: A video (MP4, MOV, MKV, WebM, AVI, GIF, animated PNG and WebP, and more: see docs/formats.md), an image
            (PNG, JPEG, WebP, BMP, TIFF, AVIF, HEIC), a folder of images in natural order (25 a second, or as its
            times.json says), or JOKR's layout: a folder with `train` and `train_seg` in it, whose masks (over 127)
            become the silhouettes. Only local files.
        max_frames: Stop after so many frames.
        start: Leave out so many frames at the beginning.
        max_side: Frames larger than this, in pixels, are made smaller while decoding, all by one factor.
        stride: Keep every so many-th frame.
        strip: An image is a row of square frames: True or False; None takes a PNG or JPEG that is exactly four or more
            squares wide for one (a panorama is hardly ever exactly that).

    Returns:
        The clip: pixels uint8 [T, 3, H, W], exact times, silhouettes where there are some.

    Raises:
        InputError: No frame can be used, frames are smaller than 16 or larger than 16384 px on a side, or the clip
            would not fit in memory.
        UsageError: Arguments out of range.

    Example:
        >>> clip = muybridge.read("fox.mp4", max_frames=100)
    """
    selection = _Selection(max_frames, start, max_side, stride)
    source = _open(path, strip)
    limit = find_memory_limit()
    found: list[Frame] = []
    total = 0
    with _explain_full_memory(source.path):
        for frame in _refuse_small_frames(source, _iter_chosen(source, selection)):
            size = frame.pixels.numel() + (0 if frame.matte is None else frame.matte.numel())
            if not found:
                # After one frame the rest can be estimated: better to refuse now than after minutes of decoding.
                _check_expected_size(source, selection, size, limit)
            total += size
            if total > limit:
                raise _too_long(source.path, total)
            found.append(frame)

        if not found:
            raise InputError(f"{source.path} ends before frame {start}", "Start earlier.")
        return _build_clip(source, found)


def iter_chunks(path: str | Path, length: int, *, max_side: int | None = None) -> Iterator[Clip]:
    """A clip in pieces of `length` frames, the last one shorter, so that memory does not grow with the whole.

    path, max_side  and errors as for `read`, except that nothing is too long
    Each piece counts its times from its own first frame. Frames of unequal size are padded piece by piece.
    """
    selection = _Selection(max_side=max_side)
    source = _open(path, None)
    shown = _refuse_small_frames(source, _iter_chosen(source, selection))
    while found := list(islice(shown, length)):
        yield _build_clip(source, found)


def _open(path: str | Path, strip: bool | None) -> MediaInput:
    path = check_path(path)
    if path.is_dir():
        return open_folder(path)

    kind = detect_still_format(read_head(path))
    # A file of several JPEGs begins like a still one, and is a video.
    if kind is None or (kind == "jpeg" and is_jpeg_stream(path)):
        return open_video(path)

    header = read_header(path)
    # The pages of a TIFF are no animation.
    if kind != "tiff" and header.frames > 1:
        return open_animated_still(path, header)
    if strip or (strip is None and is_strip(header)):
        return open_strip(path, header)
    return open_image(path, header)


def _iter_chosen(source: MediaInput, selection: _Selection) -> Iterator[Frame]:
    factor = 1.0 if selection.max_side is None else selection.max_side / source.longest_side()
    for lazy in islice(source.iter_timed(), selection.start, selection.stop, selection.stride):
        whole = lazy.load()
        full = (whole.shape[0], whole.shape[1])
        picture = _shrink(whole, factor, transparent=not source.has_masks)
        del whole

        planes = torch.from_numpy(np.array(picture.transpose(2, 0, 1), order="C"))
        matte = planes[3:] if len(planes) == 4 else None
        assert lazy.pts is not None
        yield Frame(planes[:3], matte, lazy.pts, lazy.duration, source.time_base, full)


def _refuse_small_frames(source: MediaInput, shown: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames; InputError at the first in which nothing can be seen."""
    before: tuple[int, ...] = ()
    for frame in shown:
        if frame.pixels.shape != before:
            refuse_small(source.path, *frame.pixels.shape[1:])
            before = tuple(frame.pixels.shape)
        yield frame


def _shrink(picture: Picture, factor: float, transparent: bool) -> Picture:
    """The picture made smaller.

    transparent  whether its fourth channel is transparency, and not a silhouette beside colours that can be seen
    """
    if factor >= 1:
        return picture

    height, width = (max(1, round(side * factor)) for side in picture.shape[:2])
    if picture.shape[2] == 3 or not transparent:
        return cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=cv2.INTER_AREA)

    # Each pixel counts as much as it can be seen: else the subject's edge would take on what is hidden beside it.
    alpha = picture[:, :, 3:].astype(np.float32) / 255
    layers = np.concatenate([picture[:, :, :3] * alpha, alpha], axis=2)
    small = cv2.resize(layers, (width, height), interpolation=cv2.INTER_AREA)
    colours = small[:, :, :3] / np.maximum(small[:, :, 3:], 1e-6)
    shown = np.concatenate([colours, small[:, :, 3:] * 255], axis=2)
    return shown.round().clip(0, 255).astype(np.uint8)


def _check_expected_size(source: MediaInput, selection: _Selection, frame: int, limit: int) -> None:
    """Refuse what will not fit before the second frame is decoded, where the file says how many there are.

    frame  bytes of the first one; frames of a folder may differ, so that it tells nothing there
    """
    if source.count is None or source.kind == "folder":
        return
    expected = frame * selection.count_of(source.count)
    if expected > limit:
        raise _too_long(source.path, expected)


def _too_long(path: Path, total: int) -> InputError:
    """Most systems kill a process that takes more memory than there is, without a word."""
    return InputError(
        f"{path} does not fit in memory: {total / 2**30:.1f} GiB of frames or more",
        "Read less of it: fewer frames, every second one, or smaller ones.",
    )


@contextmanager
def _explain_full_memory(path: Path) -> Iterator[None]:
    """Turns what numpy, torch and OpenCV say about memory into one sentence."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise _no_memory(path) from error


def _no_memory(path: Path) -> InputError:
    return InputError(
        f"there is not enough memory to read {path}",
        "Read less of it: fewer frames, every second one, or smaller ones.",
    )


def _build_clip(source: MediaInput, found: list[Frame]) -> Clip:
    """One clip of all these frames, which are taken out of the list."""
    first = found[0].pts
    pts = []
    full = []
    sizes = []
    for frame in found:
        pts.append(frame.pts - first)
        full.append(frame.full)
        sizes.append((frame.pixels.shape[1], frame.pixels.shape[2]))

    timing = Timing(tuple(pts), found[-1].duration, source.time_base)
    height = max(h for h, _ in sizes)
    width = max(w for _, w in sizes)
    equal = len(set(sizes)) == 1
    seen = any(frame.matte is not None and (source.has_masks or bool((frame.matte < 255).any())) for frame in found)

    # Only smaller frames leave pixels of the canvas unwritten, which have to be black.
    allocate = torch.empty if equal else torch.zeros
    pixels = allocate(len(found), 3, height, width, dtype=torch.uint8)
    mattes = torch.zeros(len(found), 1, height, width, dtype=torch.uint8) if seen else None

    # Each frame is let go once it is copied: the peak is then one clip and not two.
    found.reverse()
    for t, (h, w) in enumerate(sizes):
        frame = found.pop()
        pixels[t, :, :h, :w] = frame.pixels
        if mattes is not None:
            # A frame without alpha among others that have some is opaque.
            mattes[t, :, :h, :w] = 255 if frame.matte is None else frame.matte

    audio = source.path if source.has_audio else None
    smaller = None if full == sizes else tuple(full)
    return Clip(pixels, timing, mattes, None if equal else tuple(sizes), source.path, audio, smaller)
