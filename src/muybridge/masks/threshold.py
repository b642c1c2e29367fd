"""Silhouettes before a flat background: drawings, GIFs, flowers on black."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from muybridge.errors import InputError
from muybridge.masks.arrays import Bools, Bytes, Floats, frame_picture, pad_masks
from muybridge.masks.colour import to_lab
from muybridge.masks.regions import fill_holes, keep_main_parts
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

SPREAD = 6.0
"""A background is flat where three quarters of the border lie within this distance of its median colour (Lab units)."""
HOLE = 0.01
"""Larger holes, as a share of the subject, are background seen between its parts."""
FARTHEST = 60.0
"""Lab distances beyond it are all the same to the threshold."""


def flat_background(clip: Clip) -> Floats | None:
    """The Lab colour [3] of the background where it is flat over the whole clip, else None.

    Judged from the outermost pixels of the frames; up to a quarter of them may belong to the subject.
    """
    rims = []
    for i in range(len(clip)):
        rims.append(_rim(frame_picture(clip, i)))

    rim = np.concatenate(rims)
    colours = to_lab(rim[None, :])[0]
    middle = np.median(colours, axis=0)
    spread = np.percentile(np.linalg.norm(colours - middle, axis=-1), 75)
    return middle if spread <= SPREAD else None


def find_by_threshold(clip: Clip) -> tuple[Mattes, torch.Tensor, str]:
    """What differs from the flat background: Lab distance, Otsu's threshold over the clip, holes filled, main parts.

    returns  uint8 [T, 1, H, W], 255 on the subject; confidence [T] in [0, 1]; the background's colour in words

    Raises InputError where the background is not flat.
    """
    background = flat_background(clip)
    if background is None:
        raise InputError(
            f"the background of {clip.name} is not one flat colour",
            "Leave the way open: it is found by colour and motion then.",
        )

    distances = []
    for i in range(len(clip)):
        distances.append(_distance(frame_picture(clip, i), background))

    # One threshold for all frames: a frame without the subject has nothing to part by itself.
    cut = _otsu(distances)
    masks: list[Bools] = []
    for distance in distances:
        masks.append(keep_main_parts(fill_holes(distance > cut, largest=HOLE), share=0.02))

    trust = []
    for distance, mask in zip(distances, masks, strict=True):
        trust.append(_margin(distance, mask, cut))

    lightness, a, b = (float(v) for v in background)
    return (
        pad_masks(masks, clip),
        torch.tensor(trust),
        f"flat background, Lab {lightness:.0f} {a:.0f} {b:.0f}; cut at distance {cut:.1f}",
    )


def _rim(frame: Bytes) -> Bytes:
    return np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]])


def _distance(frame: Bytes, background: Floats) -> Floats:
    return np.minimum(np.linalg.norm(to_lab(frame) - background, axis=-1), FARTHEST)


def _otsu(distances: list[Floats]) -> float:
    """Otsu's threshold over all frames together, but never inside the noise of the background itself."""
    samples = []
    for distance in distances:
        samples.append((distance.ravel()[:: max(1, distance.size // 20_000)] / FARTHEST * 255).astype(np.uint8))

    levels = np.concatenate(samples)
    level, _ = cv2.threshold(levels[None], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return max(level / 255 * FARTHEST, SPREAD)


def _margin(distance: Floats, mask: Bools, cut: float) -> float:
    """How far the subject stands out from the threshold, on average, 1.0 at twice the threshold and beyond."""
    return float(np.clip(distance[mask] / cut - 1, 0, 1).mean()) if mask.any() else 0.0
