"""The discriminator of MonkeyNet and FOMM: blocks that halve the picture, and a score a patch."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.tensors import Images


class DiscriminatorBlock(nn.Module):
    """4x4 convolution without padding, affine instance norm, leaky ReLU, half the size."""

    def __init__(self, in_channels: int, out_channels: int, norm: bool, pool: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 4)
        # A channel a group is instance norm, with the weight and bias that the published one has.
        self.norm = nn.GroupNorm(out_channels, out_channels) if norm else None
        self.pool = pool

    def forward(self, x: Images) -> Float[Tensor, "B C2 H2 W2"]:
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        x = F.leaky_relu(x, 0.2)
        return F.avg_pool2d(x, 2) if self.pool else x


class BlockDiscriminator(nn.Module):
    """Judges patches of a picture (MonkeyNet, eq. 5; docs/methods/monkeynet.md, The released program).

    in_channels  of the picture, and of what it is judged together with (concatenate them, the picture first)
    width        block i has min(width 2^(i+1), max_width) channels
    pool_last    whether the last block halves too (MonkeyNet: yes, FOMM: no)
    """

    def __init__(
        self, in_channels: int, width: int = 32, max_width: int = 1024, blocks: int = 4, pool_last: bool = True
    ) -> None:
        super().__init__()
        widths = []
        for i in range(blocks):
            widths.append(min(max_width, width * 2 ** (i + 1)))

        ins = [in_channels, *widths[:-1]]
        self.down_blocks = nn.ModuleList()
        for i, (a, b) in enumerate(zip(ins, widths, strict=True)):
            pool = pool_last or i < blocks - 1
            self.down_blocks.append(DiscriminatorBlock(a, b, norm=i > 0, pool=pool))

        self.conv = nn.Conv2d(widths[-1], 1, 1)
        self.smallest = _smallest(blocks, pool_last)

    def forward(self, images: Images) -> list[Tensor]:
        """The maps [B, C, H, W] after each block, and last the score of each patch, no sigmoid; InputError where the
        picture is too small for the blocks."""
        if min(images.shape[2:]) < self.smallest:
            raise InputError(
                f"this discriminator needs pictures of {self.smallest} pixels, not {tuple(images.shape[2:])}"
            )

        features = []
        for block in self.down_blocks:
            images = block(images)
            features.append(images)

        return [*features, self.conv(images)]


def _smallest(blocks: int, pool_last: bool) -> int:
    """The side of a picture of which one cell is left, or two by two where the last block norms what is left."""
    side = 1 if pool_last or blocks == 1 else 2
    for i in reversed(range(blocks)):
        side = (2 * side if pool_last or i < blocks - 1 else side) + 3
    return side
