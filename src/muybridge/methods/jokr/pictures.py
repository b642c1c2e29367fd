"""What the parts of JOKR's training share: pictures as the networks see them, and sums over the two sides."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from muybridge.tensors import Images, Masks

HAZE = 0.25
"""Where a drawn silhouette is less than this, there is nothing."""


def to_picture(frames: Images, masks: Masks) -> Images:
    """[0, 1] on black to [-1, 1] with 0 around the subject."""
    return frames * 2 - masks


def without_rim(frames: Images, masks: Masks, rim: int) -> tuple[Images, Masks]:
    """The subject without the outermost `rim` pixels of its silhouette, where the ground often shines through; what is
    too thin to have anything farther inside stays whole.

    frames   [B, 3, H, W]  [0, 1] on black
    returns  the same with smaller silhouettes
    """
    inner = -F.max_pool2d(-masks, 2 * rim + 1, 1, rim)
    thin = masks * (1 - F.max_pool2d(inner, 4 * rim + 1, 1, 2 * rim))
    kept = torch.maximum(inner, thin)
    return frames * (kept / masks.clamp_min(1e-3)), kept


def spread_out(frames: Images, masks: Masks) -> Images:
    """The subject's colours carried on beyond its silhouette: outside, each pixel has the mean of the smallest block of
    a pyramid that reaches the subject.

    frames   [B, 3, H, W]  [0, 1] on black
    returns  [B, 3, H, W]  [0, 1], inside the silhouette as it was
    """
    if masks.shape[2:].numel() == 1:
        return frames / masks.clamp_min(1e-6)
    coarse = [F.avg_pool2d(x, 2, ceil_mode=True) for x in (frames, masks)]
    around = F.interpolate(spread_out(*coarse), frames.shape[2:], mode="bilinear")
    return frames + (1 - masks) * around


def mean_colour(pictures: Images, masks: Masks) -> Tensor:
    """The mean of each picture under its mask: [B, 3, 1, 1]."""
    area = masks.sum((2, 3), keepdim=True).clamp_min(1)
    return (pictures * masks).sum((2, 3), keepdim=True) / area


def both(terms: Iterator[Tensor]) -> Tensor:
    """The sum over the two sides."""
    first, second = terms
    return first + second
