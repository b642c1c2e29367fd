"""The motion of everything that is not the subject, as one map of the plane (section 3.1.1)."""

import torch
from torch import nn

from muybridge.geometry import Homographies, make_homography
from muybridge.methods.articulated.config import BackgroundConfig
from muybridge.networks import Downsample, Encoder
from muybridge.tensors import Images

START = {
    "shift": (0.0, 0.0),
    "affine": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "homography": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0),
}
"""The numbers that say that nothing moves, as `make_homography` reads them."""


class BackgroundPredictor(nn.Module):
    """An encoder of both frames side by side, the mean of its last maps, and a linear layer that starts at rest."""

    def __init__(self, config: BackgroundConfig) -> None:
        super().__init__()
        widths = []
        for i in range(config.blocks):
            widths.append(min(config.max_width, config.width * 2 ** (i + 1)))

        self.down = Downsample(round(1 / config.scale))
        self.encoder = Encoder(6, widths, "batch")
        start = START[config.kind]
        self.head = nn.Linear(widths[-1], len(start))
        nn.init.zeros_(self.head.weight)
        self.head.bias = nn.Parameter(torch.tensor(start))

    def forward(self, source: Images, driving: Images) -> Homographies:
        """Maps a point of the driving frame to the source."""
        both = self.down(torch.cat((source, driving), dim=1))
        features = self.encoder(both)[-1].mean((2, 3))
        # Not left to autocast: 8 bits are too few for a coordinate.
        with torch.autocast(features.device.type, enabled=False):
            return make_homography(self.head(features.to(self.head.weight.dtype)))
