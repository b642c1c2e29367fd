"""Silhouettes without weights: GrabCut's iteration, with models shared by the whole clip.

GrabCut (Rother, Kolmogorov and Blake, 2004) alternates between colour models of subject and background and the
segmentation that they give. Here the models are shared by all frames, the place and the movement against the
background are further evidence, and a guided filter takes the part of the graph cut: a graph cut per frame fits its
colours to that frame alone and measured worse (benchmarks/silhouettes.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from muybridge.errors import InputError, UsageError
from muybridge.masks.arrays import Bools, Bytes, Floats, Ints, frame_sizes, padded, picture, small
from muybridge.masks.colour import bins, distance, evidence, lab, level_evidence, span
from muybridge.masks.motion import Carrier, residual
from muybridge.masks.regions import filled, guided, main_parts, snapped
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

SIDE = 224
"""Longer side of the frames that are worked on, in pixels."""
ROUNDS = (0.8, 0.8, 0.6, 0.4, 0.3, 0.2, 0.2, 0.2)
"""Weight of the place in each round: first most of what is known, later only a help."""
MEASURE_MOTION = (2, 4)
"""Rounds before which the camera is measured again, on the background as then known."""


@dataclass(frozen=True)
class Reading:
    """How to read an undecided pixel.

    certainty  power of the odds with which pixels teach the subject's colours: high asks for certain pixels only
    unseen     share of the subject's colours left open, see `evidence`
    share      weight of the subject's share of the picture, which speaks against a small subject
    trust      the most that the place alone may vouch for
    """

    certainty: int
    unseen: float
    share: float
    trust: float


LARGE = Reading(certainty=1, unseen=0.05, share=0.0, trust=0.95)
SMALL = Reading(certainty=3, unseen=0.02, share=1.0, trust=0.7)
CLEARLY = 1.5
"""The small reading is taken where its colours part this much better: it gains 1.1 to 1.2 on large subjects, of which
it keeps only the purest part, and 2.5 to 4 on small ones."""

Number = float | int
Box = tuple[Number, Number, Number, Number]
Rough = tuple[int, torch.Tensor]


def grabcut(
    clip: Clip, box: Box | None = None, rough: Rough | None = None, frame: int = 0
) -> tuple[Mattes, torch.Tensor]:
    """Silhouettes and a confidence per frame.

    box      (x0, y0, x1, y1) in pixels of frame number `frame`: the subject is inside
    rough    (index, mask [H, W] or [1, H, W]): roughly the subject on that frame; nonzero is inside
    returns  uint8 [T, 1, H, W], 255 on the subject; [T] in [0, 1]: how decided the pixels of the silhouette are
    """
    draft = small(clip, SIDE // 2)
    guess = _start(draft, _seed(clip, draft, box, rough, frame))
    # Two readings of the same clip, a large subject or a small one, judged by how well their colours part.
    tried = [_parted(draft, settle(draft, *guess, reading)) for reading in (LARGE, SMALL)]
    reading = SMALL if tried[1] > CLEARLY * tried[0] else LARGE
    pictures = small(clip, SIDE)
    soft = settle(pictures, *_start(pictures, _seed(clip, pictures, box, rough, frame)), reading)
    masks = [_full_size(picture(clip, i), pictures[i], soft[i]) for i in range(len(clip))]
    trust = [float((2 * p[p > 0.5] - 1).mean()) if (p > 0.5).any() else 0.0 for p in soft]
    return padded(masks, clip), torch.tensor(trust)


def settle(pictures: Bytes, soft: Floats, never: Bools, reading: Reading) -> Floats:
    """Iterate models and segmentation from a first guess.

    pictures  uint8 [T, H, W, 3]
    soft      [T, H, W] in [0, 1]   how likely each pixel is the subject, to begin with
    never     [T, H, W]             pixels that are background for sure
    returns   [T, H, W] in [0, 1]
    """
    colours = lab(pictures)
    cells = bins(colours, span(colours))
    bright = pictures.astype(np.float32) / 255
    moving: Floats | None = None
    for number, weight in enumerate(ROUNDS):
        if number in MEASURE_MOTION and len(pictures) > 1:
            sigma = max(pictures.shape[1:3]) / 190
            moving = np.stack([cv2.GaussianBlur(e, (0, 0), sigma) for e in residual(pictures, soft)])
        score = _score(cells, soft, moving, weight, reading)
        score[never] = -10
        soft = np.stack([snapped(b, s) for b, s in zip(bright, 1 / (1 + np.exp(-score)), strict=True)])
        if number >= 2:  # before that, holes are rather the background between legs that is not closed off yet
            soft = np.stack([np.where(filled(s > 0.5) & (s < 0.7), 0.7, s) for s in soft])
        soft[never] = 0
    return soft


def _score(cells: Ints, soft: Floats, moving: Floats | None, weight: float, reading: Reading) -> Floats:
    """Log odds that each pixel is the subject: colour, movement and place."""
    place = np.stack([cv2.GaussianBlur(p, (0, 0), 0.05 * p.shape[0] + 0.1) for p in _over_time(soft, 8.0)])
    # Only pixels where the subject hardly ever is teach the background: a leg that swings through does not.
    table = evidence(cells, soft**reading.certainty, (1 - soft) * (1 - place) ** 4, reading.unseen)
    score = np.clip(table, -4, 4)[cells]
    if moving is not None:
        score = score + np.clip(level_evidence(moving, soft), -4, 4)
    share = float(np.clip(soft.mean(), 1e-3, 1 - 1e-3))
    score = score + reading.share * np.log(share / (1 - share))
    place = np.clip(place, 0.05, reading.trust)
    return (score + weight * np.log(place / (1 - place))).astype(np.float32)


def _parted(pictures: Bytes, soft: Floats) -> float:
    """How far apart the colours of subject and background are: 0.0 where they are the same, 1.0 with none shared."""
    inside = np.stack([main_parts(filled(p > 0.5)) for p in soft])
    if not inside.any() or inside.all():
        return 0.0
    colours = lab(pictures)
    return distance(bins(colours, span(colours)), inside)


def _over_time(soft: Floats, sigma: float) -> Floats:
    """Gaussian mean over neighbouring frames; the first and last frame are repeated beyond the ends."""
    reach = int(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    wide = np.pad(soft.astype(np.float32), ((reach, reach), (0, 0), (0, 0)), mode="edge")
    out = np.zeros(soft.shape, np.float32)
    for i, k in enumerate(kernel / kernel.sum()):
        out += np.float32(k) * wide[i : i + len(soft)]
    return out


def _seed(clip: Clip, pictures: Bytes, box: Box | None, rough: Rough | None, frame: int) -> tuple[int, Floats] | None:
    """The hint as (frame, how likely each small pixel is the subject)."""
    if box is not None and rough is not None:
        raise UsageError("a box and a rough mask exclude each other", "Give the rough mask alone: it says more.")
    if box is None and rough is None:
        return None
    index = frame if rough is None else rough[0]
    if not 0 <= index < len(clip):
        raise UsageError(f"the hint is for frame {index}, but {clip.name} has frames 0 to {len(clip) - 1}")
    if rough is not None:
        return index, _rough_seed(clip, pictures, index, rough[1])
    assert box is not None
    return index, _box_seed(clip, pictures, index, box)


def _rough_seed(clip: Clip, pictures: Bytes, index: int, mask: torch.Tensor) -> Floats:
    h, w = frame_sizes(clip)[index]
    flat = mask.detach().reshape(mask.shape[-2:]).cpu().numpy()
    if flat.shape not in ((h, w), (clip.height, clip.width)):
        raise InputError(f"the rough mask is {flat.shape[1]}x{flat.shape[0]}, the frame {w}x{h}")
    inside = (flat[:h, :w] > flat.max() / 2).astype(np.float32)
    if not inside.any():
        raise InputError(f"the rough mask for frame {index} is empty", "Paint the subject white on black.")
    level = cv2.resize(inside, pictures.shape[2:0:-1], interpolation=cv2.INTER_AREA)
    # Sure in the middle of what was painted, unsure near its edge, and background well outside it.
    reach = 0.08 * max(level.shape)
    depth = cv2.distanceTransform(np.pad((level > 0.5).astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 5)[1:-1, 1:-1]
    soft = np.clip(0.35 + 0.6 * depth / reach, 0, 0.95) * (level > 0.5)
    return cv2.GaussianBlur(soft.astype(np.float32), (0, 0), 0.15 * reach + 0.1)


def _box_seed(clip: Clip, pictures: Bytes, index: int, box: Box) -> Floats:
    h, w = frame_sizes(clip)[index]
    x0, y0, x1, y1 = max(0.0, box[0]), max(0.0, box[1]), min(float(w), box[2]), min(float(h), box[3])
    if x1 - x0 < 2 or y1 - y0 < 2:
        raise UsageError(f"the box {box} does not lie in the frame of {w}x{h}", "A box is x0,y0,x1,y1 in pixels.")
    rows, columns = pictures.shape[1:3]
    level = np.zeros((rows, columns), np.float32)
    a, b = int(x0 / w * columns), max(int(x0 / w * columns) + 1, round(x1 / w * columns))
    c, d = int(y0 / h * rows), max(int(y0 / h * rows) + 1, round(y1 / h * rows))
    level[c:d, a:b] = np.maximum(_bump(d - c, b - a), 0.05)
    return level


def _start(pictures: Bytes, seed: tuple[int, Floats] | None) -> tuple[Floats, Bools]:
    """The first guess for all frames: the hint carried along the flow, or the middle of each frame."""
    count, h, w = pictures.shape[:3]
    never = np.zeros((count, h, w), bool)
    if seed is None:
        return np.repeat(_bump(h, w)[None], count, 0), never
    index, level = seed
    soft = np.empty((count, h, w), np.float32)
    soft[index], carry = level, Carrier(pictures)
    for step, end in ((1, count), (-1, -1)):
        for i in range(index + step, end, step):
            # The flow drifts, so the hint is spread a little with every frame it travels.
            soft[i] = cv2.GaussianBlur(carry(soft[i - step], i - step, i), (0, 0), 0.7)
    never[index] = level <= 0.01
    return soft, never


def _bump(h: int, w: int, sigma: float = 0.65) -> Floats:
    """1.0 in the middle of h x w pixels, falling off to the edges."""
    y, x = np.mgrid[:h, :w]
    u, v = (x - (w - 1) / 2) / (w / 2), (y - (h - 1) / 2) / (h / 2)
    return np.exp(-0.5 * (u * u + v * v) / sigma**2).astype(np.float32)


def _full_size(full: Bytes, reduced: Bytes, soft: Floats) -> Bools:
    """The silhouette at the frame's own size, its edge following the frame's own edges."""
    soft = np.where(main_parts(filled(soft > 0.5)), np.maximum(soft, 0.51), np.minimum(soft, 0.49)).astype(np.float32)
    size = (full.shape[1], full.shape[0])
    slope, offset = guided(reduced.astype(np.float32) / 255, soft, radius=2)
    slope = cv2.resize(slope.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(offset.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    fine = (slope * (full.astype(np.float32) / 255)).sum(-1) + offset
    return main_parts(filled(fine > 0.5))
