"""Networks that turn one subject's picture into another's, silhouette and all, and that look one frame ahead."""

from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from muybridge.networks.hourglass import Hourglass
from muybridge.networks.patch_discriminator import PatchDiscriminator
from muybridge.networks.resnet import ResnetGenerator, Upsampling
from muybridge.networks.sizes import refuse_absurd_sizes
from muybridge.tensors import Images

CHANNELS = 4
"""RGB and the silhouette."""
Positive = Annotated[int, Field(ge=1)]
Alone = Literal["instance", "group"]
"""Norms of one picture alone: what becomes of a frame must not depend on its neighbours in the batch."""


class Sizes(BaseModel):
    """Sizes of a network: frozen, unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="after")
    def _refuse_absurd_sizes(self) -> Any:
        refuse_absurd_sizes(self)
        return self


class TranslatorSizes(Sizes):
    """The generator of CycleGAN (Zhu et al. 2017, appendix, Generator architectures)."""

    width: Positive = 64
    """Channels at the finest level (CycleGAN: 64)."""
    blocks: Positive = 9
    """Residual blocks (CycleGAN: 9 for 256 px; Recycle-GAN: 6)."""
    downs: Positive = 2
    """Halvings before the residual blocks (published: 2)."""
    norm: Alone = "instance"
    """`instance` as published."""
    upsampling: Upsampling = "transposed"
    """`transposed` as published; `resize` leaves no checkerboard."""


class DiscriminatorSizes(Sizes):
    """The patch discriminator (Zhu et al. 2017, appendix, Discriminator architectures)."""

    width: Positive = 64
    """Channels of the first layer (published: 64)."""
    layers: Positive = 3
    """Strided convolutions; three judge patches of 70x70 pixels (published: 3)."""


class PredictorSizes(Sizes):
    """The U-Net that looks ahead (Bansal et al. 2018, Implementation details)."""

    width: Positive = 64
    """Channels at full size, doubled with each halving."""
    max_width: Positive = 512
    """Largest number of channels."""
    blocks: Positive = 5
    """Halvings."""
    norm: Alone = "instance"
    """Of each convolution."""


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
