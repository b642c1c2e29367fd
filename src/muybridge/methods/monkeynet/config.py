"""What can be set of Monkey-Net, and where each value comes from. The ablations of table 2 are values here."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings import Config, Part

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Scale = Annotated[float, Field(gt=0, le=1)]
Above = Annotated[float, Field(gt=0)]


class DetectorConfig(Part):
    """The keypoint detector (section 3.2)."""

    width: Positive = 32
    """Block i of the encoder has min(width 2^(i+1), max_width) channels, and the decoder mirrors it down to `width`
    (appendix A: the decoder from 512 to 32; its encoder from 32 to 512 does not go with that)."""
    max_width: Positive = 512
    """Largest number of channels (appendix A: the decoder starts at 512)."""
    blocks: Positive = 5
    """Halvings (appendix A: 5)."""
    scale: Scale = 1.0
    """Size of the pictures that it sees, as a share of the frame's (program: 0.5 at 128 px)."""
    temperature: Above = 0.1
    """Of the softmax over the map (appendix A: 0.1)."""
    covariance: Literal["fitted"] | Above = "fitted"
    """`fitted`: eq. 1. A number: a fixed variance, 0.01 for the row "No Sigma_k" of table 2."""
    smallest_variance: Weight = 0.001
    """Covariances are scaled up until their smallest eigenvalue is this (program: 0.001)."""


class BumpsConfig(Part):
    """How keypoints are drawn as maps (eq. 2)."""

    scale: Scale = 1.0
    """Size of the maps, as a share of the frame's (program: 0.5 at 128 px)."""
    alpha: Literal["sum"] | Above = 100.0
    """The divisor of eq. 2: a number (program: 100, or 10 for the shapes), or `sum`, the map's own sum."""
    drawn: Literal["difference", "driving"] = "difference"
    """`difference`: the driving map minus the source's (section 3.3). `driving`: the driving map alone."""


class MotionConfig(Part):
    """The dense motion network M (section 3.4)."""

    flow: bool = True
    """False: no flow at all, the row "No F" of table 2."""
    coarse: bool = True
    """Masks with a displacement each, eq. 4; False is the row "No F_coarse"."""
    residual: bool = True
    """The residual flow; False is the row "No F_residual"."""
    source: bool = True
    """M sees the locally aligned sources; False is the row "No x"."""
    heat: bool = True
    """M sees the keypoints' maps."""
    displacement: bool = False
    """M sees the keypoints' displacements as two maps each (program: at 128 px only)."""
    background: bool = True
    """M sees a map of the still background beside those of the keypoints."""
    width: Positive = 32
    """As the detector's."""
    max_width: Positive = 512
    """As the detector's."""
    blocks: Positive = 5
    """As the detector's."""
    group_blocks: Annotated[int, Field(ge=0)] = 2
    """1x1 convolutions of each keypoint's maps by themselves, in front of the U-Net (program: 2)."""
    bumps: BumpsConfig = BumpsConfig()


class GeneratorConfig(Part):
    """The motion transfer network G (section 3.3)."""

    width: Positive = 32
    """As the detector's."""
    max_width: Positive = 512
    """As the detector's."""
    blocks: Positive = 5
    """As the detector's."""
    refinements: Annotated[int, Field(ge=0)] = 4
    """Residual blocks behind the decoder (appendix A: 4)."""
    resampling: Literal["nearest", "bilinear", "aligned"] = "nearest"
    """How flow and maps are brought to the size of a skip (section 3.3: nearest; program for faces: bilinear).
    `aligned`: bilinear with corners on corners, with which a still flow of any size stays still (ours)."""
    bumps: BumpsConfig | None = BumpsConfig()
    """The maps that the decoder sees; None: it sees none."""


class DiscriminatorConfig(Part):
    """The discriminator D (section 3.5)."""

    width: Positive = 32
    """Block i has min(width 2^(i+1), max_width) channels."""
    max_width: Positive = 512
    """Largest number of channels."""
    blocks: Positive = 4
    """Blocks, each of which halves the picture (program: 4)."""
    bumps: BumpsConfig | None = BumpsConfig(drawn="driving")
    """The driving keypoints' maps H' beside the picture; None: D judges the picture alone."""
    lr: Above | None = None
    """Adam's learning rate; None: that of the networks, `learn.lr`, as published."""


