"""Which of what a segmentation network sees is the subject: by its class, or by a box on one frame."""

from __future__ import annotations

import cv2
import numpy as np

from muybridge.errors import UsageError
from muybridge.masks.arrays import Bools, Bytes, Floats
from muybridge.masks.hints import Box, clip_box
from muybridge.masks.segmenters import ANIMAL, ANIMALS, SALIENT

LEAST = 0.002
"""Share of a frame below which nothing was seen on it."""


def choose_labels(maps: Bytes, labels: tuple[str, ...], subject: str | None, living: bool) -> list[int]:
    """The label to take, as a list of one index, or of none where nothing of use was seen.

    maps  uint8 [T, C, h, w], 255 where a label is certain; of a box alone where one was given
    """
    if subject is not None and subject in labels:
        return [labels.index(subject)]
    animals = []
    for i, label in enumerate(labels):
        if label in ANIMALS:
            animals.append(i)

    if subject is not None and not (subject == ANIMAL and animals):
        known = (*labels, ANIMAL) if animals else labels
        raise UsageError(f"the network knows no {subject!r}", f"It knows: {', '.join(known)}")

    alive = []
    for i, label in enumerate(labels):
        if label in (*ANIMALS, "person", *SALIENT):
            alive.append(i)

    if subject == ANIMAL:
        alive = animals
    # Species are mistaken for one another on one body: animals count together against people.
    areas = _areas_taken(maps, labels)
    # Things count only where nobody alive is seen, because a sofa is often larger than its dog.
    if subject != ANIMAL and not living and areas[alive].max() < LEAST:
        alive = list(range(len(labels)))
    if areas[alive].max() < LEAST:
        return []

    best = areas[alive].max()
    own = maps.mean((0, 2, 3))
    return [max((i for i in alive if areas[i] == best), key=lambda i: float(own[i]))]


def _areas_taken(maps: Bytes, labels: tuple[str, ...]) -> Floats:
    """Of each label, the share of the maps [T, C, h, w] that it and those that it is mistaken for take together."""
    areas = np.zeros(len(labels))
    known: dict[tuple[int, ...], float] = {}
    for i in range(len(labels)):
        members = tuple(labels_alike(labels, i))
        if members not in known:
            together = maps[:, members].sum(1, dtype=np.uint16)
            # Doubtful pixels add up to nothing, unless the doubt is only which animal it is.
            known[members] = float(np.where(together > 127, together, 0).mean()) / 255
        areas[i] = known[members]
    return areas


def labels_alike(labels: tuple[str, ...], chosen: int) -> list[int]:
    """The labels that one subject may be taken for: of an animal all animals, of anything else itself."""
    if labels[chosen] not in ANIMALS:
        return [chosen]
    animals = []
    for i, label in enumerate(labels):
        if label in ANIMALS:
            animals.append(i)

    return animals


def keep_parts_of(level: Floats, maps: Bytes, wanted: int, cut: float) -> Floats:
    """`level` [T, h, w] without the connected parts that are rather another of the labels `maps` [T, C, h, w]."""
    out = np.zeros_like(level)
    for i, each in enumerate(level):
        count, parts = cv2.connectedComponents((each > cut).astype(np.uint8), connectivity=8)
        for part in range(1, count):
            inside = parts == part
            if maps[i][:, inside].mean(1).argmax() == wanted:
                out[i][inside] = each[inside]
    return out


def corners_on_grid(box: Box, sizes: tuple[tuple[int, int], ...], frame: int, grid: tuple[int, ...]) -> Floats:
    """The box in cells of the maps; UsageError where it is not on a frame."""
    if not 0 <= frame < len(sizes):
        raise UsageError(f"the hint is for frame {frame}, and the frames are 0 to {len(sizes) - 1}")

    high, wide = sizes[frame]
    x0, y0, x1, y1 = clip_box(box, (high, wide))
    across = grid[1] / wide
    down = grid[0] / high
    return np.array([x0 * across, y0 * down, x1 * across, y1 * down])


def cut_out(maps: Bytes, corners: Floats) -> Bytes:
    """The part of maps [..., h, w] that lies in a box of at least one cell, corners x0, y0, x1, y1 in cells."""
    x0, y0, x1, y1 = (round(float(v)) for v in corners)
    return maps[..., max(0, y0) : max(y0 + 1, y1), max(0, x0) : max(x0 + 1, x1)]


def follow_part(level: Floats, corners: Floats, frame: int, cut: float) -> Floats:
    """The maps [T, h, w] without the parts that are not the subject in a box on one frame, followed both ways.

    corners  x0, y0, x1, y1 in cells of the map
    """
    inside = np.zeros(level.shape[1:], np.uint8)
    cut_out(inside, corners)[...] = 1

    out = np.zeros_like(level)
    out[frame] = _keep_touched(level[frame], inside > 0, cut, least=0.5)
    # What reaches far out of the box is cut off at it: two that stand together are one part.
    out[frame] = np.where(cv2.dilate(inside, np.ones((5, 5), np.uint8)) > 0, out[frame], 0)
    for step, end in ((1, len(level)), (-1, -1)):
        known = out[frame] > cut
        for i in range(frame + step, end, step):
            near = cv2.dilate(known.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
            out[i] = _keep_touched(level[i], near, cut, least=0.2)
            if (out[i] > cut).any():
                # Where the subject is lost, the last place where it was is kept, to find it there again.
                known = out[i] > cut
    return out


def _keep_touched(level: Floats, near: Bools, cut: float, least: float) -> Floats:
    """`level` [h, w] without the connected parts that have less than the share `least` of their area in `near`."""
    count, parts = cv2.connectedComponents((level > cut).astype(np.uint8), connectivity=8)
    area = np.bincount(parts.ravel(), minlength=count)
    inside = np.bincount(parts[near], minlength=count)
    kept = inside >= least * area
    if not kept[1:].any() and count > 1 and inside[1:].any():
        kept[1 + int(inside[1:].argmax())] = True
    # What is below the cut stays as it is: the edges of what is kept are found between the two.
    kept[0] = True

    return np.where(kept[parts], level, 0).astype(level.dtype)
