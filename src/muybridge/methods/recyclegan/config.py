"""What can be set of Recycle-GAN, and where each value comes from."""

from typing import Annotated

from pydantic import Field, model_validator

from muybridge.settings import Augment, Config, Crops, DiscriminatorSizes, Part, PredictorSizes, TranslatorSizes

Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class LossConfig(Part):
    """Weights of the objective (Bansal et al. 2018, section 3, Recycle-GAN)."""

    adversarial: Weight = 1.0
    """Least squares, as in CycleGAN, whose training details the paper adopts."""
    recurrent: Annotated[float, Field(gt=0)] = 10.0
    """The predictors on real frames (Implementation details: 10)."""
    recycle: Weight = 10.0
    """There, one frame ahead, and back (Implementation details: 10)."""
    cycle: Weight = 0.0
    """There and back without looking ahead; not in the paper's objective."""
    identity: Weight = 0.0
    """A picture of the target stays as it is; not in the paper's objective."""


class StageConfig(Part):
    """Length and pace."""

    steps: Annotated[int, Field(ge=0)] = 40000
    """Optimiser steps (as `cyclegan`)."""
    batch: Annotated[int, Field(ge=1)] = 1
    """Windows of three frames of each video in a batch (Implementation details: 1)."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Adam's learning rate (Implementation details: 0.0002)."""
    decay: Share = 0.5
    """Share of the steps, at the end, over which the rate falls to zero (as CycleGAN: the second half)."""


class RecycleGanConfig(Crops, Config):
    """Recycle-GAN on one pair of videos."""

    generator: TranslatorSizes = TranslatorSizes(blocks=6)
    critic: DiscriminatorSizes = DiscriminatorSizes()
    predictor: PredictorSizes = PredictorSizes()
    history: Annotated[int, Field(ge=0)] = 50
    """Fakes that the discriminator may be shown again (CycleGAN: 50)."""
    losses: LossConfig = LossConfig()
    augment: Augment = Augment()
    translate: StageConfig = StageConfig()

    @property
    def picture_side(self) -> int:
        return self.size

    @model_validator(mode="after")
    def _consistent(self) -> "RecycleGanConfig":
        if self.predictor.blocks > 5:
            raise ValueError(f"sides of 32 pixels can be halved 5 times, not {self.predictor.blocks}")
        return self
