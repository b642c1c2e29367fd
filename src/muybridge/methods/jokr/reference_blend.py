"""Warped references mixed into one picture, and merged by bands with what R has painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

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
    height, width = pictures.shape[2:]
    spread = share * (height * width) ** 0.5
    reach = min(int(3 * spread), height - 1, width - 1)
    if reach < 1:
        return pictures
    place = torch.arange(-reach, reach + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-(place**2) / (2 * spread**2))
    kernel = kernel / kernel.sum()

    # Rows and columns one after the other: a Gaussian is the product of two.
    flat = pictures.flatten(0, 1)[:, None]
    flat = F.conv2d(F.pad(flat, (reach, reach, 0, 0), mode="replicate"), kernel[None, None, None])
    flat = F.conv2d(F.pad(flat, (0, 0, reach, reach), mode="replicate"), kernel[None, None, :, None])
    return flat.unflatten(0, pictures.shape[:2])[:, :, 0]


def trust(covered: Masks) -> Masks:
    """Where a result is made of the references: what they cover without folding or smearing."""
    return (1.3 * covered - 0.15).clamp(0, 1)


def merge_bands(
    painted: Images,
    blended: Images,
    fine: Float[Tensor, "B C H2 W2"],
    trusted: Masks,
    enlarge: Callable[[Tensor], Tensor],
) -> Float[Tensor, "B C H2 W2"]:
    """The references where they are trusted and R's painting elsewhere, band by band (Burt and Adelson 1983): the
    coarse one changes over slowly, so that no seam shows, and the fine one at once.

    painted  [B, 3, h, w]  what R paints
    blended  [B, 3, h, w]  the references' blend, at R's size
    fine     [B, 3, H, W]  the same at the size of the result
    trusted  [B, 1, h, w]
    enlarge  from the small size to that of the result
    returns  [B, 3, H, W]
    """
    coarse_painted = blur(painted)
    coarse_blended = blur(blended)
    slowly = blur(trusted, BAND / 2)
    coarse = coarse_painted + slowly * (coarse_blended - coarse_painted)

    share = enlarge(trusted)
    fine_blended = fine - enlarge(coarse_blended)
    fine_painted = enlarge(painted - coarse_painted)
    return enlarge(coarse) + fine_painted + share * (fine_blended - fine_painted)
