"""Silhouettes without weights: the iteration of GrabCut, over the whole clip at once.

GrabCut (Rother, Kolmogorov and Blake, 2004) alternates between colour models of subject and background and the
segmentation that they give. Here a frame's models are learnt from the frames around it and, in part, from the whole
clip, the place and the movement against the background are further evidence, and a guided filter takes the part of
the graph cut, which on each frame by itself fits its colours to that frame alone and measured worse
(benchmarks/silhouettes.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from muybridge.masks.arrays import Bools, Bytes, Floats, Ints, reduce_frames
from muybridge.masks.colour import colour_bins, colour_distance, colour_range, level_evidence, nearby_evidence, to_lab
from muybridge.masks.hints import Box, Guess, Rough, first_guess
from muybridge.masks.motion import motion_residual
from muybridge.masks.regions import HOLE, cut_silhouettes, fill_holes, keep_main_parts, lies_across, snap_to_edges
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

SIDE = 224
"""Longer side of the frames that are worked on, in pixels."""
ROUNDS = (0.8, 0.8, 0.6, 0.4, 0.3, 0.2, 0.2, 0.2)
"""Weight of the place in each round: first most of what is known, later only a help."""
MOST = 0.6
"""Share of the picture beyond which a silhouette is rather the background."""
TRAVELS = 0.25
"""Of the picture's width: what moves so far walks through it, and does not only nod in its middle."""
MEASURE_MOTION = (2, 4)
"""Rounds before which the camera is measured again, on the background as then known."""


@dataclass(frozen=True)
class SizePrior:
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


LARGE = SizePrior(certainty=1, unseen=0.05, share=0.0, trust=0.95)
SMALL = SizePrior(certainty=3, unseen=0.02, share=1.0, trust=0.7)
SMALL_MARGIN = 1.5
"""The small reading is taken where its colours part this much better: it gains 1.1 to 1.2 on large subjects, of which
it keeps only the purest part, and 2.5 to 4 on small ones."""


