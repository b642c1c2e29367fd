"""Random thin-plate splines, as FOMM and articulated animation bend pictures for their equivariance terms."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry.affine import apply_affine
from muybridge.geometry.grids import Padding, full_precision, make_grid, sample
from muybridge.tensors import Affines, Images

Bends = Float[Tensor, "B 1 N"]
"""The weight of each of the N control points."""


@dataclass(frozen=True, eq=False)
class ThinPlate:
    """p -> M p + t + sum_i w_i r_i^2 log(r_i + 1e-6), the sum added to x and to y alike, r_i the L1 distance from p to
    control point i (docs/methods/fomm.md).

    affine  [B, 2, 3]  [M | t]
    bends   [B, 1, N]  w; the N control points are a square grid over the picture, corners included, row by row
    """

    affine: Affines
    bends: Bends

    def __call__(self, points: Float[Tensor, "B *N 2"]) -> Float[Tensor, "B *N 2"]:
        """Where points [B, ..., 2] go."""
        moved = apply_affine(self.affine, points)
        radius = self._offsets(points).abs().sum(-1)
        bent = self._weigh(radius.square() * (radius + 1e-6).log())
        return moved + bent[..., None]

    def jacobian(self, points: Float[Tensor, "B K 2"]) -> Float[Tensor, "B K 2 2"]:
        """d T / d p at points [B, K, 2]: row x' or y', column x or y, in closed form."""
        offsets = self._offsets(points)
        radius = offsets.abs().sum(-1)

        slope = 2 * radius * (radius + 1e-6).log() + radius.square() / (radius + 1e-6)
        parts = []
        for i in (0, 1):
            parts.append(self._weigh(slope * offsets[..., i].sign()))

        bent = torch.stack(parts, dim=-1)
        return self.affine[:, None, :, :2] + bent[:, :, None]

    def warp(self, images: Images, padding: Padding = "reflection", align_corners: bool = True) -> Images:
        """The picture whose pixel p shows what the given one has at T(p); see `warp_affine`."""
        grid = make_grid((images.shape[2], images.shape[3]), full_precision(self.affine))
        where = self(grid.expand(images.shape[0], -1, -1, -1))
        return sample(images, where, padding, align_corners)

    def _offsets(self, points: Tensor) -> Tensor:
        """[B, ..., N, 2]: from each control point."""
        side = round(self.bends.shape[-1] ** 0.5)
        return points[..., None, :] - make_grid((side, side), points).flatten(0, 1)

    def _weigh(self, x: Tensor) -> Tensor:
        return (x * self.bends.view(len(self.bends), *(1,) * (x.ndim - 2), -1)).sum(-1)


def random_thin_plate(
    batch: int, affine: float, bend: float, points: int, like: Tensor, generator: torch.Generator | None = None
) -> ThinPlate:
    """[I | 0] plus normal noise, and normal weights (FOMM, section 3.1; sigma 0.05 and 0.005 with 5x5 points).

    affine, bend  standard deviations
    points        control points a side
    like          gives device and precision
    generator     draws on the CPU; PyTorch's own unless given
    """
    noise = torch.randn(batch, 2, 3, generator=generator).to(like)
    weights = torch.randn(batch, 1, points**2, generator=generator).to(like)
    return ThinPlate(torch.eye(2, 3, dtype=like.dtype, device=like.device) + affine * noise, bend * weights)
