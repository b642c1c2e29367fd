"""Keypoints and their frames move as a bent picture does (FOMM, eq. 10 and 11; articulated animation's Leq)."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry import ThinPlate, axis_swap, inverse_2x2, product_2x2
from muybridge.tensors import Points, Scalar


def point_equivariance(points: Points, bent: Points, bend: ThinPlate) -> Scalar:
    """Mean |k - T(k')|.

    points  [B, K, 2]  k, found in the picture
    bent    [B, K, 2]  k', found in the picture bent by T
    """
    return (points - bend(bent)).abs().mean()


def frame_equivariance(
    frames: Float[Tensor, "B K 2 2"],
    bent: Float[Tensor, "B K 2 2"],
    points: Points,
    bend: ThinPlate,
    swaps: bool = False,
) -> Scalar:
    """Mean |I - A^-1 (dT / dk') A'| over the four entries.

    frames, bent  [B, K, 2, 2]  A in the picture and A' in the bent one
    points        [B, K, 2]     k' in the bent one
    swaps         a frame whose axes have both changed sign is as good (articulated animation)
    """
    carried = product_2x2(bend.jacobian(points), bent)
    product = product_2x2(inverse_2x2(frames), carried)
    if swaps:
        product = product * axis_swap(product)
    return (torch.eye(2, device=product.device, dtype=product.dtype) - product).abs().mean()
