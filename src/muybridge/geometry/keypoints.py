"""From heat maps to keypoints and back."""

import torch
from torch import Tensor

from muybridge.geometry.grids import axis, full_precision
from muybridge.tensors import Heatmaps, Points


def spatial_softmax(logits: Heatmaps, temperature: float = 1.0) -> Heatmaps:
    """Make each map a distribution over its pixels.

    logits       [B, K, H, W]
    temperature  smaller is sharper; JOKR and FOMM use 0.1
    returns      [B, K, H, W]  non-negative, each map sums to 1; at least float32
    """
    return (full_precision(logits) / temperature).flatten(2).softmax(-1).view(logits.shape)


def soft_argmax(heatmaps: Heatmaps) -> Points:
    """The mean position under each map (JOKR, eq. 8).

    heatmaps  [B, K, H, W]  each sums to 1, as from `spatial_softmax`
    returns   [B, K, 2]     (x, y) in [-1, 1]; ±1 are the centres of the map's own corner pixels
    """
    maps = full_precision(heatmaps)
    x = (maps.sum(2) * axis(maps.shape[3], maps)).sum(-1)
    y = (maps.sum(3) * axis(maps.shape[2], maps)).sum(-1)
    return torch.stack((x, y), dim=-1)


def gaussians(points: Points, size: tuple[int, int], sigma: float) -> Heatmaps:
    """Draw one bump per keypoint: exp(-|p - k| / sigma^2), |.| the Euclidean distance (JOKR, eq. 9 with alpha = 1).

    points   [B, K, 2]     (x, y) in [-1, 1]
    size     (H, W)        pixels
    sigma                  normalised units; the paper uses 0.1
    returns  [B, K, H, W]  1.0 at the keypoint
    """
    dx, dy = _offsets(points, size)
    # The root has no gradient at 0; below the smallest distance that matters it is held constant.
    return torch.exp((dx.square() + dy.square()).clamp_min(1e-20).sqrt() * (-1 / sigma**2))


def released_gaussians(points: Points, size: tuple[int, int], sigma: float = 0.2) -> Heatmaps:
    """The bumps of the released JOKR program: exp(-(|dx| + |dy|) / sigma^2) divided by the largest value of all.

    The divisor is one number for the whole batch, so a map depends on what else is in the batch, and gradients flow
    through it.

    points   [B, K, 2]     (x, y) in [-1, 1]
    size     (H, W)        pixels
    sigma                  normalised units
    returns  [B, K, H, W]  the largest entry of the tensor is 1.0
    """
    dx, dy = _offsets(points, size)
    maps = torch.exp(dx.abs() * (-1 / sigma**2)) * torch.exp(dy.abs() * (-1 / sigma**2))
    return maps / maps.max()


def normal_gaussians(points: Points, size: tuple[int, int], variance: float) -> Heatmaps:
    """Draw one bump per keypoint: exp(-|p - k|^2 / (2 variance)), as FOMM does with variance 0.01.

    points    [B, K, 2]     (x, y) in [-1, 1]
    size      (H, W)        pixels
    variance                squared normalised units
    returns   [B, K, H, W]  1.0 at the keypoint
    """
    dx, dy = _offsets(points, size)
    return torch.exp(dx.square() * (-0.5 / variance)) * torch.exp(dy.square() * (-0.5 / variance))


def _offsets(points: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """[B, K, 1, W] and [B, K, H, 1]: what is left to do per pixel is one product, or one root."""
    p = full_precision(points)
    dx = axis(size[1], p) - p[..., 0, None, None]
    dy = axis(size[0], p)[:, None] - p[..., 1, None, None]
    return dx, dy
