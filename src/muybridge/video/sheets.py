"""Pictures to judge by: videos side by side, contact sheets, keypoints drawn on frames."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from muybridge.errors import InputError
from muybridge.video.media_input import Picture

Sheet = UInt8[Tensor, "3 H W"]

_BACKGROUND = (24, 24, 27)
_TEXT_COLOUR = (244, 244, 245)
_GAP = 4
_BAR = 24
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def side_by_side(
    streams: Sequence[Iterable[Tensor]], labels: Sequence[str], height: int | None = None
) -> Iterator[Sheet]:
    """Compose labelled frames of several videos that run together, one composed frame at a time.

    streams  one iterable of frames [3, H, W] for each video, uint8 or float in [0, 1], all of the same length
    labels   one above each
    height   of every video in the result, in pixels; that of the tallest first frame unless told
    yields   uint8 [3, H', W'] with even sides, so that every video format takes them as they are

    Raises InputError where the labels or the lengths do not match.
    """
    if not streams or len(streams) != len(labels):
        raise InputError(f"{len(streams)} videos side by side need as many labels, not {len(labels)}")
    for frames in zip_longest(*streams):
        # Cutting the longer ones in silence would hide that the videos do not belong together.
        if any(frame is None for frame in frames):
            raise InputError("videos side by side need the same number of frames", "Cut them to one length.")
        pictures = []
        for frame in frames:
            pictures.append(_to_picture(frame))

        # The first frames decide for all, or the video would change its size half way.
        if height is None:
            height = max(picture.shape[0] for picture in pictures)
        cells = []
        for picture, text in zip(pictures, labels, strict=True):
            cells.append(_add_label(_scale_to_height(picture, height), text))

        yield _to_tensor(_pad_to_even(_join_row(cells)))


def contact_sheet(rows: Mapping[str, Tensor | Sequence[Tensor]], columns: int = 8, height: int = 128) -> Sheet:
    """One picture of several clips: a labelled row for each, `columns` frames evenly spread over its length.

    rows     label -> frames [3, H, W] each, or [T, 3, H, W]; uint8 or float in [0, 1]
    columns  frames in a row; a shorter clip shows all that it has
    height   of each frame in the sheet, in pixels
    returns  uint8 [3, H', W']

    Raises InputError where there is nothing to show.
    """
    if not rows or columns < 1 or any(len(frames) == 0 for frames in rows.values()):
        raise InputError("a contact sheet needs at least one row, and a frame in each")

    strips = []
    for label, frames in rows.items():
        chosen = np.linspace(0, len(frames) - 1, min(columns, len(frames))).round().astype(int)
        cells = []
        for i in chosen:
            cells.append(_scale_to_height(_to_picture(frames[int(i)]), height))

        strips.append(_add_label(_join_row(cells), label))

    width = max(strip.shape[1] for strip in strips)
    return _to_tensor(np.concatenate([_pad_width(strip, width) for strip in strips]))


def distinct_colours(count: int) -> list[tuple[int, int, int]]:
    """Distinct RGB colours: hues once around the circle, every second one paler."""
    hues = []
    for i in range(count):
        hues.append((i / max(1, count), 0.55 if i % 2 else 0.95))

    colours = []
    for hue, saturation in hues:
        colours.append(_rgb_of_hue(hue, saturation))

    return colours


def draw_keypoints(
    frame: Tensor, points: Float[Tensor, "K 2"], radius: float | int | None = None, numbered: bool = False
) -> Sheet:
    """A copy of a frame with a dot for each keypoint, of its own colour, with a dark rim that shows on any ground.

    frame     [3, H, W], uint8 or float in [0, 1]
    points    (x, y) in [-1, 1]; -1 and 1 are the centres of the corner pixels; not finite: not drawn
    radius    pixels; a sixtieth of the longer side unless told
    numbered  write each keypoint's index beside it
    returns   uint8 [3, H, W]
    """
    picture = _to_picture(frame).copy()
    height, width = picture.shape[:2]
    radius = max(2.0, max(height, width) / 60) if radius is None else float(radius)
    places = (points.detach().double().cpu().numpy() + 1) / 2 * [width - 1, height - 1]

    for index, (colour, (x, y)) in enumerate(zip(distinct_colours(len(places)), places, strict=True)):
        # Far outside, cv2's fixed-point coordinates would overflow.
        if not np.isfinite([x, y]).all() or max(abs(x), abs(y)) > 4 * max(height, width):
            continue
        _draw_dot(picture, x, y, radius + max(1.0, radius / 4), (16, 16, 16))
        _draw_dot(picture, x, y, radius, colour)
        if numbered:
            _draw_text(picture, str(index), int(x + 1.5 * radius), int(y + radius), radius / 10, colour)

    return _to_tensor(picture)


def _draw_dot(picture: Picture, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    place = (round(x * 16), round(y * 16))
    cv2.circle(picture, place, round(radius * 16), colour, -1, cv2.LINE_AA, 4)


def _draw_text(picture: Picture, text: str, x: int, y: int, scale: float, colour: tuple[int, int, int]) -> None:
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        cv2.putText(picture, text, (x + dx, y + dy), _FONT, scale, (16, 16, 16), 1, cv2.LINE_AA)
    cv2.putText(picture, text, (x, y), _FONT, scale, colour, 1, cv2.LINE_AA)


def _rgb_of_hue(hue: float, saturation: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def _add_label(picture: Picture, text: str) -> Picture:
    """The picture under a bar with its name, written as large as fits."""
    bar = np.full((_BAR, picture.shape[1], 3), _BACKGROUND, np.uint8)
    (width, _), _ = cv2.getTextSize(text, _FONT, 0.5, 1)
    scale = min(0.5, 0.5 * (picture.shape[1] - 8) / max(1, width))
    if scale > 0:
        cv2.putText(bar, text, (4, _BAR - 8), _FONT, scale, _TEXT_COLOUR, 1, cv2.LINE_AA)
    return np.concatenate([bar, picture])


def _join_row(pictures: Sequence[Picture]) -> Picture:
    gap = np.full((pictures[0].shape[0], _GAP, 3), _BACKGROUND, np.uint8)
    spaced: list[Picture] = []
    for picture in pictures:
        spaced += (gap, picture)

    return np.concatenate(spaced[1:], axis=1)


def _scale_to_height(picture: Picture, height: int) -> Picture:
    if picture.shape[0] == height:
        return picture
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    how = cv2.INTER_AREA if height < picture.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(picture, (width, height), interpolation=how)


def _pad_width(picture: Picture, width: int) -> Picture:
    rest = np.full((picture.shape[0], width - picture.shape[1], 3), _BACKGROUND, np.uint8)
    return np.concatenate([picture, rest], axis=1)


def _pad_to_even(picture: Picture) -> Picture:
    picture = _pad_width(picture, picture.shape[1] + picture.shape[1] % 2)
    if picture.shape[0] % 2 == 0:
        return picture
    return np.concatenate([picture, np.full_like(picture[:1], _BACKGROUND)])


def _to_picture(frame: Tensor) -> Picture:
    if frame.ndim != 3 or frame.shape[0] != 3:
        raise InputError(f"a frame for a sheet is [3, H, W], not {tuple(frame.shape)}")
    if frame.dtype != torch.uint8:
        frame = (frame.detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(frame.detach().cpu().permute(1, 2, 0).numpy())


def _to_tensor(picture: Picture) -> Sheet:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
