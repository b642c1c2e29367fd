"""Networks that turn one subject's picture into another's, silhouette and all, and that look one frame ahead."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.networks.hourglass import Hourglass
from muybridge.networks.patch_discriminator import PatchDiscriminator
from muybridge.networks.resnet import ResnetGenerator
from muybridge.settings import DiscriminatorSizes, PredictorSizes, TranslatorSizes
from muybridge.tensors import Images

CHANNELS = 4
"""RGB and the silhouette."""


class Translator(nn.Module):
    """A picture with its silhouette to another subject's, both [B, 4, H, W] in [-1, 1].

    Both sides are multiples of 2^downs. Weights start at N(0, 0.02).
    """

    def __init__(self, sizes: TranslatorSizes) -> None:
        super().__init__()
        self.net = ResnetGenerator(CHANNELS, CHANNELS, **sizes.model_dump())

    def forward(self, pictures: Float[Tensor, "B 4 H W"]) -> Float[Tensor, "B 4 H W"]:
        return self.net(pictures)


class FramePredictor(nn.Module):
    """The next frame from the last two, [B, 4, H, W] in [-1, 1]; each side at least 2^blocks pixels."""

    def __init__(self, sizes: PredictorSizes) -> None:
        super().__init__()
        self.trunk = Hourglass(2 * CHANNELS, **sizes.model_dump())
        self.head = nn.Conv2d(self.trunk.out_channels, CHANNELS, 3, padding=1)

    def forward(self, before: Images, now: Images) -> Float[Tensor, "B 4 H W"]:
        return torch.tanh(self.head(self.trunk(torch.cat((before, now), 1))))


def make_discriminator(sizes: DiscriminatorSizes) -> PatchDiscriminator:
    """A discriminator of one scale on pictures with their silhouettes; weights start at N(0, 0.02), biases at zero."""
    discriminator = PatchDiscriminator(CHANNELS, sizes.width, sizes.layers, scales=1)
    for layer in discriminator.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return discriminator
