"""Cleaning a silhouette: holes, stray parts, edges that follow the picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from muybridge.masks.arrays import Bools, Bytes, Floats, frame_picture, pad_masks
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

HOLE = 0.02
"""Larger holes, as a share of the subject, are background seen between its legs."""


def fill_holes(mask: Bools, largest: float = 1.0) -> Bools:
    """The mask [H, W] with its holes closed; background that reaches the border of the frame stays.

    largest  share of the mask's area; a larger hole is background that shows through and stays
    """
    h, w = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    x, y, wide, high, area = stats.T[:5]
    hole = (x > 0) & (y > 0) & (x + wide < w) & (y + high < h) & (area <= largest * mask.sum())
    hole[0] = False
    return mask | hole[labels] if count > 1 else mask


def keep_main_parts(mask: Bools, share: float = 0.1) -> Bools:
    """The largest connected part of the mask [H, W] and all others of at least `share` of its area."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return mask
    area = stats[:, 4].astype(np.float64)
    area[0] = 0
    return (area >= share * area.max())[labels] & mask


def stray_parts(mask: Bools, share: float, reach: int) -> Bools:
    """Where small parts of the mask [H, W] stand apart from all others, `reach` pixels around them included.

    share  of the largest part's area; a larger part is no stray
    reach  pixels; parts whose distance is less than twice that count as one
    """
    near = cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    area = np.bincount(labels[mask], minlength=count)
    small = area < share * area.max()
    small[0] = False  # what is near no part
    return small[labels]


def guided_filter(picture: Floats, value: Floats, radius: int = 5, softness: float = 1e-3) -> tuple[Floats, Floats]:
    """Local linear fit of `value` by the colours of `picture` (He, Sun and Tang, "Guided image filtering", eq. 19-21).

    picture  [H, W, 3] in [0, 1]
    value    [H, W]
    returns  slope [H, W, 3] and offset [H, W]: the filtered value is (slope * picture).sum(-1) + offset. Both may be
             enlarged and applied to a larger version of the picture.
    """
    side = (2 * radius + 1, 2 * radius + 1)
    mean = cv2.blur(picture, side)
    mean_value = cv2.blur(value, side)
    shared = cv2.blur(picture * value[..., None], side) - mean * mean_value[..., None]

    # The covariances of the colours, rr rg rb gg gb bb; the softness keeps flat regions from being divided by nothing.
    channels = cv2.split(picture)
    means = cv2.split(mean)
    covariances = []
    for i in range(3):
        for j in range(i, 3):
            both = cv2.blur(channels[i] * channels[j], side) - means[i] * means[j]
            covariances.append(both + np.float32(softness) if i == j else both)

    slope = _solve_symmetric(covariances, cv2.split(shared))
    offset = mean_value - _dot(slope, mean)
    return cv2.blur(slope, side), cv2.blur(offset, side)


def _solve_symmetric(matrix: Sequence[Floats], right: Sequence[Floats]) -> Floats:
    """Solve one 3 x 3 system per pixel by Cramer's rule, ten times faster than a general solver.

    matrix   six [H, W]  xx, xy, xz, yy, yz, zz of symmetric matrices
    right    three [H, W]
    returns  [H, W, 3]
    """
    # Where a neighbourhood has nearly one colour, float32 loses the determinant in differences of close products.
    xx, xy, xz, yy, yz, zz = (each.astype(np.float64) for each in matrix)
    cofactors = (yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy)
    determinant = xx * cofactors[0] + xy * cofactors[1] + xz * cofactors[2]
    inverse = (
        cofactors,
        (cofactors[1], xx * zz - xz * xz, xy * xz - xx * yz),
        (cofactors[2], xy * xz - xx * yz, xx * yy - xy * xy),
    )
    solution = []
    for row in inverse:
        solution.append(row[0] * right[0] + row[1] * right[1] + row[2] * right[2])

    return (np.dstack(solution) / determinant[..., None]).astype(np.float32)


def _dot(one: Floats, other: Floats) -> Floats:
    """The sum over channels of the products of two pictures [H, W, 3]: [H, W]."""
    return np.einsum("hwc,hwc->hw", one, other)


def snap_to_edges(picture: Floats, value: Floats, radius: int = 5, softness: float = 1e-3) -> Floats:
    """`value` [H, W] smoothed inside regions of `picture` [H, W, 3] and sharpened at their edges, in [0, 1]."""
    slope, offset = guided_filter(picture, value, radius, softness)
    return np.clip(_dot(slope, picture) + offset, 0, 1)


def enlarge_mask(full: Bytes, reduced: Bytes, value: Floats) -> Bools:
    """The mask at the frame's own size where `value` is above a half, its edge following the frame's own edges.

    full     uint8 [H, W, 3]  the frame
    reduced  uint8 [h, w, 3]  the same, smaller
    value    [h, w]           in [0, 1]
    """
    size = (full.shape[1], full.shape[0])
    slope, offset = guided_filter(reduced.astype(np.float32) / 255, value.astype(np.float32), radius=2)
    slope = cv2.resize(slope.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(offset.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    fine = _dot(slope, full.astype(np.float32)) / 255 + offset
    return keep_main_parts(fill_holes(fine > 0.5, HOLE))


def lies_across(on: Bools) -> bool:
    """Whether a silhouette [H, W] has nine tenths of the lower or upper border and a tenth of both sides, as the ground
    or the sky does."""
    beside = min(on[:, 0].mean(), on[:, -1].mean())
    return bool(beside >= 0.1 and max(on[0].mean(), on[-1].mean()) > 0.9)


def cut_silhouettes(clip: Clip, pictures: Bytes, soft: Floats) -> tuple[Mattes, torch.Tensor]:
    """What a way of finding silhouettes ends with: maps of how likely the subject is, cut at the frames' own sizes.

    pictures  uint8 [T, h, w, 3]  the frames, smaller
    soft      [T, h, w]           in [0, 1]
    returns   uint8 [T, 1, H, W], 255 on the subject; [T] in [0, 1]: how decided the pixels of the silhouette are
    """
    masks = []
    trust = []
    for i, likely in enumerate(soft):
        # Holes are filled and stray parts taken out; the rest stays as sure as it is.
        whole = keep_main_parts(fill_holes(likely > 0.5, HOLE))
        clean = np.where(whole, np.maximum(likely, 0.51), np.minimum(likely, 0.49)).astype(np.float32)
        masks.append(enlarge_mask(frame_picture(clip, i), pictures[i], clean))

        inside = likely[likely > 0.5]
        trust.append(float((2 * inside - 1).mean()) if inside.size else 0.0)

    return pad_masks(masks, clip), torch.tensor(trust)
