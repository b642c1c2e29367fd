"""What can be set of JOKR, where each value comes from, and the presets."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from muybridge.settings import REFERENCE_SIDE, Config, Norm, Part, Upsampling

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class DetectorConfig(Part):
    """E, the keypoint detector (section 3 and appendix B.1)."""

    variant: Literal["hourglass", "strong"] = "hourglass"
    """`hourglass`: U-Net. `strong`: the ResNet generator, logits through a tanh (strong_kp of the program)."""
    scale: Literal[0.25, 0.5, 1.0] = 0.25
    """Size of the heat maps, as a share of the picture's; a quarter in the program."""
    temperature: Annotated[float, Field(gt=0)] = 0.1
    """Of the softmax over the map (program)."""
    width: Positive = 32
    """Channels of the first block (program: 32 for the hourglass, 64 for the strong variant)."""
    max_width: Positive = 1024
    """Largest number of channels of the hourglass (program)."""
    blocks: Positive = 5
    """Halvings of the hourglass, or residual blocks of the strong variant (program: 5 and 9)."""
    padding: Literal[0, 3] = 3
    """Of the last 7x7 convolution. The program has 0, so its keypoints live on a map cropped by three cells."""
    norm: Norm = "group"
    """The program has `batch`, always with the statistics of the current batch, so that a frame's keypoints depend on
    its neighbours; `group` does not."""
    dropout: Share = 0.0
    """In the strong variant (program: 0.5, at inference too)."""
    shrink: Literal["blur", "unfold"] = "blur"
    """`blur` before taking every n-th pixel, as published; `unfold` lays the pixels out as channels, so that E sees
    legs that are thinner than a cell."""
    always_training: bool = False
    """Batch statistics and dropout at inference too, as the released program has it; for imported runs."""


class GeneratorConfig(Part):
    """G or R: the ResNet generator (appendix B.2)."""

    width: Positive = 64
    """Channels at the finest level (program: 64)."""
    blocks: Positive = 9
    """Residual blocks (paper: 9)."""
    downs: Positive = 2
    """Halvings before the residual blocks (published: 2)."""
    norm: Norm = "instance"
    """`instance` as published."""
    dropout: Share = 0.0
    """Inside the residual blocks (program: 0.5 while training)."""
    upsampling: Upsampling = "resize"
    """`transposed` as published; `resize` leaves no checkerboard."""
    fold: Literal[1, 2] = 1
    """2: works at half the size and unfolds each cell to 2x2 pixels at the end, at a quarter of the cost."""


class LossConfig(Part):
    """Weights of the two objectives (eq. 10 and 11). Zero removes a term: these are the ablations of figure 7."""

    seg: Weight = 50.0
    """Silhouettes, eq. 1 (appendix B.3: 50)."""
    thin: Weight = 0.0
    """Ours: by how much more a silhouette's thin parts, legs and tails, count in eq. 1."""
    dc: Weight = 0.5
    """Domain confusion, eq. 4 (appendix B.3: 0.5; the cat/fox command: 1)."""
    tmp: Weight = 1.0
    """Temporal, eq. 6, of the mean over the keypoints (appendix B.3: 1 of their sum, so 14 for 14 of them; the program
    multiplies the mean by 13 with `released`, beside this weight)."""
    eq: Weight = 1.0
    """Equivariance, eq. 7 (appendix B.3: 1; the cat/fox command: 2)."""
    sep: Weight = 1.0
    """Separation (appendix B.3: 1; the cat/fox command: 4)."""
    sill: Weight = 0.5
    """Keypoints on the silhouette (appendix B.3: 0.5, the command too)."""
    delta: Weight = 0.1
    """Squared distance under which two keypoints push each other away (appendix B.3: 0.1; the command: 0.12)."""
    cover: Weight = 0.0
    """Ours: no part of the subject, legs and tails above all, is far from every keypoint."""
    align: Weight = 0.0
    """Ours: energy distance between the two keypoint sets, T applied, over the last `memory` frames of each; unlike D
    it cannot win, and it pulls however far apart the sets are."""
    cyc: Weight = 0.0
    """Ours: the keypoints that E finds again in a silhouette of the other subject, drawn from them and painted flat,
    are the ones that it was drawn from."""
    read: Weight = 0.0
    """Ours: in the texture stage E learns to find the keypoints again in the painted picture of the other subject."""
    dc_warmup: Annotated[int, Field(ge=0)] = 0
    """Steps over which the weight of domain confusion rises to its value."""
    l1: Weight = 1.0
    """Texture, eq. 2 (eq. 11: 1)."""
    perceptual: Weight = 2.0
    """Texture, eq. 3 (appendix B.3: 2; the cat/fox command: 1, the program's default: 10)."""
    ssim: Weight = 0.0
    """1 - SSIM of the texture; part of the weight-free default."""
    adversarial: Weight = 0.0
    """Multi-scale patch discriminators on the texture (Wang et al. 2018), for hard textures."""
    matching: Weight = 10.0
    """Feature matching, where the discriminators are on (Wang et al.: 10)."""


