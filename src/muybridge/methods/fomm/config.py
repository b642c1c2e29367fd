"""What can be set of FOMM, where each value comes from."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings import Config, Part, check_size

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Scale = Literal[0.125, 0.25, 0.5, 1.0]


class DetectorConfig(Part):
    """The keypoint detector."""

    width: Positive = 32
    """Channels of the hourglass, doubled with each halving (program: block_expansion 32)."""
    max_width: Positive = 1024
    """Largest number of channels (program)."""
    blocks: Positive = 5
    """Halvings (program)."""
    scale: Scale = 0.25
    """Size of the heat maps, as a share of the picture's (program)."""
    temperature: Annotated[float, Field(gt=0)] = 0.1
    """Of the softmax over the map (program)."""
    padding: Literal[0, 3] = 0
    """Of the last 7x7 convolution. With the program's 0 a map loses three cells at each border, and keypoints live on
    the rest stretched to the whole picture; 3 keeps small maps whole."""
    one_frame_map: bool = False
    """One set of maps for the Jacobians of all keypoints (program: single_jacobian_map, for MGif)."""


class MotionConfig(Part):
    """The dense motion network."""

    width: Positive = 64
    """Channels of the hourglass (program)."""
    max_width: Positive = 1024
    """Largest number of channels (program)."""
    blocks: Positive = 5
    """Halvings (program)."""
    scale: Scale = 0.25
    """Size of the flow, as a share of the picture's (program)."""
    variance: Annotated[float, Field(gt=0)] = 0.01
    """Of the Gaussian heat maps, squared normalised units (program: kp_variance)."""
    occlusion: bool = True
    """Whether a map says where the source shows what is needed (paper, section 3.2)."""


class GeneratorConfig(Part):
    """The generator."""

    width: Positive = 64
    """Channels at full size (program)."""
    max_width: Positive = 512
    """Largest number of channels (program)."""
    downs: Positive = 2
    """Halvings (program)."""
    blocks: Positive = 6
    """Residual blocks (program)."""


class DiscriminatorConfig(Part):
    """The discriminator; there is one only where `losses.adversarial` is not 0."""

    width: Positive = 32
    """Channels, doubled with each block (program)."""
    max_width: Positive = 512
    """Largest number of channels (program)."""
    blocks: Positive = 4
    """4x4 convolutions (program)."""
    scales: tuple[Scale, ...] = (1.0,)
    """Sizes at which pictures are judged, as shares (program)."""
    spectral: bool = True
    """Spectral norm (program: sn)."""
    keypoints: bool = False
    """Whether the driving keypoints are shown too, as Gaussian maps (program: use_kp, in the adversarial configs)."""


class LossConfig(Part):
    """Weights of the losses; zero removes a term."""

    perceptual: tuple[Weight, Weight, Weight, Weight, Weight] = (10.0, 10.0, 10.0, 10.0, 10.0)
    """Of relu1_1 to relu5_1 of VGG-19, at each size (program: 10; the paper sums without weights)."""
    scales: tuple[Scale, ...] = (1.0, 0.5, 0.25, 0.125)
    """Sizes of the perceptual loss, as shares (program)."""
    equivariance_value: Weight = 10.0
    """Keypoints move as a bent picture does (program: 10)."""
    equivariance_jacobian: Weight = 10.0
    """So do their Jacobians (program: 10)."""
    adversarial: Weight = 0.0
    """LSGAN (program: 0 for taichi and vox, 1 in the adversarial configs)."""
    matching: Weight = 10.0
    """The discriminator's features, each block; with `adversarial` only (program: 10)."""


class BendConfig(Part):
    """The random bending of the equivariance losses."""

    affine: Weight = 0.05
    """Standard deviation of the affine part (program: sigma_affine)."""
    thin_plate: Weight = 0.005
    """Standard deviation of the control points' weights (program: sigma_tps)."""
    points: Annotated[int, Field(ge=2)] = 5
    """Control points a side (program: points_tps)."""


class TrainingConfig(Part):
    """Length of the training, and its rates."""

    steps: Positive = 66_700
    """2 million pairs in batches of 30: the articulated paper (section 4.3) trains 50 % longer, on 3 million."""
    batch: Positive = 30
    """Pairs in a batch (program: 30 for taichi, 40 for vox, 36 for MGif)."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Of Adam, for all networks (program)."""
    beta2: Annotated[float, Field(gt=0, lt=1)] = 0.999
    """Of Adam; the first is 0.5 (program)."""
    drops: tuple[Share, ...] = (0.6, 0.9)
    """Where the rates fall to a tenth, as shares of the steps (program: epochs 60 and 90 of 100)."""
    decay: Share = 0.0
    """Share of the steps, at the end, over which the rates fall to zero (not in the program)."""


class AugmentConfig(Part):
    """What is done to training pairs, alike to both frames."""

    time_flip: bool = True
    """Source and driving may change places (program: with probability 0.5)."""
    mirror: bool = True
    """Left and right may change places, where time was not flipped (program: 0.5)."""
    jitter: Share = 0.1
    """Of brightness, contrast, saturation and hue, in random order (program: 0.1)."""


class FommConfig(Config):
    """First order motion model."""

    size: Annotated[int, Field(ge=16)] = 256
    """Side of the square that pictures are squeezed to, pixels (paper: 256)."""
    keypoints: Positive = 10
    """K (paper: 10)."""
    jacobian: bool = True
    """Whether keypoints have Jacobians; without them motion is not first but zeroth order (paper, section 3.1)."""
    align_corners: bool = True
    """How pictures are looked up. The public weights were trained so; the program on PyTorch from 1.3 on, which
    everybody runs them with, has False."""
    perceptual: Literal["vgg19", "weight-free"] = "vgg19"
    """`vgg19` needs torchvision's ImageNet weights in torch's cache; `weight-free` compares pixels and structure."""
    detector: DetectorConfig = DetectorConfig()
    """Keypoint detector."""
    motion: MotionConfig = MotionConfig()
    """Dense motion network."""
    generator: GeneratorConfig = GeneratorConfig()
    """Generator."""
    critic: DiscriminatorConfig = DiscriminatorConfig()
    """Discriminator."""
    losses: LossConfig = LossConfig()
    """Weights of the losses."""
    bend: BendConfig = BendConfig()
    """Random bending for the equivariance losses."""
    augment: AugmentConfig = AugmentConfig()
    """Of the training pairs."""
    training: TrainingConfig = TrainingConfig()
    """Length and rates."""

    @property
    def picture_side(self) -> int:
        return self.size

    @model_validator(mode="after")
    def _sizes(self) -> "FommConfig":
        d = self.detector
        m = self.motion
        seen = {"detector": (d.scale, d.blocks, d.padding), "motion": (m.scale, m.blocks, 3)}
        check_size(self.size, self.generator.downs, seen)
        return self
