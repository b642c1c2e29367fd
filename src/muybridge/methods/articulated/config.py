"""What can be set of articulated animation, where each value comes from."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings import Config, Part, Solver, check_size

Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Scale = Literal[0.125, 0.25, 0.5, 1.0]
Frames = Literal["pca", "regression", "none"]
Background = Literal["homography", "affine", "shift", "none"]


class DetectorConfig(Part):
    """The region predictor."""

    width: Positive = 32
    """Channels of the hourglass, doubled with each halving (program: block_expansion 32)."""
    max_width: Positive = 1024
    """Largest number of channels (program)."""
    blocks: Positive = 5
    """Halvings (appendix B: five)."""
    scale: Scale = 0.25
    """Size of the heat maps, as a share of the picture's (appendix B: a quarter)."""
    temperature: Annotated[float, Field(gt=0)] = 0.1
    """Of the softmax over the map (program)."""
    padding: Literal[0, 3] = 0
    """Of the last 7x7 convolution. With 0 (program, but for vox256) a map loses three cells at each border, and regions
    live on the rest stretched to the whole picture; 3 keeps small maps whole."""


class BackgroundConfig(Part):
    """The background motion predictor (section 3.1.1)."""

    kind: Background = "homography"
    """`homography`, eight numbers, as in the paper; `affine`, six, in most configs of the program; `shift`, two."""
    width: Positive = 32
    """Channels of the encoder, doubled with each halving (program)."""
    max_width: Positive = 1024
    """Largest number of channels (program)."""
    blocks: Positive = 5
    """Halvings (appendix B)."""
    scale: Scale = 0.25
    """Size of what it sees, as a share of the picture's (appendix B: a quarter; the program: all of it)."""


class MotionConfig(Part):
    """The pixel-wise flow predictor (section 3.1.2)."""

    width: Positive = 64
    """Channels of the hourglass (program)."""
    max_width: Positive = 1024
    """Largest number of channels (program)."""
    blocks: Positive = 5
    """Halvings (appendix B)."""
    scale: Scale = 0.25
    """Size of the flow, as a share of the picture's (appendix B)."""
    covariance: bool = True
    """Heat maps are Gaussians of each region's own covariance (program: use_covar_heatmap)."""
    variance: Annotated[float, Field(gt=0)] = 0.01
    """Of the Gaussians where it is not, squared normalised units (program: region_var)."""
    deformed: bool = True
    """Whether the predictor sees the source moved by each motion (program: use_deformed_source)."""
    occlusion: bool = True
    """Whether there is a confidence map (section 3.1.2)."""


class GeneratorConfig(Part):
    """The generator."""

    width: Positive = 64
    """Channels at full size (program)."""
    max_width: Positive = 512
    """Largest number of channels (program)."""
    downs: Positive = 2
    """Halvings (program)."""
    blocks: Positive = 6
    """Residual blocks (appendix B)."""
    skips: bool = True
    """Warped and masked skip connections (section 3.1.2)."""


class LossConfig(Part):
    """Weights of the losses; zero removes a term."""

    perceptual: tuple[Weight, Weight, Weight, Weight, Weight] = (10.0, 10.0, 10.0, 10.0, 10.0)
    """Of relu1_1 to relu5_1 of VGG-19, at each size (program: 10; the paper sums without weights)."""
    scales: tuple[Scale, ...] = (1.0, 0.5, 0.25, 0.125)
    """Sizes of the perceptual loss, as shares (program)."""
    equivariance_shift: Weight = 10.0
    """Regions move as a bent picture does (program: 10)."""
    equivariance_affine: Weight = 10.0
    """So do their axes (program: 10)."""


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

    steps: Positive = 62_500
    """3 million pairs in batches of 48 (appendix B)."""
    batch: Positive = 48
    """Pairs in a batch (appendix B: 48 at 256 pixels, 20 at 384, 12 at 512; program: 14)."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Of Adam, for all networks (program)."""
    beta2: Annotated[float, Field(gt=0, lt=1)] = 0.999
    """Of Adam; the first is 0.5 (program)."""
    drops: tuple[Share, ...] = (0.6, 0.9)
    """Where the rates fall to a tenth, as shares of the steps (appendix B: after 1.8 and 2.7 million
    pairs)."""
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


