"""Keypoints with covariances, and the maps that networks see of their movement."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.geometry import Covariances, make_grid, moment_gaussians, sample
from muybridge.methods.monkeynet.config import BumpsConfig, MotionConfig
from muybridge.tensors import Heatmaps, Images, Points


class Keypoints(NamedTuple):
    """Where keypoints are, and how far they spread (eq. 1).

    means        [B, K, 2]     (x, y) in [-1, 1]
    covariances  [B, K, 2, 2]  squared normalised units
    """

    means: Points
    covariances: Covariances

    @property
    def points(self) -> Points:
        """The means, as a `PictureAnimator` calls them."""
        return self.means

    def at(self, index: slice) -> "Keypoints":
        """Those of some pictures of the batch."""
        return Keypoints(self.means[index], self.covariances[index])

    def detach(self) -> "Keypoints":
        """Without gradients."""
        return Keypoints(self.means.detach(), self.covariances.detach())


def shrink(images: Images, scale: float) -> Float[Tensor, "B C H2 W2"]:
    """Every n-th pixel: nearest resampling, as published."""
    return images if scale == 1 else F.interpolate(images, scale_factor=scale, mode="nearest")


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """The size of what `shrink` gives."""
    return int(size[0] * scale), int(size[1] * scale)


def draw_keypoint_maps(points: Keypoints, size: tuple[int, int], bumps: BumpsConfig) -> Heatmaps:
    """Eq. 2: one map a keypoint, divided by alpha.

    size     (H, W)        of the maps, pixels
    returns  [B, K, H, W]  at least 0
    """
    maps = moment_gaussians(points.means, points.covariances, size)
    if bumps.alpha == "sum":
        return maps / maps.sum((2, 3), keepdim=True)
    return maps / bumps.alpha


def heat(source: Keypoints | None, driving: Keypoints, size: tuple[int, int], bumps: BumpsConfig) -> Heatmaps:
    """H' - H, or H' alone (section 3.3).

    source   keypoints of one picture, or of each of the batch; None where only the driving maps are wanted
    returns  [B, K, H, W]
    """
    maps = draw_keypoint_maps(driving, size, bumps)
    if bumps.drawn == "driving" or source is None:
        return maps
    return maps - draw_keypoint_maps(source, size, bumps)


def displacements(source: Keypoints, driving: Keypoints, background: bool) -> Float[Tensor, "B P 2"]:
    """rho(h_k) of eq. 4: how far from each driving keypoint the source's lies; first that of the background, which is
    still, where it is wanted."""
    moved = source.means - driving.means
    if not background:
        return moved
    return torch.cat((torch.zeros_like(moved[:, :1]), moved), dim=1)


def aligned_sources(
    images: Images, moved: Float[Tensor, "B2 P 2"], align_corners: bool = True
) -> Float[Tensor, "B2 P 3 H W"]:
    """x_k of section 3.4: the source moved as a whole by each displacement, black beyond its edges.

    images  [B, 3, H, W], or [1, 3, H, W] for all
    """
    b, p = moved.shape[:2]
    h, w = images.shape[2:]
    grid = make_grid((h, w), moved) + moved.reshape(b * p, 1, 1, 2)
    # The keypoints' grids stand below each other, so that a picture is read once for all of them.
    tall = sample(images.expand(b, -1, -1, -1), grid.view(b, p * h, w, 2), align_corners=align_corners)
    return tall.view(b, 3, p, h, w).transpose(1, 2)


def movement(
    images: Images, source: Keypoints, driving: Keypoints, config: MotionConfig, align_corners: bool = True
) -> Float[Tensor, "B2 C2 H W"]:
    """What M sees: for the background and each keypoint its heat map (1), displacement (2), aligned source (3), as far
    as the config wants them.

    images   [B, 3, H, W] or [1, 3, H, W]  the source, at the size of the maps
    returns  [B, P C, H, W]
    """
    size = (images.shape[2], images.shape[3])
    moved = displacements(source, driving, config.background)
    kinds: list[Tensor] = []
    if config.heat:
        maps = heat(source, driving, size, config.bumps)
        # The background has no place, so its map is empty.
        maps = F.pad(maps, (0, 0, 0, 0, 1, 0)) if config.background else maps
        kinds.append(maps[:, :, None])

    if config.displacement:
        kinds.append(moved[..., None, None].expand(-1, -1, -1, *size))
    if config.source:
        kinds.append(aligned_sources(images, moved, align_corners).to(moved.dtype))

    return torch.cat(kinds, dim=2).flatten(1, 2)
