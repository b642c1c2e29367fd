"""What can be set of CycleGAN, and where each value comes from."""

from typing import Annotated

from pydantic import Field

from muybridge.settings import Augment, Config, Crops, DiscriminatorSizes, Part, TranslatorSizes

Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class LossConfig(Part):
    """Weights of the objective (Zhu et al. 2017, eq. 3). Zero removes a term."""

    adversarial: Weight = 1.0
    """Least squares, in place of the logarithms of eq. 1 (section 4, Training details)."""
    cycle: Weight = 10.0
    """There and back, eq. 2 (section 4: 10)."""
    identity: Weight = 5.0
    """A picture of the target stays as it is (section 5.2, Photo generation from paintings: half of the cycle's)."""


class StageConfig(Part):
    """Length and pace."""

    steps: Annotated[int, Field(ge=0)] = 40000
    """Optimiser steps (paper: 200 times through the pictures, which for 200 frames are 40,000)."""
    batch: Annotated[int, Field(ge=1)] = 1
    """Frames of each video in a batch (section 4: 1)."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Adam's learning rate (section 4: 0.0002)."""
    decay: Share = 0.5
    """Share of the steps, at the end, over which the rate falls to zero (section 4: the second half)."""


class CycleGanConfig(Crops, Config):
    """CycleGAN on one pair of videos."""

    generator: TranslatorSizes = TranslatorSizes()
    critic: DiscriminatorSizes = DiscriminatorSizes()
    history: Annotated[int, Field(ge=0)] = 50
    """Fakes that the discriminator may be shown again (section 4: 50)."""
    losses: LossConfig = LossConfig()
    augment: Augment = Augment()
    translate: StageConfig = StageConfig()

    @property
    def picture_side(self) -> int:
        return self.size
