"""Warped references mixed into one picture, and merged by bands with what R has painted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.tensors import Images, Masks

EVERYWHERE = 0.02
"""Share of a reference's colours, carried on, where it does not show the subject."""
FIRST = 2.0
"""How much more the first reference counts than the others, as a logit: it is near in the whole pose."""
MISFIT = 100.0
"""How much less a reference counts where its keypoints lie elsewhere, as a logit for a squared distance of one."""
BAND = 1 / 32
"""Spread of the blur that parts the bands, as a share of the picture's geometric mean side."""


@dataclass(frozen=True, eq=False)
class Layers:
    """References moved to where a result needs them.

    pictures  [B, M, 4, h, w]  colours and silhouette in [0, 1]
    shares    [B, M, 1, h, w]  sum to 1 over M
    """

    pictures: Float[Tensor, "B M 4 h w"]
    shares: Float[Tensor, "B M 1 h w"]

    def blend(self) -> tuple[Images, Masks]:
        """The colours of all of them, and how far the subject is covered: [B, 3, h, w], [B, 1, h, w]."""
        covers = self.pictures[:, :, 3:]
        weights = self.shares * (covers + EVERYWHERE)
        colours = (weights * self.pictures[:, :, :3]).sum(1) / weights.sum(1).clamp_min(1e-4)
        return colours, (self.shares * covers).sum(1)


def share_out(
    visibility: Float[Tensor, "B M 1 h w"],
    cover: Float[Tensor, "B M 1 h w"],
    sane: Float[Tensor, "B M 1 h w"],
    misfit: Float[Tensor, "B M 1 h w"],
) -> Float[Tensor, "B M 1 h w"]:
    """The share of each reference in each pixel: more where its own pose is near, the first one's a little more.

    visibility  logits of the network
    cover       the references' silhouettes, moved
    sane        see `dense_motion.sanity`
    misfit      see `dense_motion.Motion`
    """
    first = torch.zeros(visibility.shape[1]).to(visibility)
    first[0] = FIRST
    fitness = 4 * visibility - MISFIT * misfit
    # One reference goes over into another slowly, so that no seam shows on a body of one colour.
    slowly = blur(fitness.flatten(1, 2), 2 * BAND).unflatten(1, fitness.shape[1:3])
    return (slowly + 6 * cover + 2 * sane + first[None, :, None, None, None]).softmax(1)


def blur(pictures: Images, share: float = BAND) -> Images:
    """A Gaussian whose spread is a share of the picture's geometric mean side; beyond the picture its edge goes on."""
    height, width = (int(side) for side in pictures.shape[2:])
    spread = share * (height * width) ** 0.5
    reach = min(int(3 * spread), height - 1, width - 1)
    if reach < 1:
        return pictures

    # Rows and columns one after the other, as a Gaussian is the product of two; these pictures are so small that two
    # products of matrices are many times faster than convolutions.
    rows = _blur_matrix(height, spread, reach).to(pictures)
    columns = _blur_matrix(width, spread, reach).to(pictures)
    return rows @ (pictures @ columns.T)


@lru_cache(64)
def _blur_matrix(count: int, spread: float, reach: int) -> Float[Tensor, "N N"]:
    """What each of `count` pixels in a row takes from each of them."""
    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-(steps**2) / (2 * spread**2))
    matrix = np.zeros((count, count))
    for i in range(count):
        np.add.at(matrix[i], (i + steps).clip(0, count - 1), kernel / kernel.sum())
    return torch.from_numpy(matrix)


def trust(covered: Masks) -> Masks:
    """Where a result is made of the references: what they cover without folding or smearing."""
    return (1.3 * covered - 0.15).clamp(0, 1)


def part_bands(painted: Images, blended: Images, trusted: Masks) -> Float[Tensor, "B 7 h w"]:
    """What `merge_bands` needs at the size of the result: there is one look-up for all of it.

    painted  [B, 3, h, w]  what R paints
    blended  [B, 3, h, w]  the references' blend, at R's size
    trusted  [B, 1, h, w]
    returns  [B, 7, h, w]  the result without the references' details; what of it these replace; where they are trusted
    """
    both = torch.cat((painted, blended), 1)
    coarse_painted, coarse_blended = blur(both).split(3, 1)
    slowly = blur(trusted, BAND / 2)

    details = painted - coarse_painted
    coarse = coarse_painted + slowly * (coarse_blended - coarse_painted)
    return torch.cat((coarse + details, coarse_blended + details, trusted), 1)


def merge_bands(fine: Float[Tensor, "B 3 H W"], bands: Float[Tensor, "B 7 H W"]) -> Float[Tensor, "B 3 H W"]:
    """The references where they are trusted and R's painting elsewhere, band by band (Burt and Adelson 1983): the
    coarse one changes over slowly, so that no seam shows, and the fine one at once.

    fine   the references' blend at the size of the result
    bands  of `part_bands`, enlarged to it
    """
    base, replaced, share = bands.split((3, 3, 1), 1)
    return base + share * (fine - replaced)
