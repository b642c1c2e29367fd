"""From a few coarse motions to a flow for each pixel and a map of what it cannot explain (FOMM, section 3.2)."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.geometry import combined_flow, full_precision, sample
from muybridge.networks.antialias import Downsample
from muybridge.networks.hourglass import Hourglass
from muybridge.settings import Norm
from muybridge.tensors import Grid, Heatmaps, Images, Masks


class Flow(NamedTuple):
    """How the source moves."""

    grid: Grid
    """Where each pixel of the driving frame looks in the source, absolute."""
    occlusion: Masks | None
    """1 where the source shows what belongs there, 0 where it has to be made up; None without that head."""
    masks: Heatmaps
    """[B, K+1, h, w]: the share of each motion in each pixel, the background first."""
    deformed: Float[Tensor, "B K1 C h w"]
    """The source moved by each motion alone."""


class DenseMotion(nn.Module):
    """An hourglass that sees, for each motion, its heat map and the source moved by it, and shares the pixels out.

    motions        K, without the background
    align_corners  how pictures are looked up; False reproduces the released programs on PyTorch from 1.3 on
    """

    def __init__(
        self,
        motions: int,
        *,
        width: int = 64,
        max_width: int = 1024,
        blocks: int = 5,
        scale: float = 0.25,
        occlusion: bool = True,
        deformed: bool = True,
        align_corners: bool = True,
        norm: Norm = "batch",
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.down = Downsample(round(1 / scale))
        self.deformed = deformed
        self.align_corners = align_corners
        self.trunk = Hourglass((motions + 1) * (channels * deformed + 1), width, max_width, blocks, norm)
        self.masks = nn.Conv2d(self.trunk.out_channels, motions + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(self.trunk.out_channels, 1, 7, padding=3) if occlusion else None

    def forward(
        self, source: Float[Tensor, "S C h w"], heat: Float[Tensor, "B K h w"], motions: Float[Tensor, "B M h w 2"]
    ) -> Flow:
        """
        source   [B or 1, 3, h, w]  already down-sampled by `self.down`
        heat     [B, K, h, w]       driving minus source heat maps
        motions  [B, K+1, h, w, 2]  the background's first
        """
        moved = self._move_source(source, motions)
        heat = torch.cat((torch.zeros_like(heat[:, :1]), heat), dim=1)[:, :, None].to(moved.dtype)
        seen = torch.cat((heat, moved), dim=2) if self.deformed else heat

        features = self.trunk(seen.flatten(1, 2).to(self.masks.weight.dtype))
        # Shares in half precision would not sum to 1, and a flow is their mean.
        masks = full_precision(self.masks(features)).softmax(1)
        occlusion = None if self.occlusion is None else full_precision(self.occlusion(features)).sigmoid()
        return Flow(combined_flow(motions, masks), occlusion, masks, moved)

    def _move_source(self, source: Images, motions: Float[Tensor, "N M h w 2"]) -> Float[Tensor, "N M C2 h w"]:
        count = motions.shape[1]
        # One picture and all motions side by side, so that the source is not copied for each.
        tall = motions.flatten(1, 2)
        moved = sample(source.expand(tall.shape[0], -1, -1, -1), tall, align_corners=self.align_corners)
        return moved.unflatten(2, (count, motions.shape[2])).transpose(1, 2)
