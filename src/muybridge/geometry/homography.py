"""Projective maps of the plane in homogeneous coordinates (articulated animation, section 3.1.1)."""

import torch
from jaxtyping import Float
from torch import Tensor

Homographies = Float[Tensor, "B 3 3"]
"""p -> (h1 p, h2 p) / (h3 p) with p = (x, y, 1)."""


def apply_homography(homography: Homographies, points: Float[Tensor, "B *N 2"]) -> Float[Tensor, "B *N 2"]:
    """Map points.

    homography  [B, 3, 3]
    points      [B, ..., 2]  (x, y)
    returns     [B, ..., 2]
    """
    rows = homography.reshape(len(homography), *(1,) * (points.ndim - 2), 3, 3)
    mapped = (rows[..., :2] * points[..., None, :]).sum(-1) + rows[..., 2]
    return mapped[..., :2] / mapped[..., 2:]


def make_homography(numbers: Float[Tensor, "B N"]) -> Homographies:
    """Two numbers are a shift, six an affine map row by row, eight all but the last entry, which is 1.

    numbers  [B, 2], [B, 6] or [B, 8]
    """
    h = numbers.unbind(1)
    zero = torch.zeros_like(h[0])
    one = torch.ones_like(h[0])
    top = [one, zero, h[0], zero, one, h[1]] if len(h) == 2 else list(h[:6])
    last = [*h[6:], one] if len(h) == 8 else [zero, zero, one]
    return torch.stack([*top, *last], dim=1).unflatten(1, (3, 3))
