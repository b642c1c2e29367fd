"""What can be set of TS-Net, where each value comes from."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings import LandmarkConfig, Part

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class LossConfig(Part):
    """Weights of the objective (eq. 3). The adversarial term has weight 1; zero removes a term."""

    vgg: Weight = 10.0
    """Perceptual, eq. 5: alpha (section 4.2: 10); of the weight-free stand-in, L1 at several scales."""
    ssim: Weight = 0.0
    """1 - SSIM; part of the weight-free stand-in."""
    matching: Weight = 10.0
    """Feature matching, eq. 6: beta (section 4.2: 10)."""
    transformation: Weight = 10.0
    """L1 of each warped subject frame, eq. 7: lambda (section 4.2: 10); 0 is the ablation `T-Net w/o L_TRA`."""
    gradient: Weight = 10.0
    """Image gradient difference (section 4.2; program: 10)."""
    alignment: Weight = 0.0
    """1 - cosine similarity of the two branches' features; an option of the program for faces, not in the paper."""


class SamplingConfig(Part):
    """Which frames make a training sample, and how they are varied (section 3.2; docs/methods/tsnet.md, Training)."""

    sources: Positive = 3
    """K, subject frames (section 4.3: 3)."""
    window: Annotated[int, Field(ge=0)] = 10
    """Frames of a piece: the first K are sources, any other is the target (program: 10); 0: any frames of the clip."""
    stride: Positive = 4
    """From one frame of the piece to the next, or less in a short clip (program: every 4th for dance)."""
    cross: Share = 0.0
    """Share of the samples whose driving labels come from another clip, with the adversarial loss alone; each is drawn
    by itself. 0.5 is the ablation `TS-Net w/ cross`."""
    mirror: Share = 0.5
    """Share of the samples that are mirrored; labels of left and right stay (program: 0.5)."""
    brightness: Share = 0.25
    """Largest change of a factor of 1 (program: 64/255)."""
    contrast: Share = 0.25
    """Largest change of a factor of 1 (program: 0.25)."""
    saturation: Share = 0.25
    """Largest change of a factor of 1 (program: 0.25)."""
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.04
    """Largest turn of the colour circle (program: 0.04)."""
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.07
    """Largest change of size (program: crops of 1.4 to 1.6 body heights for dance, +-20 % for faces)."""
    shift: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Largest shift, as a share of the picture (program: 5 % for dance, 20 % for faces)."""


class StageConfig(Part):
    """Length and pace of the training."""

    steps: Annotated[int, Field(ge=0)] = 21000
    """Optimiser steps. Paper: 600 epochs of 100 videos with 7 targets each, 20 in a batch."""
    batch: Positive = 20
    """Targets in a batch (section 4.2: 20; program: 10 for dance, 15 for faces)."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Adam's learning rate of the generator (section 4.2: 2e-4)."""
    critic_lr: Annotated[float, Field(gt=0)] = 1e-4
    """Of the discriminators (program: half the generator's)."""
    decay: Share = 325 / 600
    """Share of the steps, at the end, over which the rates fall to zero (section 4.2: from epoch 275 of 600)."""


class TsnetConfig(LandmarkConfig):
    """TS-Net on one or many videos with landmarks."""

    kind: Literal["body25", "face68"] = "body25"
    """What the landmarks are of: a body has 25 labels, a face 2."""
    size: Annotated[int, Field(ge=32)] = 256
    """Height of the pictures, a multiple of 8 (section 4.1: 256)."""
    aspect: Annotated[float, Field(ge=0.25, le=2)] = 0.5
    """Width / height of the crop (program: 0.5 for dance, 1 for faces)."""
    padded: bool = True
    """The crop stands between black borders in a square, as the released dance program has it."""
    margin: Weight = 0.2
    """Room around the landmarks of the whole clip, as a share of their extent on each side."""
    width: Positive = 64
    """Channels of the encoders and the decoder at full size (program: 64)."""
    critic_width: Positive = 64
    """Channels of the discriminators' first stage (program: 64)."""
    image_blocks: Annotated[int, Field(ge=0)] = 9
    """Residual blocks of the image encoder (section 4.2: 9)."""
    mask_blocks: Annotated[int, Field(ge=0)] = 0
    """Residual blocks of the mask encoder (section 4.2: none)."""
    decoder_blocks: Annotated[int, Field(ge=0)] = 4
    """Residual blocks of the decoder (section 4.2: 4)."""
    branches: Literal["both", "transformation", "synthesis"] = "both"
    """`transformation` is the ablation T-Net, `synthesis` the ablation S-Net (table 2)."""
    combine: Literal["concatenate", "matting"] = "concatenate"
    """How the features of both branches meet; `matting` is the ablation `TS-Net w/ matting` (table 2)."""
    mask_aware: bool = True
    """Compare cells within the boxes, and cells outside them, only (section 3.1, figure 3)."""
    sharpness: Annotated[float, Field(gt=0)] = 100.0
    """tau of eq. 2 (section 4.2: 100)."""
    perceptual: Literal["auto", "vgg19", "weight-free"] = "auto"
    """`vgg19`: eq. 5, needs the file of VGG-19. `weight-free`: L1 at several scales and SSIM. `auto`: eq. 5 where the
    file is on this machine, which is then written into the run's config."""
    vgg_sees: Literal["released", "imagenet"] = "released"
    """`released`: BGR less its mean, as the program shows it. `imagenet`: as VGG's weights were trained."""
    gradient: Literal["faces", "always", "never"] = "faces"
    """Where the image gradient difference is used (section 4.2: faces; program: always)."""
    face_critic: bool = True
    """A second discriminator for the face of a body (section 4.2: dance videos)."""
    match_colours: bool = True
    """Results get the mean and deviation of each channel of the first subject frame (program)."""
    losses: LossConfig = LossConfig()
    sampling: SamplingConfig = SamplingConfig()
    train: StageConfig = StageConfig()

    @property
    def picture_side(self) -> int:
        return self.size

    @model_validator(mode="after")
    def _consistent(self) -> "TsnetConfig":
        if self.size % 8:
            raise ValueError(f"size is a multiple of 8, not {self.size}")
        if self.padded and self.aspect > 1:
            raise ValueError("a crop that is wider than high cannot stand in a square of its height")
        if self.combine == "matting" and self.branches != "both":
            raise ValueError("matting needs both branches")
        return self

    @property
    def crop(self) -> tuple[int, int]:
        """(h, w) of the crops; w is a multiple of 8, of 16 where they are padded."""
        step = 16 if self.padded else 8
        return self.size, max(32, round(self.size * self.aspect / step) * step)

    @property
    def has_gradient(self) -> bool:
        """Whether the image gradient difference is part of the objective."""
        wanted = self.gradient == "always" or (self.gradient == "faces" and self.kind == "face68")
        return wanted and self.losses.gradient > 0

    @property
    def has_face_critic(self) -> bool:
        """Whether there is a discriminator of faces."""
        return self.face_critic and self.kind == "body25"
