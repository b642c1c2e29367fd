"""The generator of FOMM and articulated animation: encode the source, move its features, make up the rest."""

from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.geometry import full_precision, sample
from muybridge.networks.hourglass import DownBlock
from muybridge.networks.norms import make_norm
from muybridge.settings import Norm
from muybridge.tensors import Images

TOGETHER = 2
"""Pictures that a processor draws together where nothing learns: more are several times the memory, and no faster."""


class ConvBlock(nn.Module):
    """Convolution that keeps the size, norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, norm: Norm) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2)
        self.norm = make_norm(norm, out_channels)

    def forward(self, x: Images) -> Float[Tensor, "B C2 H2 W2"]:
        return F.relu(self.norm(self.conv(x)))


class DoublingBlock(ConvBlock):
    """The same after nearest up-sampling by two."""

    def __init__(self, in_channels: int, out_channels: int, norm: Norm) -> None:
        super().__init__(in_channels, out_channels, 3, norm)

    def forward(self, x: Images) -> Float[Tensor, "B C2 H2 W2"]:
        return super().forward(F.interpolate(x, scale_factor=2.0))


class PreactivationBlock(nn.Module):
    """x + two times norm, ReLU, convolution."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.norm1 = make_norm(norm, channels)
        self.norm2 = make_norm(norm, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Images) -> Images:
        y = self.conv1(F.relu(self.norm1(x)))
        return x + self.conv2(F.relu(self.norm2(y)))


class GeneratedPicture(NamedTuple):
    """The picture, and what went into it."""

    picture: Images
    """In [0, 1]."""
    bottleneck: Tensor
    """The moved features, as the residual blocks get them."""
    before_blend: Tensor
    """What the network drew, before the moved source was laid over it; without skips, the picture itself."""


class WarpingGenerator(nn.Module):
    """7x7 convolution, `downs` halvings, residual blocks, as many doublings, 7x7 convolution, sigmoid.

    width          channels at full size, doubled with each halving up to `max_width`
    skips          the moved features of every size, and the moved source itself, are laid over the decoder's where the
                   flow explains the pixel (articulated animation, appendix B); without, only the innermost are moved
    align_corners  how features are looked up
    """

    def __init__(
        self,
        *,
        width: int = 64,
        max_width: int = 512,
        downs: int = 2,
        blocks: int = 6,
        skips: bool = False,
        align_corners: bool = True,
        norm: Norm = "batch",
        channels: int = 3,
    ) -> None:
        super().__init__()

        widths = []
        for i in range(downs + 1):
            widths.append(min(max_width, width * 2**i))

        self.skips = skips
        self.align_corners = align_corners
        self.first = ConvBlock(channels, widths[0], 7, norm)
        self.down_blocks = nn.ModuleList()
        for a, b in pairwise(widths):
            self.down_blocks.append(DownBlock(a, b, norm))

        self.bottleneck = nn.Sequential()
        for _ in range(blocks):
            self.bottleneck.append(PreactivationBlock(widths[-1], norm))

        self.up_blocks = nn.ModuleList()
        for a, b in pairwise(reversed(widths)):
            self.up_blocks.append(DoublingBlock(a, b, norm))

        self.final = nn.Conv2d(widths[0], channels, 7, padding=3)

    def encode(self, source: Images) -> list[Tensor]:
        """The source's features from the finest to the innermost: all that is needed of it, once a source."""
        features = [self.first(source.to(self.final.weight.dtype))]
        for block in self.down_blocks:
            features.append(block(features[-1]))
        return features

    def draw(
        self,
        source: Float[Tensor, "S C H W"],
        features: list[Tensor],
        flow: Float[Tensor, "B h w 2"],
        occlusion: Float[Tensor, "B 1 h w"] | None,
    ) -> GeneratedPicture:
        """The picture that the flow makes of a source and its features.

        source     [B, C, H, W]  in [0, 1]
        features   from `encode`; like the source, one for all of the batch (B = 1) or one each
        flow       [B, h, w, 2]
        occlusion  [B, 1, h, w]
        """
        few = flow.device.type == "cpu" and not torch.is_grad_enabled() and not torch.jit.is_tracing()
        if few and len(flow) > TOGETHER:
            return self._draw_some_by_some(source, features, flow, occlusion)
        x = self._warp_features(features[-1], flow, occlusion)

        bottleneck = x
        x = self.bottleneck(x)
        for block, skip in zip(self.up_blocks, reversed(features), strict=False):
            x = block(self._blend_skip(x, skip, flow, occlusion))
        x = full_precision(self.final(self._blend_skip(x, features[0], flow, occlusion))).sigmoid()

        picture = self._blend_skip(x, source, flow, occlusion)
        return GeneratedPicture(picture, bottleneck, x)

    def _draw_some_by_some(
        self, source: Tensor, features: list[Tensor], flow: Tensor, occlusion: Tensor | None
    ) -> GeneratedPicture:
        parts = []
        for begin in range(0, len(flow), TOGETHER):
            some = slice(begin, begin + TOGETHER)
            seen, *known = (x if len(x) == 1 else x[some] for x in (source, *features))
            parts.append(self.draw(seen, known, flow[some], None if occlusion is None else occlusion[some]))
        return GeneratedPicture(*(torch.cat(same) for same in zip(*parts, strict=True)))

    def warp(self, images: Float[Tensor, "S C H W"], flow: Float[Tensor, "B h w 2"]) -> Float[Tensor, "B C H W"]:
        """Pictures or features [B or 1, C, H, W] moved by a flow of any size."""
        size = (images.shape[2], images.shape[3])
        if flow.shape[1:3] != size:
            flow = F.interpolate(flow.permute(0, 3, 1, 2), size=size, mode="bilinear").permute(0, 2, 3, 1)
        return sample(images.expand(flow.shape[0], -1, -1, -1), flow, align_corners=self.align_corners)

    def _warp_features(self, features: Tensor, flow: Tensor, occlusion: Tensor | None) -> Tensor:
        moved = self.warp(features, flow)
        return moved if occlusion is None else moved * _fit_occlusion(occlusion, moved)

    def _blend_skip(self, x: Tensor, skip: Tensor, flow: Tensor, occlusion: Tensor | None) -> Tensor:
        if not self.skips or occlusion is None:
            return x
        share = _fit_occlusion(occlusion, x)
        return torch.lerp(x, self.warp(skip, flow).to(x.dtype), share)


def _fit_occlusion(occlusion: Tensor, like: Tensor) -> Tensor:
    size = (like.shape[2], like.shape[3])
    if occlusion.shape[2:] != like.shape[2:]:
        occlusion = F.interpolate(full_precision(occlusion), size=size, mode="bilinear")
    return occlusion.to(like.dtype)
