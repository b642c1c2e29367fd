"""Silhouettes by a segmentation network: each frame looked at, the subject chosen, a closer look, joined in time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import torch

from muybridge.masks.arrays import Bytes, Floats, frame_picture, frame_sizes, reduce_frames
from muybridge.masks.hints import Box
from muybridge.masks.motion import FlowWarp
from muybridge.masks.regions import cut_silhouettes, keep_main_parts
from muybridge.masks.segmenters import ANIMAL, SALIENT, Segmenter
from muybridge.masks.subject_choice import (
    choose_labels,
    corners_on_grid,
    cut_out,
    follow_part,
    keep_parts_of,
    labels_alike,
)
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

CLASS_CUT = 0.27
"""A pixel is the subject's where its classes have more than this: networks of classes are unsure along fur and legs
(benchmarks/silhouettes.md)."""
SALIENT_CUT = 0.5
"""The same for networks that tell what stands out."""
SMALL = 0.45
"""A subject whose box is shorter than this share of its frame, on the longer sides, is looked at again from nearby."""
MARGIN = 0.6
"""What is shown around its box then, as a share of the box on each side."""
SIDE = 256
"""Longer side of the frames on which maps are joined in time, in pixels."""
CLOSE_SIDE = 512
"""The same where some frames were looked at from nearby, whose maps are finer."""
LOST = 0.5
"""A frame whose subject has less than this share of the usual area of the frames around it has lost it, or a part."""
REACH = 8
"""How many frames around it that are, on either side, and how many in a row are filled in."""


@dataclass(frozen=True, eq=False)
class Segmented:
    """What a segmentation network found.

    mattes   uint8 [T, 1, H, W], 255 on the subject
    trust    [T] in [0, 1]
    subject  what was taken: a class, or "animal" for whichever they are; None where nothing was found
    detail   for people: the class, the file, how many frames were looked at twice
    """

    mattes: Mattes
    trust: torch.Tensor
    subject: str | None
    detail: str


def find_by_segmentation(
    clip: Clip,
    segmenter: Segmenter,
    subject: str | None = None,
    box: Box | None = None,
    frame: int = 0,
    living: bool = False,
) -> Segmented:
    """Silhouettes by a network of classes, or of what stands out.

    subject  one of the network's labels, or "animal"; unless told, the person or the animals, whichever take more of
             the clip, and anything else where there is neither
    box      (x0, y0, x1, y1) in pixels of frame number `frame`: of several subjects the one inside
    living   unless a subject is named, take nothing but people, animals, and what stands out

    Raises UsageError for a subject that the network does not know, and for a box outside the frame.
    """
    maps = _look_at_all(clip, segmenter)
    corners = None if box is None else corners_on_grid(box, frame_sizes(clip), frame, maps.shape[2:])
    # With a box only what is inside it has a say in which class is meant.
    told = maps if corners is None else cut_out(maps[frame], corners)[None]
    chosen = choose_labels(told, segmenter.labels, subject, living)
    if not chosen:
        return _find_nothing(clip, segmenter)

    cut = SALIENT_CUT if segmenter.labels == SALIENT else CLASS_CUT
    members = labels_alike(segmenter.labels, chosen[0])
    level = maps[:, members].sum(1, dtype=np.float32) / 255
    if len(members) > 1 and subject not in (None, ANIMAL):
        level = keep_parts_of(level, maps[:, members], members.index(chosen[0]), cut)

    near = _boxes_to_look_at_again(level if corners is None else follow_part(level, corners, frame, cut), cut)
    pictures = reduce_frames(clip, CLOSE_SIDE if any(near) else SIDE)
    soft = _enlarge(level, pictures, cut)
    for i, place in enumerate(near):
        if place is not None:
            _look_closer(soft[i], frame_picture(clip, i), place, segmenter, members, cut)

    # Frame by frame the network changes its mind, which shows as flicker.
    warp = FlowWarp(pictures)
    soft = join_in_time(fill_lost(soft, warp), warp)
    if corners is not None:
        scale = np.array(pictures.shape[2:0:-1] * 2) / np.array(level.shape[:0:-1] * 2)
        soft = follow_part(soft, corners * scale, frame, 0.5)

    mattes, trust = cut_silhouettes(clip, pictures, soft)
    label = segmenter.labels[chosen[0]]
    detail = _describe(segmenter, maps, members, label, sum(place is not None for place in near))
    taken = ANIMAL if len(members) > 1 and subject in (None, ANIMAL) else label
    return Segmented(mattes, trust, taken, detail)


def _find_nothing(clip: Clip, segmenter: Segmenter) -> Segmented:
    empty = torch.zeros((len(clip), 1, clip.height, clip.width), dtype=torch.uint8)
    return Segmented(empty, torch.zeros(len(clip)), None, f"no subject that {segmenter.name} knows")


def fill_lost(soft: Floats, warp: FlowWarp) -> Floats:
    """Maps [T, H, W] in which frames that lost the subject have it from the nearest frames on both sides, as it moves.

    Where it was lost for more than `REACH` frames, or up to an end of the clip, nobody knows where it went: those stay.
    """
    areas = (soft > 0.5).sum((1, 2))
    usual = [np.percentile(areas[max(0, i - REACH) : i + REACH + 1], 75) for i in range(len(soft))]
    kept = np.flatnonzero(areas > LOST * np.array(usual))

    out = soft.copy()
    for before, after in pairwise(kept.tolist()):
        if not 1 < after - before <= REACH + 1:
            continue
        ahead = [out[before]]
        back = [out[after]]
        for i in range(before + 1, after):
            ahead.append(warp(ahead[-1], i - 1, i))
        for i in range(after - 1, before, -1):
            back.append(warp(back[-1], i + 1, i))
        for i in range(before + 1, after):
            # The nearer of the two has the larger say.
            share = (i - before) / (after - before)
            carried = (1 - share) * ahead[i - before] + share * back[after - i]
            out[i] = np.maximum(soft[i], carried)
    return out


def join_in_time(soft: Floats, warp: FlowWarp) -> Floats:
    """Each map [H, W] averaged with those before and after it, as they move."""
    out = soft.copy()
    for i in range(len(soft)):
        beside = []
        for j in (i - 1, i + 1):
            if 0 <= j < len(soft):
                beside.append(warp(soft[j], j, i))

        if beside:
            own = len(beside)
            out[i] = (2 * soft[i] + own * np.mean(beside, axis=0)) / (2 + own)
    return out


def _look_at_all(clip: Clip, segmenter: Segmenter) -> Bytes:
    """The network's maps of all frames at one size: uint8 [T, C, h, w]."""
    first = segmenter(frame_picture(clip, 0))
    # As bytes, because a long clip's maps of many classes could be too large for memory as floats.
    maps = np.empty((len(clip), *first.shape), np.uint8)
    for i in range(len(clip)):
        levels = first if i == 0 else segmenter(frame_picture(clip, i))
        if levels.shape != first.shape:  # of a frame of another size
            resized = []
            for each in levels:
                resized.append(cv2.resize(each, first.shape[:0:-1]))

            levels = np.stack(resized)
        maps[i] = np.rint(levels * 255)
    return maps


