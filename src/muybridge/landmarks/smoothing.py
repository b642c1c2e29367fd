"""Landmarks made steady in time."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from muybridge.errors import UsageError
from muybridge.landmarks.points import Landmarks


def smooth(landmarks: Landmarks, window: int = 5, gap: int = 5) -> Landmarks:
    """Fill short gaps and average over neighbouring frames (docs/methods/tsnet.md, Inference: a moving average of 5).

    window  frames, odd; 1 leaves the points where they are
    gap     a landmark that is missing on at most so many frames in a row is put on the line between the places before
            and after, as sure as the less sure of the two; longer gaps stay gaps

    Neighbours count in pairs, one before and one as far behind, and only where both are sure: a steady motion is left
    as it is, at the ends and beside a gap too. Nothing is averaged over a frame on which the landmark is missing.
    """
    if window < 1 or window % 2 == 0 or gap < 0:
        raise UsageError(f"smoothing takes an odd window and a gap of 0 or more, not {window} and {gap}")

    filled = fill_gaps(landmarks, gap)
    points = filled.points
    total = points.clone()
    weight = torch.ones_like(filled.confidence)
    whole = filled.seen

    for k in range(1, min(window // 2, (len(points) - 1) // 2) + 1):
        pairs = torch.zeros_like(whole)
        pairs[k:-k] = whole[k:-k] & filled.seen[2 * k :] & filled.seen[: -2 * k]
        before = points.roll(k, 0)
        after = points.roll(-k, 0)
        total += torch.where(pairs[..., None], before + after, 0)
        weight += 2 * pairs.float()
        # A pair counts only where all nearer pairs did, so that no average reaches across a gap.
        whole = pairs

    return replace(filled, points=total / weight[..., None])


def fill_gaps(landmarks: Landmarks, gap: int = 5) -> Landmarks:
    """Put landmarks that are missing or unsure on at most `gap` frames in a row between those before and after."""
    points = landmarks.points.clone()
    trust = landmarks.confidence.clone()
    seen = landmarks.seen
    before = _last_seen(seen)
    after = len(seen) - 1 - _last_seen(seen.flip(0)).flip(0)
    frames = torch.arange(len(seen))[:, None].expand_as(seen)
    # A gap at the start or the end has only one side, and nothing to draw a line to.
    inside = (before >= 0) & (after < len(seen)) & ~seen
    inside &= after - before - 1 <= gap

    # Outside the gaps these indexes mean nothing, but `gather` takes none that lie beyond the clip.
    left = before.clamp(min=0)
    right = after.clamp(max=len(seen) - 1)
    part = ((frames - left).float() / (right - left).clamp(min=1))[..., None]
    place_before = landmarks.points.gather(0, left[..., None].expand_as(points))
    place_after = landmarks.points.gather(0, right[..., None].expand_as(points))
    sure_before = landmarks.confidence.gather(0, left)
    sure_after = landmarks.confidence.gather(0, right)

    points = torch.where(inside[..., None], torch.lerp(place_before, place_after, part), points)
    # A point that was put in can be no surer than the less sure of its two ends.
    trust = torch.where(inside, torch.minimum(sure_before, sure_after), trust)
    return replace(landmarks, points=points, confidence=trust)


def _last_seen(seen: Bool[Tensor, "T K"]) -> Int[Tensor, "T K"]:
    """Index of the last frame up to this one on which a landmark is sure; -1 where there is none."""
    index = torch.where(seen, torch.arange(len(seen))[:, None], -1)
    return index.cummax(0).values
