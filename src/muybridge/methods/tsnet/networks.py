"""TS-Net's networks: two encoders, the fusion network, the decoder, the discriminators (paper, section 4.2)."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.geometry import make_grid
from muybridge.networks import make_norm
from muybridge.networks.resnet import ReflectConv, ResidualBlock
from muybridge.tensors import Images

HALVINGS = 3
"""Features have an eighth of the picture's side, and eight times the width (section 3.1)."""
CELL = 2**HALVINGS
"""Pixels along a side of a cell of the feature maps."""


def coordinates(images: Images) -> Float[Tensor, "B 3 H W"]:
    """The channels of coordinate convolution: x and y in [-1, 1], and their distance from the centre (section 4.2).

    images   [B, C, H, W]  for size, device and batch
    returns  [B, 3, H, W]
    """
    grid = make_grid((images.shape[2], images.shape[3]), images).movedim(-1, 0)
    radius = grid.square().sum(0, keepdim=True).sqrt()
    return torch.cat((grid, radius)).to(images.dtype).expand(len(images), -1, -1, -1)


class Encoder(nn.Module):
    """Delta_img or Delta_msk: 7x7 convolution, three halvings, `blocks` residual blocks (section 4.2).

    in_channels  without the coordinates, which are added here
    width        at full size; the features have eight times as many channels
    blocks       9 for pictures with their labels, 0 for labels alone
    """

    def __init__(self, in_channels: int, *, width: int = 64, blocks: int = 0) -> None:
        super().__init__()
        widths = []
        for i in range(HALVINGS + 1):
            widths.append(width * 2**i)

        self.stem = _stage(ReflectConv(in_channels + 3, width, 7), width)
        self.down = nn.Sequential()
        for a, b in pairwise(widths):
            self.down.append(_stage(nn.Conv2d(a, b, 3, 2, 1), b))

        self.trunk = nn.Sequential()
        for _ in range(blocks):
            self.trunk.append(ResidualBlock(widths[-1], "instance", 0.0))

        self.apply(_initialise)

    def forward(self, pictures: Images) -> Float[Tensor, "B C2 h w"]:
        """Pictures [B, C, H, W], sides multiples of 8, to features [B, 8 width, H / 8, W / 8]."""
        return self.trunk(self.down(self.stem(torch.cat((pictures, coordinates(pictures)), 1))))


class Fusion(nn.Module):
    """Lambda: subject and driving features, side by side, to warp-free ones (section 3.1, Synthesis Branch).

    channels  of either; `out` of the result, as many unless told
    """

    def __init__(self, channels: int, out: int | None = None) -> None:
        super().__init__()
        self.trunk = ResidualBlock(2 * channels, "instance", 0.0)
        self.out = nn.Conv2d(2 * channels, channels if out is None else out, 1)
        self.apply(_initialise)

    def forward(self, subject: Images, driving: Images) -> Float[Tensor, "B C2 H W"]:
        return self.out(self.trunk(torch.cat((subject, driving), 1)))


class Decoder(nn.Module):
    """Omega_dec: features to a picture: 1x1 convolution, residual blocks, three doublings, 7x7, tanh (section 4.2).

    in_channels  16 `width` for both branches side by side, 8 `width` for one branch or matted features
    width        at full size
    blocks       4 in the paper
    """

    def __init__(self, in_channels: int, *, width: int = 64, blocks: int = 4) -> None:
        super().__init__()
        widths = []
        for i in reversed(range(HALVINGS + 1)):
            widths.append(width * 2**i)

        self.join = nn.Conv2d(in_channels, widths[0], 1)
        self.trunk = nn.Sequential()
        for _ in range(blocks):
            self.trunk.append(ResidualBlock(widths[0], "instance", 0.0))

        self.up = nn.Sequential()
        for a, b in pairwise(widths):
            self.up.append(_stage(ReflectConv(a, b, 3), b))

        self.out = ReflectConv(width, 3, 7)
        self.apply(_initialise)

    def forward(self, features: Images) -> Float[Tensor, "B 3 H2 W2"]:
        """Features [B, C, h, w] to pictures [B, 3, 8 h, 8 w] in [-1, 1]."""
        x = self.trunk(self.join(features))
        for stage in self.up:
            x = stage(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))
        return self.out(x).tanh()


class Discriminator(nn.Module):
    """D or the face discriminator: PatchGAN of 70x70 pixels, all stages handed out (section 4.2; eq. 4 and 6).

    in_channels  labels and picture for D, 3 for the face discriminator
    width        of the first stage, doubled up to eight times
    """

    def __init__(self, in_channels: int, width: int = 64) -> None:
        super().__init__()
        widths = []
        for i in range(HALVINGS + 1):
            widths.append(width * 2**i)

        strides = [2] * (HALVINGS - 1) + [1]
        stages: list[nn.Module] = [nn.Sequential(nn.Conv2d(in_channels, width, 4, 2, 1), nn.LeakyReLU(0.2))]
        for (a, b), stride in zip(pairwise(widths), strides, strict=True):
            conv = nn.Conv2d(a, b, 4, stride, 1)
            stages.append(nn.Sequential(conv, make_norm("instance", b), nn.LeakyReLU(0.2)))
        stages.append(nn.Sequential(nn.Conv2d(widths[-1], 1, 4, 1, 1)))
        self.stages = nn.ModuleList(stages)
        self.apply(_initialise)

    def forward(self, pictures: Images) -> list[Tensor]:
        """Features [B, C, h, w] after each stage; the last is the score of each patch, no sigmoid.

        Both sides at least 32 pixels: smaller pictures leave no patch.
        """
        found = [pictures]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return found[1:]


def _stage(conv: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(conv, make_norm("instance", channels), nn.ReLU(inplace=True))


def _initialise(module: nn.Module) -> None:
    """N(0, 0.02) and zero biases (docs/methods/tsnet.md, Networks)."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