class LossConfig(Part):
    """Weights of the objective (section 3.5)."""

    matching: tuple[Weight, ...] = (10.0, 10.0, 10.0, 10.0, 10.0)
    """Feature matching, eq. 6: of D's input, then of each of its blocks (paper: 10; program: 1 for the last)."""
    gan: Weight = 1.0
    """Least squares GAN, eq. 5 (paper: 1)."""
    deformed: Weight = 0.0
    """L1 of the source warped by the flow (program: 10 for the robot arm, else 0)."""
    through_keypoints: bool = False
    """True: D's gradient also reaches the detector by way of the maps H' that D sees, as in the released program; the
    paper forbids it (under eq. 5)."""


class AugmentConfig(Part):
    """What happens to a pair of frames before it is learnt (program: moving-gif)."""

    time_flip: Share = 0.5
    """Chance of exchanging the two frames."""
    mirror: Share = 0.5
    """Chance of mirroring both frames that were not exchanged."""
    resize: tuple[Above, Above] = (0.9, 1.1)
    """Smallest and largest factor of a resize, cut or padded back to the canvas."""
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Largest change of the hue, in turns (program: 0.5 for the cartoons, where any colour goes)."""


class StageConfig(Part):
    """Length and pace of a stage."""

    steps: Annotated[int, Field(ge=0)]
    """Optimiser steps."""
    batch: Positive
    """Pairs of frames, or sequences, in a batch."""
    lr: Above
    """Adam's learning rate."""
    decay: Share = 0.0
    """Share of the steps, at the end, over which the rate falls to zero (paper: none)."""
    drops: tuple[Share, ...] = ()
    """Shares of the steps after which the rate is a tenth (appendix A: after two thirds)."""


class PredictionConfig(StageConfig):
    """Image to video: a GRU over keypoints (section 4, appendix A)."""

    hidden: Positive = 1024
    """Hidden units (appendix A: 1024)."""
    layers: Positive = 1
    """Of the GRU (appendix A: 1)."""
    frames: Annotated[int, Field(ge=2)] = 32
    """Frames of a training sequence, the given first one included (program: 32)."""
    covariances: bool = False
    """Predict the covariances too (program: no; the first frame's are kept)."""
    noise: Weight = 0.01
    """Spread of the noise on the keypoints that go in, normalised units: what tells one outcome from another, and
    what makes the GRU robust to its own errors (paper: none)."""


class MonkeyNetConfig(Config):
    """Monkey-Net on a folder of clips."""

    size: Annotated[int, Field(ge=16)] = 128
    """Side in pixels of the square that frames are brought to (paper: 64, and 128 for the cartoons)."""
    keypoints: Annotated[int, Field(ge=1, le=64)] = 10
    """K (paper: 10)."""
    align_corners: bool = True
    """How grid_sample places corners. True as in the authors' release; False is what their code does on a torch of
    today."""
    detector: DetectorConfig = DetectorConfig()
    motion: MotionConfig = MotionConfig()
    generator: GeneratorConfig = GeneratorConfig()
    critic: DiscriminatorConfig = DiscriminatorConfig()
    losses: LossConfig = LossConfig()
    augment: AugmentConfig = AugmentConfig()
    learn: StageConfig = StageConfig(steps=10500, batch=64, lr=2e-4, drops=(2 / 3,))
    """The networks (paper: T epochs, and T/2 at a tenth of the rate)."""
    prediction: PredictionConfig = PredictionConfig(steps=4000, batch=64, lr=1e-3)
    """Image to video; 0 steps where it is not wanted."""
    relative: bool = True
    """Animations move the source's keypoints by the driving motion, eq. 7; False: they take the driving keypoints, as
    the paper does for the cartoons (appendix B)."""

    @property
    def picture_side(self) -> int:
        return self.size

    @model_validator(mode="after")
    def _consistent(self) -> "MonkeyNetConfig":
        if len(self.losses.matching) != self.critic.blocks + 1:
            raise ValueError(f"losses.matching: one weight for D's input and each of its {self.critic.blocks} blocks")
        m = self.motion
        if m.flow and not (m.coarse or m.residual):
            raise ValueError("a flow is coarse, residual or both: set motion.flow to false to go without")
        if m.flow and not (m.heat or m.source or m.displacement):
            raise ValueError("the motion network has to see something: heat, source or displacement")
        return self
