"""Gaussians fitted to heat maps, and drawn again (MonkeyNet)."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry.grids import axis, full_precision
from muybridge.tensors import Heatmaps, Points

Covariances = Float[Tensor, "B K 2 2"]
"""Symmetric, in squared normalised units."""


def second_moments(heatmaps: Heatmaps, means: Points) -> Covariances:
    """Sum of H[p] (p - h)(p - h)^T over all pixels (MonkeyNet, eq. 1).

    heatmaps  [B, K, H, W]  each sums to 1, as from `spatial_softmax`
    means     [B, K, 2]     (x, y), as from `soft_argmax`
    returns   [B, K, 2, 2]
    """
    maps = full_precision(heatmaps)
    dx = axis(maps.shape[3], maps) - means[..., :1]
    dy = axis(maps.shape[2], maps) - means[..., 1:]
    xx = (maps.sum(2) * dx.square()).sum(-1)

    yy = (maps.sum(3) * dy.square()).sum(-1)
    xy = ((maps * dx[:, :, None]).sum(3) * dy).sum(-1)
    return torch.stack((xx, xy, xy, yy), dim=-1).unflatten(-1, (2, 2))


def smallest_eigenvalue(covariances: Covariances) -> Float[Tensor, "B K"]:
    """In closed form; of a symmetric positive matrix it is the smallest singular value too. Its gradient is finite
    where both eigenvalues agree.

    covariances  [B, K, 2, 2]  symmetric
    returns      [B, K]
    """
    xx = covariances[..., 0, 0]
    xy = covariances[..., 0, 1]
    yy = covariances[..., 1, 1]
    spread = ((xx - yy).square() / 4 + xy.square()).clamp_min(1e-24).sqrt()
    return (xx + yy) / 2 - spread


def widen_covariances(covariances: Covariances, smallest: float) -> Covariances:
    """Scaled up as a whole where the smallest eigenvalue is less than `smallest`, so that a bump never is a spike
    (`clip_variance`, docs/methods/monkeynet.md)."""
    least = smallest_eigenvalue(covariances).clamp_min(1e-12)
    return covariances * (least.clamp_min(smallest) / least)[..., None, None]


def raise_covariances(covariances: Covariances, smallest: float) -> Covariances:
    """Raised by the same variance all around where the smallest eigenvalue is less than `smallest`, and else as they
    are, so that those of a heat map which is 1 at one pixel can be inverted and have finite gradients.

    covariances  [B, K, 2, 2]  symmetric
    returns      [B, K, 2, 2]
    """
    missing = (smallest - smallest_eigenvalue(covariances)).relu()
    xx, xy, yx, yy = covariances.flatten(-2).unbind(-1)
    return torch.stack((xx + missing, xy, yx, yy + missing), dim=-1).unflatten(-1, (2, 2))


def inverse_2x2(matrices: Float[Tensor, "*N 2 2"]) -> Float[Tensor, "*N 2 2"]:
    """In closed form, so that it exports; the determinants must not be 0."""
    a, b, c, d = matrices.flatten(-2).unbind(-1)
    adjugate = torch.stack((d, -b, -c, a), dim=-1).unflatten(-1, (2, 2))
    return adjugate / (a * d - b * c)[..., None, None]


def moment_gaussians(means: Points, covariances: Covariances, size: tuple[int, int]) -> Heatmaps:
    """One bump per keypoint: exp(-(p - h)^T Sigma^-1 (p - h) / 2) (MonkeyNet, eq. 2 with alpha = 1; the factor 1/2 is
    the released program's, the paper prints none).

    means        [B, K, 2]     (x, y) in [-1, 1]
    covariances  [B, K, 2, 2]  positive definite
    size         (H, W)        pixels
    returns      [B, K, H, W]  1.0 at the keypoint
    """
    p = full_precision(means)
    inverse = inverse_2x2(full_precision(covariances))[..., None, None]
    dx = axis(size[1], p) - p[..., 0, None, None]
    dy = axis(size[0], p)[:, None] - p[..., 1, None, None]

    across = inverse[:, :, 0, 0] * dx.square()
    down = inverse[:, :, 1, 1] * dy.square()
    both = (inverse[:, :, 0, 1] + inverse[:, :, 1, 0]) * dx * dy
    return torch.exp((across + down + both) / -2)