class AugmentConfig(Part):
    """Random affine maps of the frames (section 3, Augmentations) and of the equivariance term."""

    share: Share = 0.8
    """Share of the samples that are moved; 0 is the ablation of figure 7."""
    degrees: Weight = 20.0
    """Largest rotation (program: 20)."""
    scale: tuple[float, float] = (0.85, 1.15)
    """Smallest and largest factor (program: 0.8 to 1.2)."""
    shear: Weight = 15.0
    """Largest shear in degrees (program: 15 or 20)."""
    shift: Weight = 0.15
    """Largest shift, where the picture spans 2 (program: 50 pixels of the uncropped frame)."""
    equivariance: Weight = 0.1
    """Standard deviation of the six entries of eq. 7's map (program: 0.1)."""
    flat: Share = 0.0
    """Ours: share of the samples that E sees painted in their mean colour, so that it can read drawn silhouettes."""
    where: Literal["frames", "keypoints"] = "frames"
    """`keypoints`: just before the discriminator, for backgrounds that must stay (section 3, Augmentations)."""


class DenseMotionConfig(Part):
    """Ours: how a subject's own frames become a result (image-based rendering), with `appearance=frames`."""

    references: Annotated[int, Field(ge=1, le=8)] = 3
    """Own frames that each result frame is made of."""
    width: Positive = 20
    """Channels of the network's first block."""
    max_width: Positive = 96
    """Largest number of channels."""
    blocks: Positive = 2
    """Halvings."""


class StageConfig(Part):
    """Length and pace of a stage."""

    steps: Annotated[int, Field(ge=0)] = 45000
    """Optimiser steps (appendix B.3: about 45,000)."""
    batch: Positive = 8
    """Frames of each video in a batch (program: 8, then 6)."""
    lr: Annotated[float, Field(gt=0)] = 1e-4
    """Adam's learning rate (appendix B.3: 1e-4)."""
    beta2: Annotated[float, Field(gt=0, lt=1)] = 0.999
    """Adam's second beta (program: 0.999); 0.99 forgets sooner, which suits a thousand steps."""
    decay: Share = 0.0
    """Share of the steps, at the end, over which the rate falls to zero (paper: none)."""


