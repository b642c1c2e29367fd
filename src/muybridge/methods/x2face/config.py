"""What can be set of X2Face, and where each value comes from."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings import Config, Part

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class EmbeddingConfig(Part):
    """The embedding network: a U-Net that gives a sampling grid."""

    width: Positive = 32
    """Level i has min(width 2^(i+1), max_width) channels, so that the first one has 64 as in pix2pix, whose U-Net the
    paper takes."""
    max_width: Positive = 512
    """Largest number of channels (pix2pix: 512)."""
    blocks: Positive = 8
    """Halvings (pix2pix: 8 at 256 px)."""


class DrivingConfig(Part):
    """The driving network: an encoder to one vector, and a decoder to a sampling grid; without skips, so that nothing
    of a face but its pose and expression gets through."""

    width: Positive = 32
    """As the embedding network's."""
    max_width: Positive = 512
    """As the embedding network's."""
    blocks: Positive = 8
    """Halvings, down to a picture of a pixel or a few."""
    vector: Annotated[int, Field(ge=2, multiple_of=2)] = 128
    """Numbers in the driving vector (paper: 128)."""


class LossConfig(Part):
    """Weights of the losses; zero removes a term."""

    photometric: Weight = 1.0
    """L1 of the frame that is made against the driving frame, in both stages (paper)."""
    content: Weight = 1.0
    """Distance of features from the driving frame's, in the second stage (paper: of a network for faces)."""
    identity: Weight = 1.0
    """The same from the source's own, where somebody else drives, in the second stage (paper)."""


class StageConfig(Part):
    """Length and pace of a stage."""

    steps: Annotated[int, Field(ge=0)]
    """Optimiser steps."""
    batch: Positive = 16
    """Pairs of frames in a batch (paper: 16)."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Adam's learning rate (ours: the paper descends with momentum and 1e-3)."""
    decay: Share = 0.0
    """Share of the steps, at the end, over which the rate falls to zero."""


class AugmentConfig(Part):
    """What is done to training pairs, alike to both frames."""

    time_flip: Share = 0.5
    """Chance of exchanging the two frames."""
    mirror: Share = 0.5
    """Chance of mirroring both."""


class X2FaceConfig(Config):
    """X2Face on a folder of clips."""

    size: Annotated[int, Field(ge=16)] = 256
    """Side in pixels of the square that frames are brought to (paper: 256)."""
    content: Literal["vgg19", "none"] = "vgg19"
    """Whose features the second stage compares: torchvision's VGG-19, in place of the paper's network for faces."""
    embedding: EmbeddingConfig = EmbeddingConfig()
    driving: DrivingConfig = DrivingConfig()
    losses: LossConfig = LossConfig()
    augment: AugmentConfig = AugmentConfig()
    learn: StageConfig = StageConfig(steps=100_000)
    """First stage: frames of one clip make each other."""
    identity: StageConfig = StageConfig(steps=20_000)
    """Second stage: somebody else drives as well; 0 steps where it is not wanted."""

    @property
    def picture_side(self) -> int:
        return self.size

    @model_validator(mode="after")
    def _consistent(self) -> "X2FaceConfig":
        deepest = max(self.embedding.blocks, self.driving.blocks)
        if self.size % 2**deepest:
            near = max(1, round(self.size / 2**deepest)) * 2**deepest
            raise ValueError(f"size {self.size} cannot be halved {deepest} times: {near} can, or fewer blocks")
        if self.content == "none" and self.identity.steps:
            raise ValueError("the second stage compares features: content vgg19, or identity.steps 0")
        return self
