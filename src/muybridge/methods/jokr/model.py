"""JOKR's networks together, and what each makes of what the others found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.data.pair import SIDES
from muybridge.data.reference_frames import carry_colours_on, trim_rim
from muybridge.geometry import apply_affine, gaussians, invert_affine, normal_gaussians, released_gaussians
from muybridge.method import PairMethod
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.dense_motion import DenseMotionNetwork
from muybridge.methods.jokr.networks import (
    KeypointDetector,
    LearnedAffine,
    PointDiscriminator,
    Refiner,
    ShapeGenerator,
)
from muybridge.methods.jokr.reference_renderer import ReferenceBank
from muybridge.networks import PatchDiscriminator, load_lpips
from muybridge.tensors import Heatmaps, Images, Masks, Points

HAZE = 0.25
"""Where a drawn silhouette is less than this, there is nothing."""
SCENE_PACE = 20.0
"""How many times as fast as R its scene learns, whose pixels have each a number of its own."""


class JokrModel(PairMethod[JokrConfig, PairData]):
    """E finds K keypoints in both subjects, G draws both silhouettes from them, R_A and R_B give them texture.

    Pictures are RGB in [-1, 1] with 0 (mid grey) around the subject, as in the released program.
    """

    def __init__(self, config: JokrConfig) -> None:
        super().__init__(config)
        k = config.keypoints

        self.detector = KeypointDetector(k, **config.detector.model_dump())
        self.affine = LearnedAffine(config.affine_noise, config.affine_pace) if config.affine else None
        self.discriminator = PointDiscriminator(k, config.discriminator_width)
        if config.two_steps:
            self.shapes = ShapeGenerator(k, **config.shapes.model_dump())

        # Without the two steps R draws from the bumps themselves.
        channels = (3 if config.refiner_input == "rgb" else 1) if config.two_steps else k
        refiner = {"in_channels": channels, "keypoints": k * self.refines_by_pose, **config.refiner.model_dump()}
        self.refiner_a = Refiner(**refiner)
        self.refiner_b = Refiner(**refiner)
        if self.uses_frames:
            sizes = config.dense_motion
            self.dense_motion = DenseMotionNetwork(k, sizes.width, sizes.max_width, sizes.blocks)
        if config.learns_background:
            for side in SIDES:
                # A colour of its own for each place: convolutions alone do not know where in the frame they are.
                self.register_parameter(f"scene_{side}", nn.Parameter(torch.zeros(3, config.size, config.size)))
        self.banks: dict[str, ReferenceBank] = {}
        self.plain: dict[str, Tensor] = {}
        """A subject's mean colour [3, 1, 1], RGB in [0, 1], while R has learned nothing of it and gives noise."""
        if config.losses.adversarial:
            self.critic_a = PatchDiscriminator(4, config.critic_width)
            self.critic_b = PatchDiscriminator(4, config.critic_width)

        self.canvas_size: Tensor
        self.shape_steps: Tensor
        self.seen_a: Tensor
        self.seen_b: Tensor
        self.register_buffer("canvas_size", torch.tensor([config.size, config.size]))
        self.register_buffer("shape_steps", torch.zeros((), dtype=torch.int64))
        # The number of steps again, for code that must not wait for an accelerator.
        self.steps_of_shapes = 0
        self.register_load_state_dict_post_hook(_recount_steps)
        if config.losses.align:
            for name in ("seen_a", "seen_b"):
                self.register_buffer(name, torch.zeros(config.memory, k, 2))

        # In a list, so that VGG's weights are not taken for this method's own.
        self.lpips = [load_lpips()] if config.texture_loss == "lpips" and config.losses.perceptual else []

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

    @property
    def uses_frames(self) -> bool:
        """Whether results are made of the subject's own frames, and R works at the size of the shapes."""
        return self.config.uses_frames

    @property
    def refines_by_pose(self) -> bool:
        """Whether R sees keypoints beside the silhouette."""
        return self.config.two_steps and self.config.refiner_input == "pose"

    @property
    def colours_beyond(self) -> bool:
        """Whether R gives the subject's colours beyond its silhouette too."""
        return self.config.two_steps and (self.config.surround == "subject" or self.uses_frames)

    def count_step(self) -> None:
        """One more step of the shapes. The buffer is what is stored; the number beside it is there so that no step has
        to ask an accelerator, which would have to finish first."""
        self.shape_steps += 1
        self.steps_of_shapes += 1

    # -- from pictures to keypoints -------------------------------------------------------------------------------

    def find_keypoints(self, frames: Images, masks: Masks) -> Points:
        """E on pictures: frames RGB in [0, 1], masks 1 on the subject."""
        return self.find_points(to_picture(frames, masks))

    def find_points(self, pictures: Images) -> Points:
        """E on pictures of the canvas's size in [-1, 1]."""
        return self.detector(self.shrink(pictures)).points

    def shrink(self, pictures: Images) -> Float[Tensor, "B C H2 W2"]:
        """Pictures at the size that E and G work at."""
        return F.avg_pool2d(pictures, self.shape_scale) if self.shape_scale > 1 else pictures

    def reference_pictures(self, frames: Images, masks: Masks) -> Float[Tensor, "B 4 h w"]:
        """Frames in [0, 1] on black as the dense motion sees them: colours carried on, and the silhouette, at the size
        of the shapes."""
        colours = carry_colours_on(*trim_rim(frames, masks, self.config.size // 128))
        return self.shrink(torch.cat((colours, masks), 1))

    def transfer(self, points: Points, from_side: str, use_affine: bool = True) -> Points:
        """Keypoints of one side to where the other side's lie: T for B's, its inverse for A's (section 3, Inference).

        use_affine  False leaves them as they are, so that rotation, scale and place stay those of `from_side`
        """
        if self.affine is None or not use_affine:
            return points
        if from_side == "b":
            return self.map_to_a(points)
        return apply_affine(invert_affine(self.affine()), points)

    def map_to_a(self, points: Points) -> Points:
        """T on B's keypoints."""
        return points if self.affine is None else apply_affine(self.affine(), points)

    # -- from keypoints to pictures -------------------------------------------------------------------------------

    def render(self, points: Points, side: str, cut: bool = True) -> tuple[Images, Masks]:
        """Keypoints of one side to its appearance: RGB in [0, 1], not mixed with what is behind at the edges (released
        runs: darkened there, as the program shows them), and the silhouette in [0, 1].

        points  [B, K, 2]  where this side's own keypoints lie (`transfer` brings the other side's there)
        side    "a" or "b"
        cut     black outside the silhouette, unless the scene is learnt
        """
        if self.config.two_steps:
            mask = self.draw_shapes(points)[:, SIDES.index(side)][:, None].float()
            picture = self.refine_at_own_size(mask, points, side).float()
        else:
            picture = self.refine(self.draw_bumps(points), points, side).float()
            # No shape was drawn before, so whatever is not mid grey counts as the subject.
            mask = (picture.abs().amax(1, keepdim=True) > 0.1).float()

        if self.config.learns_background:
            return ((picture + 1) / 2).clamp(0, 1), mask

        inside = mask if self.config.released else (mask > HAZE).float()
        if not self.config.released and not self.colours_beyond:
            # R has learnt pictures on mid grey, which is 0: what it gives a soft edge is a share of the colour.
            picture = (picture / mask.clamp_min(HAZE)).clamp(-1, 1)

        rgb = ((picture + 1) / 2).clamp(0, 1)
        return (rgb * inside if cut else rgb), mask

    def refine_at_own_size(self, mask: Masks, points: Points, side: str) -> Images:
        """R on a silhouette of the canvas's size, to a picture of that size, whatever the size that it works at."""
        if not self.uses_frames:
            return self.refine(mask, points, side)
        return self.enlarge(self.refine(self.shrink(mask), points, side))

    def refine(self, seen: Float[Tensor, "B N h w"], points: Points, side: str) -> Images:
        """R: a silhouette on the canvas, or the bumps of `points` where there is no G, to a picture in [-1, 1]."""
        refiner = {"a": self.refiner_a, "b": self.refiner_b}[side]
        fold = self.config.refiner.fold
        bumps = None
        if self.refines_by_pose:
            bumps = self.draw_bumps(points, (seen.shape[2] // fold, seen.shape[3] // fold))

        made = refiner(seen, bumps)
        return made + self.scene(side) if self.config.learns_background else made

    def scene(self, side: str) -> Float[Tensor, "3 h w"]:
        """Where the scene is learnt, what R adds its own to, in about [-1, 1]."""
        return SCENE_PACE * self.get_parameter(f"scene_{side}")

    def begin_scene(self, side: str, frames: Float[Tensor, "T 3 h w"]) -> None:
        """Begin with the mean of the frames, in [0, 1]: R has to learn what is not always there."""
        with torch.no_grad():
            self.get_parameter(f"scene_{side}").copy_((frames.mean(0) * 2 - 1) / SCENE_PACE)

    def draw_bumps(self, points: Points, size: tuple[int, int] | None = None) -> Heatmaps:
        """Eq. 9, or the form that the config names, at the size that G works at unless told; without G, the canvas."""
        c = self.config
        if size is None:
            h, w = self.shape_canvas
            fold = c.shapes.fold if c.two_steps else 1
            size = (h // fold, w // fold)

        if c.bumps == "normal":
            return normal_gaussians(points, size, c.sigma**2)
        if c.bumps == "paper":
            return gaussians(points, size, c.sigma)
        return released_gaussians(points, size, c.sigma)

    def draw_shapes(self, points: Points) -> Tensor:
        """G: both silhouettes [B, 2, h, w], of the canvas's size."""
        return self.enlarge(self.draw_small_shapes(points))

    def draw_small_shapes(self, points: Points) -> Tensor:
        """The same at the size that G works at."""
        return self.shapes(self.draw_bumps(points))

    def draw_pair(self, a: Points, b: Points) -> tuple[Images, Images]:
        """What G_A makes of A's keypoints and G_B of B's, at its own size; without the two steps, R's pictures."""
        # Each side by itself: the program divides bumps by the largest of their batch.
        bumps = torch.cat((self.draw_bumps(a), self.draw_bumps(b)))
        if not self.config.two_steps:
            return self.refiner_a(bumps[: len(a)]), self.refiner_b(bumps[len(a) :])

        drawn = self.shapes(bumps)
        return drawn[: len(a), :1], drawn[len(a) :, 1:]

    def enlarge(self, drawn: Tensor) -> Tensor:
        """What G has drawn, at the canvas's size."""
        return drawn if self.shape_scale == 1 else F.interpolate(drawn, self.canvas, mode="bilinear")


@contextmanager
def inference(model: JokrModel) -> Iterator[None]:
    """No gradients and evaluation mode, put back afterwards; so are the statistics of a detector that is always
    training, which nothing reads, but which would say how often somebody has looked."""
    training = model.training
    detector = model.detector
    before = [buffer.clone() for buffer in detector.buffers()] if detector.always_training else []
    # Switching each module of the networks is a tenth of a small picture's time.
    if training:
        model.eval()

    try:
        with torch.no_grad():
            yield
    finally:
        if training:
            model.train()
        if before:
            for buffer, value in zip(detector.buffers(), before, strict=True):
                buffer.copy_(value)


def to_picture(frames: Images, masks: Masks) -> Images:
    """[0, 1] on black to [-1, 1] with 0 around the subject."""
    return frames * 2 - masks


def sum_sides(term: Callable[[str], Tensor]) -> Tensor:
    """A term of A's and one of B's, added: `term` is asked for "a" and for "b"."""
    return term("a") + term("b")


def _recount_steps(model: nn.Module, _: object) -> None:
    """After weights were loaded: the number of steps that came with them."""
    assert isinstance(model, JokrModel)
    model.steps_of_shapes = int(model.shape_steps)
