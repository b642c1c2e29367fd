"""Principal axes of 2x2 covariances (articulated animation, eq. 2)."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry.grids import full_precision
from muybridge.geometry.moments import Covariances
from muybridge.settings import Solver


class PrincipalAxes(NamedTuple):
    """U and the square roots of S, so that U S U^T is the covariance."""

    directions: Float[Tensor, "B K 2 2"]
    """U: its columns are the long and the short axis, of length 1."""
    lengths: Float[Tensor, "B K 2"]
    """Standard deviations along them, the larger first."""

    @property
    def affine(self) -> Float[Tensor, "B K 2 2"]:
        """U S^(1/2): from the whitened frame to the picture (eq. 3)."""
        return self.directions * self.lengths[..., None, :]


def principal_axes(covariances: Covariances, solver: Solver = "closed") -> PrincipalAxes:
    """The principal axes of each region.

    covariances  [B, K, 2, 2]  symmetric, positive
    returns      directions [B, K, 2, 2] with determinant -1 and the signs that LAPACK gives (but for exactly
                 diagonal covariances, which no heat map has), lengths [B, K, 2]

    Where the axes are equally long their direction is arbitrary, and changes sign somewhere on the circle whatever the
    convention; `axis_swap` tells of a pair that lies across that cut.
    """
    wide = full_precision(covariances)
    if solver == "svd":
        directions, squares, _ = torch.linalg.svd(wide.cpu())
        return PrincipalAxes(directions.to(wide.device), squares.sqrt().to(wide.device))

    a = wide[..., 0, 0]
    b = wide[..., 0, 1]
    c = wide[..., 1, 1]
    half = (a - c) / 2
    # Below this the axes are as long as each other to float32, and the root would have no gradient.
    spread = (half.square() + b.square()).clamp_min(1e-14).sqrt()

    larger = (a + c) / 2 + spread
    # det / larger, without the difference of two close numbers.
    smaller = ((a * c - b.square()) / larger).clamp_min(1e-12)

    # Of the two formulas for the eigenvector the one that does not cancel.
    tilt = torch.where(b > 0, 1.0, -1.0)
    flat = half >= 0
    x = torch.where(flat, half + spread, b * tilt)
    y = torch.where(flat, b, (spread - half) * tilt)

    sign = torch.where((a.square() + 2 * b.square() < a * c) & (b > 0), 1.0, -1.0)
    norm = sign / (x.square() + y.square()).sqrt()
    x = x * norm
    y = y * norm

    directions = torch.stack((x, y, y, -x), dim=-1).unflatten(-1, (2, 2))
    return PrincipalAxes(directions, torch.stack((larger, smaller), dim=-1).sqrt())


def axis_swap(motion: Float[Tensor, "B K 2 2"]) -> Float[Tensor, "B K 1 1"]:
    """1, or -1 where a region would be turned by more than a right angle in x: both its axes then have changed sign
    between the two frames, and times this they have not (`revert_axis_swap` of the program,
    docs/methods/articulated.md).

    motion  [B, K, 2, 2]  A_source A_driving^-1
    """
    return torch.where(motion[..., :1, :1] < 0, -1.0, 1.0).to(motion)
