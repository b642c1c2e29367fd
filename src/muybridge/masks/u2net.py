"""U2-Net from the paper (Qin et al., 2020, figure 5 and table 1), with the names of the authors' checkpoints."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.tensors import Images

Features = Float[Tensor, "B _ _ _"]


class REBNConv(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inside: int, outside: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv_s1 = nn.Conv2d(inside, outside, 3, padding=dilation, dilation=dilation)
        self.bn_s1 = nn.BatchNorm2d(outside)

    def forward(self, x: Features) -> Features:
        return F.relu(self.bn_s1(self.conv_s1(x)))


class RSU(nn.Module):
    """Residual U-block (figure 2e). With `dilated` it never shrinks: RSU-4F (section 3.2).

    height  levels L of the small U inside
    """

    def __init__(self, height: int, inside: int, middle: int, outside: int, dilated: bool = False) -> None:
        super().__init__()
        self.height = height
        self.dilated = dilated
        self.rebnconvin = REBNConv(inside, outside)
        rates = [2**i for i in range(height)] if dilated else [1] * (height - 1) + [2]
        for i, rate in enumerate(rates, start=1):
            self.add_module(f"rebnconv{i}", REBNConv(outside if i == 1 else middle, middle, rate))

        for i in range(height - 1, 0, -1):
            rate = rates[i - 1] if dilated else 1
            self.add_module(f"rebnconv{i}d", REBNConv(2 * middle, outside if i == 1 else middle, rate))

    def forward(self, x: Features) -> Features:
        entry = self.rebnconvin(x)
        y = entry
        down = []

        for i in range(1, self.height + 1):
            # The lowest level is a dilated convolution at the size of the one above it.
            if 1 < i < self.height and not self.dilated:
                y = halve(y)
            y = self.get_submodule(f"rebnconv{i}")(y)
            down.append(y)

        for i in range(self.height - 1, 0, -1):
            y = self.get_submodule(f"rebnconv{i}d")(torch.cat((resize_like(y, down[i - 1]), down[i - 1]), 1))
        return y + entry


class U2Net(nn.Module):
    """Six residual U-blocks down, five up, a map from each, and their fusion.

    widths  ((inside, middle, outside) of stages 1 to 6, then of 5d to 1d)
    """

    KINDS = ((7, False), (6, False), (5, False), (4, False), (4, True), (4, True))

    def __init__(self, widths: tuple[tuple[int, int, int], ...]) -> None:
        super().__init__()
        for i, (height, dilated) in enumerate(self.KINDS, start=1):
            self.add_module(f"stage{i}", RSU(height, *widths[i - 1], dilated))
        for i in range(5, 0, -1):
            self.add_module(f"stage{i}d", RSU(self.KINDS[i - 1][0], *widths[11 - i], self.KINDS[i - 1][1]))
        for i in range(1, 6):
            self.add_module(f"side{i}", nn.Conv2d(widths[11 - i][2], 1, 3, padding=1))
        self.side6 = nn.Conv2d(widths[5][2], 1, 3, padding=1)
        self.outconv = nn.Conv2d(6, 1, 1)

    def forward(self, x: Images) -> Features:
        """Normalised pictures [B, 3, H, W] to logits [B, 7, H, W]: the fused map, then those of stages 1 to 6."""
        y = x
        down = []
        for i in range(1, 7):
            y = self.get_submodule(f"stage{i}")(y if i == 1 else halve(y))
            down.append(y)
        up = [y]
        for i in range(5, 0, -1):
            y = self.get_submodule(f"stage{i}d")(torch.cat((resize_like(y, down[i - 1]), down[i - 1]), 1))
            up.insert(0, y)
        sides = [self.get_submodule(f"side{i}")(level) for i, level in enumerate(up, start=1)]
        enlarged = []
        for side in sides:
            enlarged.append(resize_like(side, sides[0]))

        maps = torch.cat(enlarged, 1)
        return torch.cat((self.outconv(maps), maps), 1)


def u2net() -> U2Net:
    """U2-Net, 176 MB (table 1)."""
    down = ((3, 32, 64), (64, 32, 128), (128, 64, 256), (256, 128, 512), (512, 256, 512), (512, 256, 512))
    return U2Net((*down, (1024, 256, 512), (1024, 128, 256), (512, 64, 128), (256, 32, 64), (128, 16, 64)))


def u2net_small() -> U2Net:
    """The small variant, 4.7 MB (table 1)."""
    return U2Net(((3, 16, 64), *((64, 16, 64),) * 5, *((128, 16, 64),) * 5))


def halve(x: Features) -> Features:
    """Maximum over 2 x 2, odd sides rounded up."""
    return F.max_pool2d(x, 2, stride=2, ceil_mode=True)


def resize_like(x: Features, other: Features) -> Features:
    """Bilinear, to the size of another map."""
    return F.interpolate(x, size=other.shape[2:], mode="bilinear", align_corners=False)