class AvdConfig(Part):
    """Animation by disentanglement (released program): a network that gives the source's shape the driving pose."""

    steps: Count = 9_000
    """After the networks stand still; 0 leaves the network out, and with it the mode `avd`."""
    batch: Annotated[int, Field(ge=2)] = 256
    """Pairs in a batch (program)."""
    lr: Annotated[float, Field(gt=0)] = 1e-3
    """Of Adam (program)."""
    drops: tuple[Share, ...] = (0.667, 0.833)
    """Where the rate falls to a tenth, as shares of the steps (program: epochs 20 and 25 of 30)."""
    widths: tuple[Positive, ...] = (256, 512, 1024)
    """Of the encoders' layers; the decoder has them the other way round (program)."""
    identity: Positive = 64
    """Numbers that are kept of the source (program: id_bottle_size)."""
    pose: Positive = 64
    """Numbers that are kept of the driving frame (program: pose_bottle_size)."""
    scaling: Share = 0.25
    """Poses are stretched in x and in y by a random factor in 1 +- this (program: random_scale)."""
    shift: Weight = 1.0
    """Weight of the places (program: lambda_shift)."""
    affine: Weight = 1.0
    """Weight of the axes (program: lambda_affine)."""


class ArticulatedConfig(Config):
    """Motion representations for articulated animation."""

    size: Annotated[int, Field(ge=16)] = 256
    """Side of the square that pictures are squeezed to, pixels (paper: 256 to 512)."""
    regions: Positive = 10
    """K (paper: 10)."""
    frames: Frames = "pca"
    """How a region's affine motion is found: measured from the heat map (eq. 2 and 3), regressed as FOMM does, with one
    map for all regions (table 3, no pca), or not at all."""
    solver: Solver = "closed"
    """Of the principal axes: a formula, or LAPACK as in the program; with the same signs (but for exactly diagonal
    covariances)."""
    least_variance: Weight = 0.0
    """Ours: a region of which the heat map is nearly one pixel has this variance at least, so that its axes and their
    gradients are finite (paper, program: none)."""
    swaps: bool = True
    """A region whose axes have both changed sign between two frames has not been turned round (program:
    revert_axis_swap)."""
    align_corners: bool = True
    """How pictures are looked up; the program has False."""
    perceptual: Literal["vgg19", "weight-free"] = "vgg19"
    """`vgg19` needs torchvision's ImageNet weights in torch's cache; `weight-free` compares pixels and structure."""
    detector: DetectorConfig = DetectorConfig()
    """Region predictor."""
    background: BackgroundConfig = BackgroundConfig()
    """Background motion predictor."""
    motion: MotionConfig = MotionConfig()
    """Pixel-wise flow predictor."""
    generator: GeneratorConfig = GeneratorConfig()
    """Generator."""
    losses: LossConfig = LossConfig()
    """Weights of the losses."""
    bend: BendConfig = BendConfig()
    """Random bending for the equivariance losses."""
    augment: AugmentConfig = AugmentConfig()
    """Of the training pairs."""
    training: TrainingConfig = TrainingConfig()
    """Length and rates."""
    avd: AvdConfig = AvdConfig()
    """The network of the mode `avd`."""

    @property
    def picture_side(self) -> int:
        return self.size

    @model_validator(mode="after")
    def _sizes(self) -> "ArticulatedConfig":
        d = self.detector
        m = self.motion
        b = self.background
        seen = {"detector": (d.scale, d.blocks, d.padding), "motion": (m.scale, m.blocks, 3)}
        if b.kind != "none":
            seen["background"] = (b.scale, b.blocks, 3)
        check_size(self.size, self.generator.downs, seen)
        return self
