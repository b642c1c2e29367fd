"""Settings that the methods share which translate one subject's picture into another's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings.choices import Upsampling
from muybridge.settings.part import Part

Positive = Annotated[int, Field(ge=1)]
Alone = Literal["instance", "group"]
"""Norms of one picture alone: what becomes of a frame must not depend on its neighbours in the batch."""


class TranslatorSizes(Part):
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


class DiscriminatorSizes(Part):
    """The patch discriminator (Zhu et al. 2017, appendix, Discriminator architectures)."""

    width: Positive = 64
    """Channels of the first layer (published: 64)."""
    layers: Positive = 3
    """Strided convolutions; three judge patches of 70x70 pixels (published: 3)."""


class PredictorSizes(Part):
    """The U-Net that looks ahead (Bansal et al. 2018, Implementation details)."""

    width: Positive = 64
    """Channels at full size, doubled with each halving."""
    max_width: Positive = 512
    """Largest number of channels."""
    blocks: Positive = 5
    """Halvings."""
    norm: Alone = "instance"
    """Of each convolution."""


class Augment(Part):
    """Random affine maps of the frames, as JOKR makes them and gave them to the methods that it compares with."""

    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the samples that are moved (JOKR's program: all of them); 0 moves none."""
    degrees: Annotated[float, Field(ge=0)] = 20.0
    """Largest rotation (JOKR's program: 20)."""
    scale: tuple[float, float] = (0.8, 1.2)
    """Smallest and largest factor (JOKR's program: 0.8 to 1.2, x and y each by itself; here both alike)."""
    shear: Annotated[float, Field(ge=0)] = 15.0
    """Largest shear along x in degrees (JOKR's program: 15 or 20, along y too)."""
    shift: Annotated[float, Field(ge=0)] = 0.15
    """Largest shift, where the picture spans 2 (JOKR's program: 50 pixels of the uncropped frame)."""


class Crops(Part):
    """How the translators that JOKR is compared with crop a pair, see `data.pair.crop_pair`."""

    size: Annotated[int, Field(ge=32)] = 256
    """Side in pixels of the square whose area the crops have (CycleGAN and Recycle-GAN: 256)."""
    square: bool = False
    """True: square crops. False: crops of the subjects' common aspect ratio, so that fewer pixels are empty."""
    margin: Annotated[float, Field(ge=0)] = 0.1
    """Room around the subject, as a share of its size on each side."""
    follow_size: bool = True
    """The crop's size follows the subject's, over several seconds; False: one size."""

    @model_validator(mode="after")
    def _check_halves_five_times(self) -> "Crops":
        if self.size % 32:
            raise ValueError(f"size is a multiple of 32, not {self.size}")
        return self
