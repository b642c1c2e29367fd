"""X2Face's two networks, each of which gives a sampling grid."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.geometry import full_precision, make_grid, sample
from muybridge.methods.x2face.config import DrivingConfig, X2FaceConfig
from muybridge.networks import Hourglass
from muybridge.networks.hourglass import DownBlock, UpBlock
from muybridge.tensors import Grid, Images, Points

Vectors = Float[Tensor, "B D"]


class Pose(NamedTuple):
    """The driving vectors of pictures: all that is known of a pose.

    vector  [B, D]
    """

    vector: Vectors

    @property
    def points(self) -> Points:
        """The vector's numbers in pairs: how far two poses are apart is all that is asked of them."""
        return self.vector.unflatten(1, (-1, 2))

    def at(self, index: slice) -> Pose:
        """Those of some of the pictures."""
        return Pose(self.vector[index])


class Embedded(NamedTuple):
    """The embedded face: what the source looks like where nothing of its pose is left.

    picture  [B, 3, H, W]
    grid     [B, H, W, 2]  where each of its pixels looks in the source
    """

    picture: Images
    grid: Grid


class EmbeddingNetwork(nn.Module):
    """From a source frame to a sampling grid of its own size, by a U-Net."""

    def __init__(self, config: X2FaceConfig) -> None:
        super().__init__()
        c = config.embedding
        self.trunk = Hourglass(3, c.width, c.max_width, c.blocks)
        self.head = _grid_head(self.trunk.out_channels)

    def forward(self, source: Images) -> Grid:
        """source  [B, 3, H, W] in [0, 1]"""
        return to_grid(self.head(self.trunk(source)))


class DrivingEncoder(nn.Module):
    """From a driving frame to its vector."""

    def __init__(self, config: DrivingConfig, size: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential()
        channels = 3
        for width in _widths(config):
            self.blocks.append(DownBlock(channels, width, "batch"))
            channels = width

        side = size // 2**config.blocks
        self.out = nn.Linear(channels * side * side, config.vector)

    def forward(self, driving: Images) -> Vectors:
        """driving  [B, 3, H, W] in [0, 1]"""
        return self.out(self.blocks(driving).flatten(1))


class DrivingDecoder(nn.Module):
    """From a driving vector to a sampling grid."""

    def __init__(self, config: DrivingConfig, size: int) -> None:
        super().__init__()
        widths = _widths(config)[::-1]
        self.start = (widths[0], size // 2**config.blocks, size // 2**config.blocks)
        self.enter = nn.Linear(config.vector, self.start[0] * self.start[1] * self.start[2])
        self.blocks = nn.ModuleList()
        for i, width in enumerate(widths):
            self.blocks.append(UpBlock(width, widths[min(i + 1, len(widths) - 1)], "batch"))

        self.head = _grid_head(widths[-1])

    def forward(self, vector: Vectors) -> Grid:
        x = F.relu(self.enter(vector.to(self.enter.weight.dtype))).unflatten(1, self.start)
        for block in self.blocks:
            x = block(x, (2 * x.shape[2], 2 * x.shape[3]))
        return to_grid(self.head(x))


class X2FaceNetworks(nn.Module):
    """Both, and what they make together."""

    def __init__(self, config: X2FaceConfig) -> None:
        super().__init__()
        self.embedding = EmbeddingNetwork(config)
        self.encoder = DrivingEncoder(config.driving, config.size)
        self.decoder = DrivingDecoder(config.driving, config.size)

    def detect(self, images: Images) -> Pose:
        """The driving vectors of pictures [B, 3, H, W] in [0, 1]."""
        return Pose(full_precision(self.encoder(images)))

    def encode(self, source: Images, pose: Pose) -> Embedded:
        """The embedded faces of sources; their own poses play no part."""
        grid = self.embedding(source)
        return Embedded(sample(source, grid, padding="border"), grid)

    def drive(self, where: Pose) -> Grid:
        """Where each pixel of a result looks in the embedded face."""
        return self.decoder(where.vector)

    def animate(self, source: Embedded, where: Pose) -> Images:
        """The embedded face, of one source or of each, in these poses."""
        grid = self.drive(where)
        return sample(source.picture.expand(len(grid), -1, -1, -1), grid, padding="border")


def to_grid(out: Float[Tensor, "B 2 H W"]) -> Grid:
    """What a network gives as a grid: where each pixel stands, and how far from there it looks, at most the whole
    picture away."""
    moves = full_precision(out).tanh().permute(0, 2, 3, 1)
    return make_grid((out.shape[2], out.shape[3]), moves) + 2 * moves


def _grid_head(channels: int) -> nn.Conv2d:
    """At first every pixel looks straight ahead (docs/methods/x2face.md, Start)."""
    head = nn.Conv2d(channels, 2, 3, padding=1)
    nn.init.normal_(head.weight, 0.0, 1e-3)
    assert head.bias is not None
    nn.init.zeros_(head.bias)
    return head


def _widths(config: DrivingConfig) -> list[int]:
    widths = []
    for i in range(config.blocks):
        widths.append(min(config.max_width, config.width * 2 ** (i + 1)))
    return widths
