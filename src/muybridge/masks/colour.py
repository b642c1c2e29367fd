"""Colour models of subject and background, shared by all frames of a clip."""

from __future__ import annotations

import cv2
import numpy as np

from muybridge.masks.arrays import Bools, Bytes, Floats, Ints

BINS = 20
"""Per Lab axis."""


def to_lab(pictures: Bytes) -> Floats:
    """RGB bytes [..., H, W, 3] to CIE Lab, L in [0, 100], float32."""
    flat = pictures.reshape(-1, pictures.shape[-2], 3).astype(np.float32) / 255
    return cv2.cvtColor(flat, cv2.COLOR_RGB2Lab).reshape(pictures.shape)


def colour_bins(colours: Floats, bounds: tuple[Floats, Floats]) -> Ints:
    """The cell of the colour histogram that each Lab colour [..., 3] falls in."""
    low, high = bounds
    cell = np.rint(np.clip((colours - low) / np.maximum(high - low, 1e-3), 0, 1) * (BINS - 1)).astype(np.int64)
    return (cell[..., 0] * BINS + cell[..., 1]) * BINS + cell[..., 2]


def colour_range(colours: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest value per Lab axis, without the rarest 0.4 % of the pixels."""
    some = colours.reshape(-1, 3)[::7]
    return np.percentile(some, 0.2, axis=0), np.percentile(some, 99.8, axis=0)


NEARBY_FRAMES = 8.0
"""Spread of the frames that teach one of them its colours, in frames."""
WHOLE_CLIP_SHARE = 0.3
"""Share of the lesson that comes from all frames alike, for colours that the frames nearby happen not to show."""


def colour_evidence(cells: Ints, inside: Floats, outside: Floats, unseen: float = 0.05) -> Floats:
    """log p(colour | subject) - log p(colour | background), one value per cell of the histogram [BINS ** 3].

    inside, outside  weights of the pixels as samples of the one and of the other
    unseen           share of the subject's model that is spread evenly over all colours of the clip, so that a colour
                     which the background does not have counts for the subject
    """
    subject = np.bincount(cells.ravel(), inside.ravel(), BINS**3)
    background = np.bincount(cells.ravel(), outside.ravel(), BINS**3)
    return _log_odds(subject, background, _seen_cells(cells), unseen)


def nearby_evidence(cells: Ints, inside: Floats, outside: Floats, unseen: float = 0.05) -> Floats:
    """The same for each pixel [T, H, W], learnt for each frame mostly from those around it: as light and ground change
    along a clip, the background comes to have colours that only the subject had before."""
    count = len(cells)
    time = np.arange(count)
    near = np.exp(-0.5 * ((time[:, None] - time) / NEARBY_FRAMES) ** 2)
    share = (1 - WHOLE_CLIP_SHARE) * near / near.sum(1, keepdims=True) + WHOLE_CLIP_SHARE / count

    inside_counts = []
    outside_counts = []
    for colours, subject_weight, background_weight in zip(cells, inside, outside, strict=True):
        inside_counts.append(np.bincount(colours.ravel(), subject_weight.ravel(), BINS**3))
        outside_counts.append(np.bincount(colours.ravel(), background_weight.ravel(), BINS**3))

    subject = share @ np.stack(inside_counts)
    background = share @ np.stack(outside_counts)
    # Colours that the clip never has would only thin out the share for unseen ones.
    used = _seen_cells(cells)
    evidence = []
    for i, colours in enumerate(cells):
        table = _log_odds(subject[i], background[i], used, unseen)
        evidence.append(table[colours])

    return np.stack(evidence)


def _log_odds(subject: Floats, background: Floats, used: Bools, unseen: float) -> Floats:
    """Log odds per cell from the counts in it, which are smoothed to shares here."""
    subject = _smooth(subject)
    background = _smooth(background)
    subject = subject / max(subject.sum(), 1e-9)
    background = background / max(background.sum(), 1e-9)
    subject = (1 - unseen) * subject + unseen * used / max(int(used.sum()), 1)
    return np.log((subject + 1e-6) / (background + 1e-6))


def _seen_cells(cells: Ints) -> Bools:
    """The cells that the clip has, with those beside them."""
    return _smooth(np.bincount(cells.ravel(), minlength=BINS**3)) > 1e-3


def colour_distance(cells: Ints, inside: Bools) -> float:
    """1 minus the Bhattacharyya coefficient of the colours inside and outside, both of which must have some pixels."""
    pair = []
    for part in (inside, ~inside):
        pair.append(_smooth(np.bincount(cells.ravel(), part.ravel(), BINS**3)))

    return float(1 - np.sqrt(pair[0] * pair[1]).sum() / np.sqrt(pair[0].sum() * pair[1].sum()))


def level_evidence(value: Floats, inside: Floats, levels: int = 32) -> Floats:
    """The same for one positive number a pixel instead of a colour, per pixel."""
    scaled = np.log(value + 0.5)
    # A few extreme values would leave all others in one or two levels.
    low, high = np.percentile(scaled, [1, 99])
    cell = np.rint(np.clip((scaled - low) / max(high - low, 1e-6), 0, 1) * (levels - 1)).astype(np.int64)
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    pair = []

    for weight in (inside, 1 - inside):
        counts = np.pad(np.bincount(cell.ravel(), weight.ravel(), levels) + 1, 2, mode="edge")
        smooth = np.convolve(counts, kernel, "valid")
        pair.append(smooth / smooth.sum())

    return np.log(pair[0] / pair[1])[cell]


def _smooth(counts: Floats | Ints, sigma: float = 0.8) -> Floats:
    out = counts.reshape((BINS,) * 3).astype(np.float64)
    kernel = np.exp(-0.5 * (np.arange(-3, 4) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in range(3):
        wide = np.pad(out, [(3, 3) if a == axis else (0, 0) for a in range(3)])
        out = sum(k * np.take(wide, np.arange(i, i + BINS), axis=axis) for i, k in enumerate(kernel))
    return out.ravel()
