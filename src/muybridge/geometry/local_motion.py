"""Motion that is affine around each keypoint, and flows made of it (FOMM; articulated animation, eq. 4)."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry.grids import full_precision, make_grid
from muybridge.geometry.moments import inverse_2x2
from muybridge.tensors import Points

Motions = Float[Tensor, "B K H W 2"]
"""Where each pixel of the driving frame looks in the source, for each of K motions."""


def product_2x2(first: Float[Tensor, "*N 2 2"], second: Float[Tensor, "*N 2 2"]) -> Float[Tensor, "*N 2 2"]:
    """Matrix product written out, which autocast leaves alone."""
    return (first[..., :, :, None] * second[..., None, :, :]).sum(-2)


def relative_linear(source: Float[Tensor, "B K 2 2"], driving: Float[Tensor, "B K 2 2"]) -> Float[Tensor, "B K 2 2"]:
    """A_source A_driving^-1, the linear part of the motion from driving to source (eq. 4 of articulated animation)."""
    return product_2x2(source, inverse_2x2(driving))


def local_motions(
    size: tuple[int, int], driving: Points, source: Points, linear: Float[Tensor, "B K 2 2"] | None = None
) -> Motions:
    """z -> A (z - k_driving) + k_source for each keypoint and pixel.

    size             (H, W) pixels
    driving, source  [B, K, 2]        (x, y) in [-1, 1]
    linear           [B, K, 2, 2]     A, as from `relative_linear`; None is the identity
    returns          [B, K, H, W, 2]  absolute (x, y)
    """
    d = full_precision(driving)
    s = full_precision(source)
    offsets = make_grid(size, d) - d[:, :, None, None]
    if linear is not None:
        offsets = (linear[:, :, None, None] * offsets[..., None, :]).sum(-1)
    return offsets + s[:, :, None, None]


def relative_points(
    source: Points, driving: Points, reference: Points, scale: Float[Tensor, "B_or_1"] | float = 1.0
) -> Points:
    """k_source + scale (k_driving - k_reference): the source moved as the driving did since its reference frame."""
    factor = scale if isinstance(scale, float) else scale[:, None, None]
    return source + factor * (driving - reference)


def relative_affines(
    source: Float[Tensor, "B K 2 2"], driving: Float[Tensor, "B K 2 2"], reference: Float[Tensor, "B K 2 2"]
) -> Float[Tensor, "B K 2 2"]:
    """A_driving A_reference^-1 A_source."""
    return product_2x2(relative_linear(driving, reference), source)


def combined_flow(motions: Motions, masks: Float[Tensor, "B K H W"]) -> Float[Tensor, "B H W 2"]:
    """The mean of the motions, weighed by masks that sum to 1 in each pixel."""
    wide = full_precision(masks)
    return torch.einsum("bkhwc,bkhw->bhwc", motions.to(wide), wide)
