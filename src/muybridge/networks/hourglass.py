"""The U-Net of MonkeyNet, FOMM and JOKR."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.networks.norms import make_norm
from muybridge.settings import Norm
from muybridge.tensors import Images


class DownBlock(nn.Module):
    """Convolution, norm, ReLU, half the size."""

    def __init__(self, in_channels: int, out_channels: int, norm: Norm) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm = make_norm(norm, out_channels)

    def forward(self, x: Images) -> Float[Tensor, "B C2 H2 W2"]:
        return F.avg_pool2d(F.relu(self.norm(self.conv(x))), 2)


class UpBlock(nn.Module):
    """Nearest up-sampling to the size of what will be joined, convolution, norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, norm: Norm) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm = make_norm(norm, out_channels)

    def forward(self, x: Images, size: tuple[int, int]) -> Float[Tensor, "B C2 H2 W2"]:
        return F.relu(self.norm(self.conv(F.interpolate(x, size=size))))


class Encoder(nn.Module):
    """Halve the size `blocks` times; returns every level, the input first."""

    def __init__(self, in_channels: int, widths: list[int], norm: Norm) -> None:
        super().__init__()
        ins = [in_channels, *widths[:-1]]
        parts = []
        for i, o in zip(ins, widths, strict=True):
            parts.append(DownBlock(i, o, norm))

        self.down_blocks = nn.ModuleList(parts)

    def forward(self, x: Images) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class Decoder(nn.Module):
    """Double the size back, joining the encoder's level of each size, the input itself last."""

    def __init__(self, ins: list[int], outs: list[int], norm: Norm) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList(UpBlock(i, o, norm) for i, o in zip(ins, outs, strict=True))

    def forward(self, levels: list[Tensor]) -> Images:
        skips = levels[:-1]
        x = levels[-1]
        for block, skip in zip(self.up_blocks, reversed(skips), strict=True):
            x = torch.cat((block(x, (skip.shape[2], skip.shape[3])), skip), dim=1)
        return x


class Hourglass(nn.Module):
    """U-Net: [B, C, H, W] to [B, width + C, H, W] (FOMM, appendix; used by JOKR's E, appendix B.2).

    Level i of the encoder has min(width 2^(i+1), max_width) channels. Any size of at least 2^blocks works; where a
    side is not divisible, the decoder follows the encoder's sizes.
    """

    def __init__(
        self, in_channels: int, width: int = 32, max_width: int = 1024, blocks: int = 5, norm: Norm = "batch"
    ) -> None:
        super().__init__()
        widths = []
        for i in range(blocks):
            widths.append(min(max_width, width * 2 ** (i + 1)))

        outs = []
        for i in reversed(range(blocks)):
            outs.append(min(max_width, width * 2**i))

        # Each level of the way up but the first also takes the encoder's features of its size.
        ins = [widths[-1], *(2 * w for w in reversed(widths[:-1]))]
        self.encoder = Encoder(in_channels, widths, norm)
        self.decoder = Decoder(ins, outs, norm)
        self.out_channels = outs[-1] + in_channels

    def forward(self, x: Images) -> Float[Tensor, "B C2 H W"]:
        return self.decoder(self.encoder(x))