def _boxes_to_look_at_again(level: Floats, cut: float) -> list[tuple[float, float, float, float] | None]:
    """Where small subjects are, with a margin, as shares of the frame (x0, y0, x1, y1); None for the large and none."""
    out: list[tuple[float, float, float, float] | None] = []
    for each in level:
        on = keep_main_parts(each > cut)
        rows = np.flatnonzero(on.any(1))
        columns = np.flatnonzero(on.any(0))
        if not len(rows):
            out.append(None)
            continue

        high = rows[-1] + 1 - rows[0]
        wide = columns[-1] + 1 - columns[0]
        if max(high, wide) >= SMALL * max(on.shape):
            out.append(None)
            continue

        # At least as wide around a thin subject as around a square one, so that its network sees it in its place.
        margin = MARGIN * max(high, wide)
        left = max(0.0, (columns[0] - margin) / on.shape[1])
        top = max(0.0, (rows[0] - margin) / on.shape[0])
        right = min(1.0, (columns[-1] + 1 + margin) / on.shape[1])
        bottom = min(1.0, (rows[-1] + 1 + margin) / on.shape[0])
        out.append((left, top, right, bottom))
    return out


def _look_closer(
    soft: Floats,
    frame: Bytes,
    place: tuple[float, float, float, float],
    segmenter: Segmenter,
    members: list[int],
    cut: float,
) -> None:
    """Put a second look at one place of the frame into its map `soft` [h, w]; what is outside stays."""
    rows, columns = _slices(place, frame.shape[:2])
    near = np.ascontiguousarray(frame[rows, columns])
    if min(near.shape[:2]) < 8:
        return
    nearer = segmenter(near)[members].sum(0).astype(np.float32)

    target = soft[_slices(place, soft.shape)]
    # `target` is a view, so that writing to it changes the frame's own map.
    resized = cv2.resize(nearer, target.shape[::-1], interpolation=cv2.INTER_LINEAR)
    second = _shift(resized, cut)
    # A second look that sees nothing is the worse one: it was too near.
    if (second > 0.5).any():
        target[...] = second


def _slices(place: tuple[float, float, float, float], size: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of a picture of size (h, w) that a place covers, at least one of each."""
    h, w = size
    left = min(w - 1, round(place[0] * w))
    top = min(h - 1, round(place[1] * h))
    return slice(top, max(top + 1, round(place[3] * h))), slice(left, max(left + 1, round(place[2] * w)))


def _shift(level: Floats, cut: float) -> Floats:
    """Likelihoods moved so that `cut` becomes a half: the same odds, divided by those of the cut."""
    odds = level / np.maximum(1 - level, 1e-6) * ((1 - cut) / cut)
    return (odds / (1 + odds)).astype(np.float32)


def _enlarge(level: Floats, pictures: Bytes, cut: float) -> Floats:
    """Maps [T, h, w] at the size of the pictures, `cut` moved to a half."""
    size = (pictures.shape[2], pictures.shape[1])
    enlarged = []
    for each in level:
        enlarged.append(_shift(cv2.resize(each, size, interpolation=cv2.INTER_LINEAR), cut))
    return np.stack(enlarged)


def _describe(segmenter: Segmenter, maps: Bytes, members: list[int], label: str, looked: int) -> str:
    """What was taken, by which network, for people."""
    words = label
    if len(members) > 1:
        areas = maps[:, members].mean((0, 2, 3))
        shares = sorted(zip(areas / max(areas.sum(), 1e-9), members, strict=True), reverse=True)
        named = []
        for share, i in shares:
            if share >= 0.05:
                named.append(f"{segmenter.labels[i]} {share:.0%}")

        words = f"{label} (animals: {', '.join(named)})"
    closer = f"; {looked} of {len(maps)} frames looked at again from nearby" if looked else ""
    return f"{words}, by {segmenter.name}{closer}"
