"""What can be set of Everybody Dance Now, where each value comes from (docs/methods/edn.md)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings import LandmarkConfig, Part, Upsampling

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class GeneratorConfig(Part):
    """The generator of pix2pixHD's coarse network, which the paper takes."""

    width: Positive = 64
    """Channels at full size, doubled with each halving (pix2pixHD: 64)."""
    downs: Positive = 4
    """Halvings (pix2pixHD: 4)."""
    blocks: Annotated[int, Field(ge=0)] = 9
    """Residual blocks (pix2pixHD: 9)."""
    upsampling: Upsampling = "transposed"
    """`transposed` as published; `resize` leaves no checkerboard."""


class DiscriminatorConfig(Part):
    """The patch discriminator of pix2pixHD."""

    width: Positive = 64
    """Channels of the first layer (pix2pixHD: 64)."""
    layers: Positive = 3
    """Strided convolutions; three judge patches of 70x70 pixels (pix2pixHD: 3)."""
    scales: Positive = 3
    """Sizes of the picture at which it is judged (pix2pixHD: 3 at 1024 px)."""


class FaceConfig(Part):
    """The networks that refine the face."""

    side: Annotated[int, Field(ge=32)] = 128
    """Side in pixels of the square that a face is brought to (paper's data: 128)."""
    generator: GeneratorConfig = GeneratorConfig(width=64, downs=3, blocks=5)
    """Of the residual (sizes are ours)."""
    discriminator: DiscriminatorConfig = DiscriminatorConfig(scales=1)
    """Of faces with their labels; one scale (paper: one discriminator of 70x70 patches)."""


class LossConfig(Part):
    """Weights of the objective. The adversarial term has weight 1; zero removes a term."""

    matching: Weight = 40.0
    """Feature matching (pix2pixHD: 10, of a sum over four layers that is a mean here)."""
    perceptual: Weight = 10.0
    """Features of VGG-19 (pix2pixHD: 10), both frames added; of the weight-free stand-in, L1 at several scales."""
    ssim: Weight = 0.0
    """1 - SSIM; part of the weight-free stand-in."""


class StageConfig(Part):
    """Length and pace of a stage."""

    steps: Annotated[int, Field(ge=0)]
    """Optimiser steps (ours: the paper counts passes over minutes of video)."""
    batch: Positive = 1
    """Pairs of successive frames in a batch (pix2pixHD: 1)."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Adam's learning rate of the generator (pix2pixHD: 2e-4)."""
    discriminator_lr: Annotated[float, Field(gt=0)] = 2e-4
    """Of the discriminator (pix2pixHD: 2e-4)."""
    decay: Share = 0.5
    """Share of the steps, at the end, over which the rates fall to zero (pix2pixHD: the second half)."""


class EdnConfig(LandmarkConfig):
    """Everybody Dance Now on one or more videos of one person, with landmarks."""

    kind: Literal["body25"] = "body25"
    """What the landmarks are of: bodies alone."""
    people: Annotated[int, Field(ge=1, le=64)] = 1
    """1: all clips show one person (paper). More: as many clips, each of somebody else, whom the networks are told."""
    size: Annotated[int, Field(ge=32)] = 256
    """Height of the pictures."""
    aspect: Annotated[float, Field(ge=0.25, le=2)] = 0.75
    """Width / height of the crop."""
    margin: Weight = 0.15
    """Room around the landmarks of the whole clip, as a share of their extent on each side."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    face: FaceConfig = FaceConfig()
    perceptual: Literal["auto", "vgg19", "weight-free"] = "auto"
    """`vgg19`: the paper's, needs the file of VGG-19. `weight-free`: L1 at several scales and SSIM. `auto`: the first
    where the file is on this machine, which is then written into the run's config."""
    losses: LossConfig = LossConfig()
    frames: StageConfig = StageConfig(steps=40_000)
    """First stage: whole frames."""
    faces: StageConfig = StageConfig(steps=10_000)
    """Second stage: the face alone, all else stands still; 0 steps where it is not wanted."""

    @property
    def picture_side(self) -> int:
        return self.size

    @property
    def crop(self) -> tuple[int, int]:
        """(h, w) of the crops; both can be halved as often as the generator does."""
        step = 2**self.generator.downs
        return self.size, max(32, round(self.size * self.aspect / step) * step)

    @model_validator(mode="after")
    def _consistent(self) -> "EdnConfig":
        step = 2**self.generator.downs
        if self.size % step or self.crop[1] % step:
            near = max(1, round(self.size / step)) * step
            raise ValueError(f"size {self.size} cannot be halved {self.generator.downs} times: {near} can")
        if self.face.side % 2**self.face.generator.downs:
            raise ValueError(f"face.side {self.face.side} cannot be halved {self.face.generator.downs} times")
        return self
