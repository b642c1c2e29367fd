"""Answers that need no method: what a result has to beat before it says anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import cos, radians, sin

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.errors import MissingSilhouettesError
from muybridge.geometry import compose_affines, warp_affine
from muybridge.metrics import iou
from muybridge.tensors import Affines
from muybridge.video import Clip

Frames = Float[Tensor, "_ 1 _ _"]
TINY = 0.05
"""Masses and spreads under this are none."""


def same_time(source: Clip, driving: Clip, truth: Clip, flip: bool = False) -> Clip:
    """The source's own frame nearest in time to each driving frame: nothing is moved at all."""
    starts = torch.tensor(source.timing.seconds)
    index = []
    for at in driving.timing.seconds:
        index.append(int((starts - at).abs().argmin()))

    return _pick_frames(source, driving, index)


def best_still(source: Clip, driving: Clip, truth: Clip, flip: bool = False) -> Clip:
    """The single frame of the source whose silhouette overlaps the truth most on average: chosen knowing the truth."""
    own = _flat(source)
    right = _flat(truth)
    both = own @ right.T
    union = own.sum(1)[:, None] + right.sum(1)[None] - both
    best = int((both / union.clamp_min(1)).mean(1).argmax())
    return _pick_frames(source, driving, [best] * len(driving))


def warped_silhouette(source: Clip, driving: Clip, truth: Clip, flip: bool = False) -> Clip:
    """The driving silhouette moved by one affine map, in the source's mean colours by place.

    The map takes mean place and size, in x and in y, to the source's, after the turn that brings it nearest to the
    truth, in steps of five degrees: chosen knowing the truth.

    flip  the two look opposite ways: mirror the driving silhouette first
    """
    led = driving.mirror() if flip else driving
    if led.masks is None or source.masks is None or truth.masks is None:
        raise MissingSilhouettesError("an affine answer needs the silhouettes of all clips")

    theirs = _resize_like(led.masks, source.masks)
    mine = source.masks
    # Twelve frames tell which turn is best as well as all of them.
    some = torch.linspace(0, min(len(theirs), len(truth)) - 1, min(12, len(theirs), len(truth))).long()
    maps = []
    for degrees in range(-45, 46, 5):
        maps.append(_turning_map(theirs, mine, radians(degrees)))

    fits = []
    for m in maps:
        fits.append(iou(_warp(theirs[some], m), truth.masks[some]).mean())

    moved = _warp(theirs, maps[int(torch.stack(fits).argmax())])

    return Clip.from_floats(_mean_colours(source).expand(len(moved), -1, -1, -1), moved, driving.timing)


BASELINES: Mapping[str, Callable[[Clip, Clip, Clip, bool], Clip]] = {
    "same time": same_time,
    "best still": best_still,
    "warped silhouette": warped_silhouette,
}
"""Name -> (source, driving, truth, flip) -> the answer, with the driving clip's times."""


def _pick_frames(source: Clip, driving: Clip, index: list[int]) -> Clip:
    mattes = None if source.mattes is None else source.mattes[index]
    return replace(source, pixels=source.pixels[index], mattes=mattes, timing=driving.timing, sizes=None, full=None)


def _flat(clip: Clip) -> Tensor:
    if clip.mattes is None:
        raise MissingSilhouettesError("the best frame is found by silhouettes, which this clip does not have")
    return (clip.mattes > 127).flatten(1).float()


def _turning_map(theirs: Frames, mine: Frames, angle: float) -> Affines:
    """From each place of the source to the driving place that is shown there, after a turn about the middle: [1, 2, 3].

    A warped picture shows at p what the given one has at the map's p, so the map leads back to the driving video.
    """
    turn = torch.tensor([[[cos(angle), -sin(angle), 0.0], [sin(angle), cos(angle), 0.0]]])
    (centre, spread) = _place(_warp(theirs, turn))
    (wanted, size) = _place(mine)
    factor = spread / size.clamp_min(TINY)
    fitted = torch.cat((torch.diag(factor), (centre - factor * wanted)[:, None]), 1)[None]
    return compose_affines(turn, fitted)


def _warp(masks: Frames, affine: Affines) -> Frames:
    return warp_affine(masks, affine.expand(len(masks), 2, 3))


def _place(masks: Frames) -> tuple[Tensor, Tensor]:
    """Mean over the frames of the silhouettes' centres (x, y), and the root mean square distance from them."""
    centres = []
    spreads = []

    for sums, side in ((masks.sum((1, 2)), masks.shape[3]), (masks.sum((1, 3)), masks.shape[2])):
        axis = torch.linspace(-1, 1, side)
        share = sums / sums.sum(1, keepdim=True).clamp_min(TINY)
        middle = (share * axis).sum(1)
        centres.append(middle.mean())
        spreads.append((share * (axis - middle[:, None]).square()).sum(1).sqrt().mean())

    return torch.stack(centres), torch.stack(spreads)


def _resize_like(masks: Frames, like: Frames) -> Frames:
    if masks.shape[2:] == like.shape[2:]:
        return masks
    return F.interpolate(masks, (like.shape[2], like.shape[3]), mode="area")


def _mean_colours(source: Clip) -> Tensor:
    """The source's mean colour at each place, [1, 3, H, W]; where it never is, its mean over all."""
    masks = source.masks
    assert masks is not None
    seen = masks.sum(0)
    total = (source.frames * masks).sum(0)
    overall = total.sum((1, 2)) / seen.sum().clamp_min(1)
    return torch.where(seen > 0.5, total / seen.clamp_min(0.5), overall[:, None, None])[None]