def find_by_colour_and_motion(
    clip: Clip, box: Box | None = None, rough: Rough | None = None, frame: int = 0
) -> tuple[Mattes, torch.Tensor]:
    """Silhouettes and a confidence per frame.

    box      (x0, y0, x1, y1) in pixels of frame number `frame`: the subject is inside
    rough    (index, mask [H, W] or [1, H, W]): roughly the subject on that frame; nonzero is inside
    returns  uint8 [T, 1, H, W], 255 on the subject; [T] in [0, 1]: how decided the pixels of the silhouette are
    """
    # A quarter of the pixels is enough to choose between the readings.
    draft = reduce_frames(clip, SIDE // 2)
    pictures = reduce_frames(clip, SIDE)

    guesses = [first_guess(clip, each, box, rough, frame) for each in (draft, pictures)]
    soft = iterate_models(pictures, guesses[1], choose_reading(draft, guesses[0]))
    # The background was taken for the subject, as happens where the camera follows one: what moves against it is.
    if (soft > 0.5).mean() > MOST and len(pictures) > 1:
        small, large = (guess_by_motion(*each) for each in zip((draft, pictures), guesses, strict=True))
        if small is not None and large is not None:
            again = iterate_models(pictures, large, choose_reading(draft, small, MOST))
            if 0 < (again > 0.5).mean() < MOST:
                soft = again
    if len(pictures) > 1 and _is_ground(soft):
        # The ground was taken, before a wall of other colours: somebody small who walks over it is the subject rather.
        walking = guess_by_motion(pictures, guesses[1])
        if walking is not None and _travels(walking.soft > 0.5):
            again = iterate_models(pictures, walking, SMALL)
            if 0 < (again > 0.5).mean() < MOST and not _is_ground(again):
                soft = again
    return cut_silhouettes(clip, pictures, soft)


def _is_ground(soft: Floats) -> bool:
    """Whether what is likely [T, H, W] lies across the picture on most frames."""
    return 2 * sum(lies_across(each > 0.5) for each in soft) > len(soft)


def _travels(on: Bools) -> bool:
    """Whether the middle of what is marked [T, H, W] goes from one part of the picture's width to another."""
    middles = []
    for frame in on:
        columns = np.nonzero(frame)[1]
        if len(columns):
            middles.append(float(columns.mean()))

    return len(middles) > 1 and float(np.ptp(np.percentile(middles, (5, 95)))) >= TRAVELS * on.shape[2]


def choose_reading(draft: Bytes, guess: Guess, most: float = 1.0) -> SizePrior:
    """Of the two readings of a clip, a large subject or a small one, that whose colours part better.

    most  share of the picture beyond which the large reading has run out into the background
    """
    tried = [iterate_models(draft, guess, reading) for reading in (LARGE, SMALL)]
    if (tried[0] > 0.5).mean() > most:
        return SMALL
    apart = [_colour_separation(draft, each) for each in tried]
    return SMALL if apart[1] > SMALL_MARGIN * apart[0] else LARGE


def guess_by_motion(pictures: Bytes, guess: Guess) -> Guess | None:
    """A first guess by what moves against the background as the camera shows it; None where that tells nothing."""
    sigma = max(pictures.shape[1:3]) / 95
    smoothed = []
    for residual in motion_residual(pictures, guess.soft):
        smoothed.append(cv2.GaussianBlur(residual, (0, 0), sigma))

    levels = np.stack(smoothed)
    cut, _ = cv2.threshold(levels.clip(0, 255).astype(np.uint8).reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    if not 0.005 < (levels > cut).mean() < 0.5:
        return None

    whole = np.stack([fill_holes(level > cut) for level in levels])
    return replace(guess, soft=np.where(whole, 0.9, 0.3 * guess.soft).astype(np.float32))


def iterate_models(pictures: Bytes, guess: Guess, reading: SizePrior) -> Floats:
    """Iterate models and segmentation from a first guess.

    pictures  uint8 [T, H, W, 3]
    returns   [T, H, W] in [0, 1]   how likely each pixel is the subject
    """
    soft = guess.soft
    colours = to_lab(pictures)
    cells = colour_bins(colours, colour_range(colours))
    bright = pictures.astype(np.float32) / 255

    moving: Floats | None = None
    for number, weight in enumerate(ROUNDS):
        if number in MEASURE_MOTION and len(pictures) > 1:
            sigma = max(pictures.shape[1:3]) / 190
            smoothed = []
            for residual in motion_residual(pictures, soft):
                smoothed.append(cv2.GaussianBlur(residual, (0, 0), sigma))

            moving = np.stack(smoothed)

        score = _score(cells, soft, moving, weight, reading, guess.teaches)
        # A hint is certain: no evidence may outvote it.
        score[guess.never] = -10
        score[guess.surely] = 10
        snapped = []
        for picture, likely in zip(bright, 1 / (1 + np.exp(-score)), strict=True):
            snapped.append(snap_to_edges(picture, likely))

        soft = np.stack(snapped)

        # Before the third round, holes are rather the background between legs that is not closed off yet.
        if number >= 2:
            closed = []
            for likely in soft:
                closed.append(np.where(fill_holes(likely > 0.5, HOLE) & (likely < 0.7), 0.7, likely))

            soft = np.stack(closed)
        soft[guess.never] = 0
        soft[guess.surely] = 1
    return soft


def _score(
    cells: Ints, soft: Floats, moving: Floats | None, weight: float, reading: SizePrior, teaches: Floats
) -> Floats:
    """Log odds that each pixel is the subject: colour, movement and place."""
    blurred = []
    for level in _average_over_time(soft, 8.0):
        blurred.append(cv2.GaussianBlur(level, (0, 0), 0.05 * level.shape[0] + 0.1))

    place = np.stack(blurred)

    # Only pixels where the subject hardly ever is teach the background: a leg that swings through does not.
    inside = soft**reading.certainty * teaches
    outside = (1 - soft) * (1 - place) ** 4 * teaches
    score = np.clip(nearby_evidence(cells, inside, outside, reading.unseen), -4, 4)
    if moving is not None:
        score = score + np.clip(level_evidence(moving, soft), -4, 4)

    # Clipped because the logarithm has no end where everything is the subject, or nothing.
    share = float(np.clip(soft.mean(), 1e-3, 1 - 1e-3))
    score = score + reading.share * np.log(share / (1 - share))
    place = np.clip(place, 0.05, reading.trust)
    return (score + weight * np.log(place / (1 - place))).astype(np.float32)


def _colour_separation(pictures: Bytes, soft: Floats) -> float:
    """How far apart the colours of subject and background are: 0.0 where they are the same, 1.0 with none shared."""
    masks = []
    for level in soft:
        masks.append(keep_main_parts(fill_holes(level > 0.5)))

    inside = np.stack(masks)
    if not inside.any() or inside.all():
        return 0.0
    colours = to_lab(pictures)
    return colour_distance(colour_bins(colours, colour_range(colours)), inside)


def _average_over_time(soft: Floats, sigma: float) -> Floats:
    """Gaussian mean over neighbouring frames; the first and last frame are repeated beyond the ends."""
    reach = int(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    wide = np.pad(soft.astype(np.float32), ((reach, reach), (0, 0), (0, 0)), mode="edge")
    out = np.zeros(soft.shape, np.float32)
    for i, k in enumerate(kernel / kernel.sum()):
        out += np.float32(k) * wide[i : i + len(soft)]
    return out