class JokrConfig(Config):
    """JOKR on one pair of videos."""

    size: Annotated[int, Field(ge=32)] = 256
    """Side in pixels of the square whose area the crops have (appendix: 256)."""
    shape_scale: Literal[1, 2] = 1
    """Ours: E and G work on pictures this many times smaller, R enlarges the silhouettes; in two steps only."""
    square: bool = False
    """True: square crops. False: crops of the subjects' common aspect ratio, so that fewer pixels are empty."""
    squeezed: bool = False
    """True: whole frames, each squeezed to the square, as the released program reads its folders."""
    margin: Weight = 0.1
    """Room around the subject, as a share of its size on each side (program: 0.2)."""
    follow_size: bool = True
    """The crop's size follows the subject's, over several seconds, as when a camera comes nearer; False: one size."""
    keypoints: Annotated[int, Field(ge=2, le=64)] = 14
    """Points shared by both subjects; the paper uses 10 to 14 (appendix B.3)."""
    bumps: Literal["paper", "released", "normal"] = "normal"
    """`paper`: exp(-|d| / sigma^2), eq. 9. `released`: of the program, divided by the batch's maximum.
    `normal`: exp(-|d|^2 / (2 sigma^2)), smooth at the keypoint."""
    sigma: Annotated[float, Field(gt=0)] = 0.1
    """Width of a bump (eq. 9: 0.1; program: 0.2)."""
    affine: bool = True
    """Learn T between the keypoint sets (section 3); False is the ablation of figure 9."""
    affine_noise: Weight = 0.05
    """T starts at the identity plus this much noise (program: 0.05)."""
    affine_pace: Annotated[float, Field(gt=0)] = 1.0
    """Ours: T learns this many times as fast as E and G, so that it finds a turn before E gets round it."""
    two_steps: bool = True
    """Silhouette first, then texture; False draws the picture straight from the keypoints (figure 7 g)."""
    detector: DetectorConfig = DetectorConfig()
    shapes: GeneratorConfig = GeneratorConfig()
    refiner: GeneratorConfig = GeneratorConfig()
    strays: Share = 0.0
    """Ours: parts of a drawn silhouette that stand apart from it, and are smaller than this share of it, are left out:
    most often a limb that only the other subject has. 0 keeps them all."""
    refiner_input: Literal["silhouette", "rgb", "pose"] = "silhouette"
    """`rgb`: three copies of the silhouette, as released. `pose`, ours: the silhouette and the bumps that it was drawn
    from, which tell R what a silhouette alone does not: which leg is in front, where the face is."""
    surround: Literal["grey", "subject"] = "grey"
    """`grey`: R learns the subject on mid grey, as published. `subject`, ours, in two steps only: its colours are
    carried on beyond its silhouette, less a rim of size/128 pixels, so that neither grey nor ground shows there."""
    appearance: Literal["paint", "frames"] = "paint"
    """`paint`: R makes all of a result's colours, as published. `frames`, ours, in two steps only: a result is made of
    the subject's own frames, moved by a dense motion, at the size that its file has them; R, which then works at the
    size of the shapes, gives the coarse colours and what no own frame covers."""
    background: Literal["apart", "learnt"] = "apart"
    """`apart`: R learns the subject alone, and a result is laid over whatever is asked for. `learnt` (figure 5, below),
    in two steps only: silhouettes guide E and G alone, R learns whole frames, and a result has the scene that its
    subject was filmed in. Frames are then squeezed to the square, results painted, and D's keypoints moved at random
    in place of the frames (`augment.where=keypoints`)."""
    dense_motion: DenseMotionConfig = DenseMotionConfig()
    memory: Positive = 128
    """Keypoints of how many frames of each subject the energy distance remembers."""
    discriminator_width: Positive = 512
    """Of D's hidden layers (program: 512)."""
    discriminator_lr: Annotated[float, Field(gt=0)] = 1e-4
    """Adam's learning rate of D (appendix B.3: 1e-4)."""
    discriminator_noise: Weight = 0.0
    """Spread of normal noise on the keypoints that D sees, so that it cannot learn a hundred frames by heart (paper:
    none)."""
    critic_width: Positive = 32
    """Of the patch discriminators, where the adversarial texture loss is on."""
    texture_loss: Literal["auto", "weight-free", "lpips"] = "auto"
    """`lpips`: eq. 3, needs the file of VGG-16. `weight-free`: multi-scale L1 and SSIM. `auto`: eq. 3 where the file
    is on this machine, which is then written into the run's config."""
    losses: LossConfig = LossConfig()
    augment: AugmentConfig = AugmentConfig()
    shape: StageConfig = StageConfig()
    texture: StageConfig = StageConfig(batch=6)
    motion: StageConfig = StageConfig(steps=100, batch=4, lr=1e-3, beta2=0.99, decay=0.5)
    """Of the dense motion, with `appearance=frames`."""
    silhouette_loss: Literal["mse", "bce"] = "mse"
    """Of eq. 1: `mse` as published; `bce` has a stronger gradient where a leg is missing."""
    released: bool = False
    """Losses with the released program's constants and habits, for the preset `released` and imported runs: the
    factor 13 on the temporal term, separation of the first ten keypoints with its diagonal, silhouettes at the size of
    the heat maps cut at one half, pictures of eq. 7 sampled between other corners."""

    @property
    def picture_side(self) -> int:
        return self.size

    @property
    def learns_background(self) -> bool:
        """Whether R learns the scene too."""
        return self.background == "learnt"

    @property
    def uses_frames(self) -> bool:
        """Whether results are made of the subject's own frames."""
        return self.appearance == "frames" and self.two_steps and not self.learns_background

    @property
    def whole_frames(self) -> bool:
        """Whether the networks see whole frames, each squeezed to the square, in place of crops."""
        return self.squeezed or self.learns_background

    @property
    def border(self) -> float:
        """Room around what is cropped, as a share of its size on each side: none where the scene is learnt."""
        return 0.0 if self.learns_background else self.margin

    @property
    def moves(self) -> AugmentConfig:
        """The random maps, of keypoints alone where the scene is learnt: moved frames would leak into it."""
        return self.augment.model_copy(update={"where": "keypoints"}) if self.learns_background else self.augment

    @property
    def reading_side(self) -> int | None:
        if self.squeezed:
            return None
        side = 4 * self.size
        return max(side, REFERENCE_SIDE) if self.uses_frames else side

    @model_validator(mode="after")
    def _consistent(self) -> "JokrConfig":
        if self.size % 16:
            raise ValueError(f"size is a multiple of 16, not {self.size}")
        if not self.two_steps and self.shape.steps == 0:
            raise ValueError("without the two steps, the shape stage trains everything and needs steps")
        if self.learns_background and (self.released or not self.two_steps):
            raise ValueError("background=learnt needs the two steps, and is no part of the released program")
        if self.appearance == "frames" and (self.squeezed or self.released):
            raise ValueError("appearance=frames needs crops of the subject: neither squeezed nor released")
        return self
