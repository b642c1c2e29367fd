"""JOKR: joint keypoint representation for motion retargeting from one pair of videos (Mokady et al. 2021)."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.footage import Driving
from muybridge.data.pair import SIDES
from muybridge.errors import UsageError
from muybridge.geometry import apply_affine, gaussians, invert_affine, normal_gaussians, released_gaussians
from muybridge.method import Animation, Batch, Card, Group, Method, Stage, Turn
from muybridge.methods.jokr.animating import animate, draw_preview, edit, overlay, quality
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.describing import described, explained
from muybridge.methods.jokr.importing import imported, is_released
from muybridge.methods.jokr.measuring import shared_points
from muybridge.methods.jokr.networks import (
    KeypointDetector,
    LearnedAffine,
    PointDiscriminator,
    Refiner,
    ShapeGenerator,
)
from muybridge.methods.jokr.painting import READING, texture_turns
from muybridge.methods.jokr.pictures import HAZE, to_picture
from muybridge.methods.jokr.presets import CARD
from muybridge.methods.jokr.shaping import shape_turns
from muybridge.methods.jokr.texture import settled
from muybridge.networks import PatchCritic, load_lpips
from muybridge.tensors import Heatmaps, Images, Masks, Points
from muybridge.video import Clip


class Jokr(Method[JokrConfig, PairData]):
    """E finds K keypoints in both subjects, G draws both silhouettes from them, R_A and R_B paint them.

    Pictures are RGB in [-1, 1] with 0 (mid grey) around the subject, as in the released program.
    """

    card: ClassVar[Card] = CARD
    Config = JokrConfig
    Data = PairData
    takes_footage = True

    def __init__(self, config: JokrConfig) -> None:
        super().__init__(config)
        k = config.keypoints
        self.detector = KeypointDetector(k, **config.detector.model_dump())
        self.affine = LearnedAffine(config.affine_noise, config.affine_pace) if config.affine else None
        self.discriminator = PointDiscriminator(k, config.discriminator_width)
        if config.two_steps:
            self.shapes = ShapeGenerator(k, **config.shapes.model_dump())
        channels = (3 if config.refiner_input == "rgb" else 1) if config.two_steps else k
        refiner = {"in_channels": channels, "keypoints": k * self.painted_by_pose, **config.refiner.model_dump()}
        self.refiner_a, self.refiner_b = Refiner(**refiner), Refiner(**refiner)
        if config.losses.adversarial:
            self.critic_a = PatchCritic(4, config.critic_width)
            self.critic_b = PatchCritic(4, config.critic_width)
        self.canvas_size: Tensor
        self.shape_steps: Tensor
        self.seen_a: Tensor
        self.seen_b: Tensor
        self.register_buffer("canvas_size", torch.tensor([config.size, config.size]))
        self.register_buffer("shape_steps", torch.zeros((), dtype=torch.int64))
        self.steps_of_shapes = 0
        self.register_load_state_dict_post_hook(_recount)
        if config.losses.align:
            for name in ("seen_a", "seen_b"):
                self.register_buffer(name, torch.zeros(config.memory, k, 2))
        # In a list, so that VGG's weights are not taken for this method's own.
        self.lpips = [load_lpips()] if config.texture_loss == "lpips" and config.losses.perceptual else []

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(self, clips: Sequence[Clip], **options: Any) -> PairData:
        """Crop the two clips to their subjects.

        clips   A and B, with silhouettes
        flip    "a" or "b": mirror that one on the way in, and its results on the way out
        plates  backgrounds uint8 [3, H, W] of both, for results on the source's own background
        """
        return PairData.from_clips(clips, self.config, **options)

    def stages(self) -> tuple[Stage, ...]:
        c = self.config
        shape = Stage("shape", c.shape.steps, c.shape.batch, c.shape.decay)
        texture = Stage("texture", c.texture.steps, c.texture.batch, c.texture.decay)
        return (shape, texture) if c.two_steps else (shape,)

    def groups(self, stage: Stage) -> dict[str, Group]:
        c = self.config
        refiners = [*self.refiner_a.parameters(), *self.refiner_b.parameters()]
        if stage.name == "texture":
            betas = (0.5, c.texture.beta2)
            groups = {"texture": Group(refiners, c.texture.lr, betas)}
            if c.losses.read:
                groups["detector"] = Group(list(self.detector.parameters()), READING * c.texture.lr, betas)
            if c.losses.adversarial:
                critics = [*self.critic_a.parameters(), *self.critic_b.parameters()]
                groups["critic"] = Group(critics, c.texture.lr, betas)
            return groups
        drawn = list(self.shapes.parameters()) if c.two_steps else refiners
        moved = [] if self.affine is None else list(self.affine.parameters())
        learners = [*drawn, *self.detector.parameters(), *moved]
        return {
            "shape": Group(learners, c.shape.lr, (0.5, c.shape.beta2)),
            "discriminator": Group(list(self.discriminator.parameters()), c.discriminator_lr, (0.5, c.shape.beta2)),
        }

    def begin(self, stage: Stage, data: PairData, generator: torch.Generator) -> None:
        self.canvas_size.copy_(torch.tensor(data.a.canvas))

    @property
    def canvas(self) -> tuple[int, int]:
        """(h, w) of the pictures that the networks see."""
        h, w = self.canvas_size.tolist()
        return h, w

    @property
    def shape_scale(self) -> int:
        """How many times smaller than the canvas the pictures of E and G are."""
        return self.config.shape_scale if self.config.two_steps else 1

    @property
    def shape_canvas(self) -> tuple[int, int]:
        """(h, w) of the pictures that E sees and G draws."""
        h, w = self.canvas
        return h // self.shape_scale, w // self.shape_scale

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        return texture_turns(self, batch) if stage.name == "texture" else shape_turns(self, batch)

    def count_step(self) -> None:
        """One more step of the shapes. The buffer is what is stored; the number beside it is there so that no step has
        to ask an accelerator, which would have to finish first."""
        self.shape_steps += 1
        self.steps_of_shapes += 1

    # -- the parts ------------------------------------------------------------------------------------------------

    def keypoints(self, frames: Images, masks: Masks) -> Points:
        """E on pictures: frames RGB in [0, 1], masks 1 on the subject."""
        return self.points(to_picture(frames, masks))

    def render(self, points: Points, side: str, cut: bool = True) -> tuple[Images, Masks]:
        """Keypoints of one side to its appearance: RGB in [0, 1], not mixed with what is behind at the edges (released
        runs: darkened there, as the program shows them), and the silhouette in [0, 1].

        points  [B, K, 2]  where this side's own keypoints lie (`transfer` brings the other side's there)
        side    "a" or "b"
        cut     black outside the silhouette
        """
        if self.config.two_steps:
            mask = self.draw(points)[:, SIDES.index(side)][:, None].float()
            picture = self.paint(mask, points, side).float()
        else:
            picture = self.paint(self.bumps(points), points, side).float()
            mask = (picture.abs().amax(1, keepdim=True) > 0.1).float()
        inside = mask if self.config.released else (mask > HAZE).float()
        if not self.config.released and not self.painted_beyond:
            # R has learnt pictures on mid grey, which is 0: what it paints at a soft edge is a share of the colour.
            picture = (picture / mask.clamp_min(HAZE)).clamp(-1, 1)
        rgb = ((picture + 1) / 2).clamp(0, 1)
        return (rgb * inside if cut else rgb), mask

    def paint(self, seen: Float[Tensor, "B N h w"], points: Points, side: str) -> Images:
        """R: a silhouette on the canvas, or the bumps of `points` where there is no G, to a picture in [-1, 1]."""
        refiner = {"a": self.refiner_a, "b": self.refiner_b}[side]
        if not self.painted_by_pose:
            return refiner(seen)
        fold = self.config.refiner.fold
        return refiner(seen, self.bumps(points, (seen.shape[2] // fold, seen.shape[3] // fold)))

    @property
    def painted_by_pose(self) -> bool:
        """Whether R sees keypoints beside the silhouette."""
        return self.config.two_steps and self.config.refiner_input == "pose"

    @property
    def painted_beyond(self) -> bool:
        """Whether R paints the subject's colours beyond its silhouette too."""
        return self.config.two_steps and self.config.surround == "subject"

    def transfer(self, points: Points, from_side: str, use_affine: bool = True) -> Points:
        """Keypoints of one side to where the other side's lie: T for B's, its inverse for A's (section 3, Inference).

        use_affine  False leaves them as they are, so that rotation, scale and place stay those of `from_side`
        """
        if self.affine is None or not use_affine:
            return points
        return self.to_a(points) if from_side == "b" else apply_affine(invert_affine(self.affine()), points)

    def to_a(self, points: Points) -> Points:
        return points if self.affine is None else apply_affine(self.affine(), points)

    def points(self, pictures: Images) -> Points:
        return self.detector(self.smaller(pictures)).points

    def smaller(self, pictures: Images) -> Float[Tensor, "B C H2 W2"]:
        """At the size that E and G work at."""
        return F.avg_pool2d(pictures, self.shape_scale) if self.shape_scale > 1 else pictures

    def bumps(self, points: Points, size: tuple[int, int] | None = None) -> Heatmaps:
        """Eq. 9, or the form that the config names, at the size that G works at unless told; without G, the canvas."""
        c = self.config
        if size is None:
            h, w = self.shape_canvas
            fold = c.shapes.fold if c.two_steps else 1
            size = (h // fold, w // fold)
        if c.bumps == "normal":
            return normal_gaussians(points, size, c.sigma**2)
        return gaussians(points, size, c.sigma) if c.bumps == "paper" else released_gaussians(points, size, c.sigma)

    def draw(self, points: Points) -> Tensor:
        """G: both silhouettes [B, 2, h, w], of the canvas's size."""
        return self.enlarged(self.shapes(self.bumps(points)))

    def enlarged(self, drawn: Tensor) -> Tensor:
        """What G has drawn, at the canvas's size."""
        return drawn if self.shape_scale == 1 else F.interpolate(drawn, self.canvas, mode="bilinear")

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: PairData, stage: Stage) -> Tensor:
        return draw_preview(self, data, stage)

    def animate(
        self, data: PairData | None, driving: Driving | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The subject `source` ("a" or "b") moving as the other one does in `driving`; see `animating.animate`."""
        if isinstance(source, Clip):
            raise UsageError(
                "jokr knows the appearance of its own two subjects only",
                'Name the one that should move: source "a" or "b".',
            )
        return animate(self, data, driving, source, **options)

    # What the verbs of the API find here, where a method has it.
    edit = edit
    overlay = overlay
    quality = quality
    shared_points = shared_points
    described = described
    explained = staticmethod(explained)
    settled = staticmethod(settled)
    imported = staticmethod(imported)
    recognises = staticmethod(is_released)


def _recount(method: torch.nn.Module, _: object) -> None:
    """After weights were loaded: the number of steps that came with them."""
    assert isinstance(method, Jokr)
    method.steps_of_shapes = int(method.shape_steps)
