"""Heat maps of keypoints or regions, with an affine frame pooled under each (FOMM; articulated animation, eq. 1)."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.geometry import full_precision, soft_argmax, spatial_softmax
from muybridge.networks.antialias import Downsample
from muybridge.networks.hourglass import Hourglass
from muybridge.settings import Norm
from muybridge.tensors import Heatmaps, Images, Points


class HeatRegions(NamedTuple):
    """What was found in each picture."""

    points: Points
    """Mean position under each heat map, on the map's own [-1, 1]."""
    heatmaps: Heatmaps
    """Each sums to 1."""
    frames: Float[Tensor, "B K 2 2"] | None
    """The regressed matrix of each, pooled under its heat map; None without the head."""


class HeatRegionPredictor(nn.Module):
    """Band-limited down-sampling, hourglass, 7x7 convolution, softmax.

    count        K
    scale        size of the maps, as a share of the picture's: 1 / n
    temperature  of the softmax
    padding      of the 7x7 convolution: with 0 the maps lose three cells at each border, and [-1, 1] spans the rest
    frame_maps   sets of four maps for the regressed matrices: 0 for none, 1 shared by all, or K
    """

    def __init__(
        self,
        count: int,
        *,
        width: int = 32,
        max_width: int = 1024,
        blocks: int = 5,
        scale: float = 0.25,
        temperature: float = 0.1,
        padding: int = 0,
        frame_maps: int = 0,
        norm: Norm = "batch",
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.down = Downsample(round(1 / scale))
        self.trunk = Hourglass(channels, width, max_width, blocks, norm)
        self.head = nn.Conv2d(self.trunk.out_channels, count, 7, padding=padding)
        self.frame_head = None

        if frame_maps:
            self.frame_head = nn.Conv2d(self.trunk.out_channels, 4 * frame_maps, 7, padding=padding)
            nn.init.zeros_(self.frame_head.weight)
            self.frame_head.bias = nn.Parameter(torch.tensor([1.0, 0.0, 0.0, 1.0]).repeat(frame_maps))

    def forward(self, images: Images) -> HeatRegions:
        features = self.trunk(self.down(images))
        heatmaps = spatial_softmax(self.head(features), self.temperature)
        frames = None if self.frame_head is None else _pool_frames(self.frame_head(features), heatmaps)
        return HeatRegions(soft_argmax(heatmaps), heatmaps, frames)


def _pool_frames(maps: Tensor, heatmaps: Heatmaps) -> Float[Tensor, "B K 2 2"]:
    """The mean of four maps under each heat map."""
    each = full_precision(maps).unflatten(1, (-1, 4))
    # One by one: as a matrix product the sum over a large map loses a digit, and Jacobians are differences of it.
    weighed = each * heatmaps[:, :, None]
    return weighed.sum((-2, -1)).unflatten(-1, (2, 2))
