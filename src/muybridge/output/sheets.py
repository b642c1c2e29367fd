"""Sheets that show a pair's results beside what was filmed: everything in step, each cut to its subject."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.pair import SIDES
from muybridge.inputs.clips import SilhouetteInput
from muybridge.jobs.loading import Fitted
from muybridge.method import EditsKeypoints
from muybridge.tensors import Points
from muybridge.video import Timing, contact_sheet, draw_keypoints, iter_frames, side_by_side, write
from muybridge.video.contrast import Colour, PixelBox, find_subject_box
from muybridge.video.mark import Mark

SHOWN = 256
"""Height in pixels of each video in a sheet, at most."""
LEAST = 64
"""The same, at least: labels need room."""
COLUMNS = 6
"""Frames of each video in the contact sheet."""

Frames = Tensor | Sequence[Tensor]


def write_sheets(
    inputs: Sequence[SilhouetteInput], results: Mapping[str, Frames], folder: Path, mark: Mark | None
) -> dict[str, Path]:
    """The side-by-side video and the contact sheet of a pair: what it is -> file.

    results  "a", "b" -> small frames of the subject moving as the other one
    """
    rows = _rows(inputs, results)
    timings = [inputs[1].clip.timing] * 2 + [inputs[0].clip.timing] * 2
    beside = _in_step(rows, timings, folder / "side-by-side.mp4", mark)

    sheet = contact_sheet(rows, COLUMNS, max(128, _height(rows)))
    still = write(folder / "contact-sheet.png", [sheet], Timing.constant(1), mark=mark)
    return {"side-by-side.mp4": beside, "contact-sheet.png": still}


def write_keypoints(fitted: Fitted, inputs: Sequence[SilhouetteInput], folder: Path) -> Path | None:
    """Both videos with their keypoints, in step; None for a method without keypoints."""
    method = fitted.method
    if not isinstance(method, EditsKeypoints):
        return None

    rows: dict[str, Frames] = {}
    for side, each in zip(SIDES, inputs, strict=True):
        box = _box_of(each)
        points = _within(method.locate_keypoints(fitted.data, side), (each.clip.height, each.clip.width), box)
        drawn = []
        for frame, p in zip(_cut(each.clip.pixels, box), points, strict=True):
            drawn.append(draw_keypoints(_scale(frame, SHOWN), p, numbered=True))

        rows[drawable_text(each.name)] = drawn

    return _in_step(rows, [each.clip.timing for each in inputs], folder / "keypoints.mp4")


def read_small(path: Path, box: PixelBox | None, behind: Colour) -> list[Tensor]:
    """Frames of a result as they were written, cut to a box and made small: uint8 [3, h, w] each.

    box     None for whole frames
    behind  what transparent frames are shown on
    """
    ground = torch.tensor(behind)[:, None, None] * 255
    small = []
    for frame in iter_frames(path):
        pixels = frame.pixels
        if frame.matte is not None:
            share = frame.matte.float() / 255
            pixels = (pixels * share + ground * (1 - share)).round().to(torch.uint8)
        cut = pixels if box is None else _cut(pixels, box)
        small.append(_scale(cut, SHOWN) if cut.shape[-2] > SHOWN else cut.clone())
    return small


def drawable_text(text: str) -> str:
    """The text in letters that can be drawn on a picture."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return letters.strip() or "clip"


def _rows(inputs: Sequence[SilhouetteInput], results: Mapping[str, Frames]) -> dict[str, Frames]:
    a, b = (drawable_text(each.name) for each in inputs)
    filmed = []
    for each in inputs:
        filmed.append(_cut(each.clip.pixels, _box_of(each)))

    return {
        f"{b} (driving)": filmed[1],
        f"{a} moving like {b}": results["a"],
        f"{a} (driving)": filmed[0],
        f"{b} moving like {a}": results["b"],
    }


def _in_step(rows: Mapping[str, Frames], timings: Sequence[Timing], path: Path, mark: Mark | None = None) -> Path:
    """Each keeps its own pace, and the shorter ones start again."""
    longest = max(timings, key=lambda timing: timing.duration)
    streams = []
    for frames, timing in zip(rows.values(), timings, strict=True):
        streams.append(_loop(frames, timing, longest))

    return write(path, side_by_side(streams, list(rows), height=_height(rows)), longest, mark=mark)


def _height(rows: Mapping[str, Frames]) -> int:
    tallest = max(int(frames[0].shape[-2]) for frames in rows.values())
    return max(LEAST, min(SHOWN, tallest))


def _loop(frames: Frames, own: Timing, other: Timing) -> Iterator[Tensor]:
    starts = own.seconds
    duration = own.duration
    for at in other.seconds:
        # A frame that starts now is shown now, whatever floats make of it.
        yield frames[max(0, bisect_right(starts, (at + 1e-6) % duration) - 1)]


def _box_of(each: SilhouetteInput) -> PixelBox:
    clip = each.clip
    return (0, clip.height, 0, clip.width) if clip.mattes is None else find_subject_box(clip.mattes)


def _cut(frames: Tensor, box: PixelBox) -> Tensor:
    """[..., H, W] -> [..., h, w], not copied."""
    top, bottom, left, right = box
    return frames[..., top:bottom, left:right]


def _within(points: Points, size: tuple[int, int], box: PixelBox) -> Points:
    """Keypoints of frames of `size` in units of a box of them."""
    top, bottom, left, right = box
    spans = torch.tensor([size[1] - 1, size[0] - 1])
    corner = torch.tensor([left, top])
    inner = torch.tensor([max(1, right - left - 1), max(1, bottom - top - 1)])
    return ((points + 1) / 2 * spans - corner) / inner * 2 - 1


def _scale(frame: Tensor, height: int) -> Tensor:
    """uint8 [3, h, w] at another height."""
    size = (height, max(1, round(frame.shape[-1] * height / frame.shape[-2])))
    return F.interpolate(frame[None].float(), size=size, mode="bilinear", antialias=True)[0].round().to(torch.uint8)
