"""How far silhouettes are from the ones that they should be, one value a picture; cut at a half."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.tensors import Masks

Cut = Bool[Tensor, "B 1 H W"]
TOLERANCE = 0.008
"""How far apart two outlines may lie and still meet, as a share of the diagonal (Perazzi et al. 2016, DAVIS)."""


def iou(made: Masks, truth: Masks) -> Float[Tensor, "B"]:
    """Intersection over union, 0 to 1; two empty silhouettes agree."""
    a = made > 0.5
    b = truth > 0.5
    union = (a | b).sum((1, 2, 3))
    return torch.where(union > 0, (a & b).sum((1, 2, 3)) / union.clamp_min(1), 1.0)


def boundary_f(made: Masks, truth: Masks, tolerance: float = TOLERANCE) -> Float[Tensor, "B"]:
    """Harmonic mean of the shares of either outline that lie within `tolerance` of the other (DAVIS's F), 0 to 1.

    tolerance  share of the picture's diagonal, rounded up to whole pixels
    """
    a = outline(made > 0.5)
    b = outline(truth > 0.5)
    height, width = made.shape[2:]
    reach = max(1, int(-(-tolerance * (height**2 + width**2) ** 0.5 // 1)))
    precision = _share(a, _dilate(b, reach))
    recall = _share(b, _dilate(a, reach))
    both = 2 * precision * recall / (precision + recall).clamp_min(1e-12)
    empty = (a.sum((1, 2, 3)) == 0) & (b.sum((1, 2, 3)) == 0)

    return torch.where(empty, 1.0, both)


def outline(cut: Cut) -> Cut:
    """Pixels of the silhouette that have one of their four neighbours, or the picture's edge, outside."""
    inner = F.pad(cut, (1, 1, 1, 1))
    core = inner[..., 1:-1, :-2] & inner[..., 1:-1, 2:] & inner[..., :-2, 1:-1] & inner[..., 2:, 1:-1]
    return cut & ~core


def _dilate(cut: Cut, reach: int) -> Cut:
    """All pixels within `reach` of one: a disc."""
    axis = torch.arange(-reach, reach + 1)
    disc = (axis[:, None] ** 2 + axis[None] ** 2 <= reach**2).float()[None, None]
    return F.conv2d(cut.float(), disc.to(cut.device), padding=reach) > 0.5


def _share(part: Cut, whole: Cut) -> Float[Tensor, "B"]:
    return (part & whole).sum((1, 2, 3)) / part.sum((1, 2, 3)).clamp_min(1)
