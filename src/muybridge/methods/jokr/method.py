"""JOKR: joint keypoint representation for motion retargeting from one pair of videos (Mokady et al. 2021)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from muybridge.data.driving_video import Driving
from muybridge.data.pair import SIDES
from muybridge.errors import MissingWeightsError, UsageError
from muybridge.method import (
    Animation,
    Batch,
    Card,
    DescribesTraining,
    DrawnPose,
    EditsKeypoints,
    EditsResults,
    ExplainsItself,
    Explanation,
    ExportsNetworks,
    Group,
    ImportsCheckpoints,
    MeasuresItself,
    Pose,
    SharedDrawing,
    SharesDrawing,
    SharesKeypoints,
    Stage,
    Turn,
)
from muybridge.method.perceptual_choice import WEIGHT_FREE
from muybridge.methods.jokr import animate, editing, explaining, reporting, sharing
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.importing import import_released, is_released
from muybridge.methods.jokr.model import JokrModel
from muybridge.methods.jokr.motion_stage import motion_turns
from muybridge.methods.jokr.onnx_parts import onnx_parts
from muybridge.methods.jokr.presets import CARD
from muybridge.methods.jokr.shape_stage import shape_turns
from muybridge.methods.jokr.texture_stage import READING, texture_turns
from muybridge.networks import OnnxPart, load_lpips, require_lpips
from muybridge.tensors import Points
from muybridge.video import Clip

LPIPS = "texture loss: L1 and LPIPS (eq. 2 and 3)"


class Jokr(
    JokrModel,
    EditsKeypoints,
    EditsResults,
    ExplainsItself,
    ExportsNetworks,
    SharesDrawing,
    MeasuresItself,
    SharesKeypoints,
    DescribesTraining,
    ImportsCheckpoints,
):
    """What JOKR learns in its two stages, and what a trained one gives."""

    card: ClassVar[Card] = CARD
    Config = JokrConfig
    Data = PairData
    takes_streamed_video = True

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
        motion = Stage("motion", c.motion.steps, c.motion.batch, c.motion.decay)
        if self.uses_frames:
            return (shape, texture, motion)
        return (shape, texture) if c.two_steps else (shape,)

    def groups(self, stage: Stage) -> dict[str, Group]:
        c = self.config
        if stage.name == "motion":
            return {"motion": Group(list(self.dense_motion.parameters()), c.motion.lr, (0.5, c.motion.beta2))}
        refiners = [*self.refiner_a.parameters(), *self.refiner_b.parameters()]
        if c.learns_background:
            refiners += [self.get_parameter(f"scene_{side}") for side in SIDES]
        if stage.name == "texture":
            betas = (0.5, c.texture.beta2)
            groups = {"texture": Group(refiners, c.texture.lr, betas)}
            if c.losses.read:
                groups["detector"] = Group(list(self.detector.parameters()), READING * c.texture.lr, betas)
            if c.losses.adversarial:
                discriminators = [*self.critic_a.parameters(), *self.critic_b.parameters()]
                groups["critic"] = Group(discriminators, c.texture.lr, betas)
            return groups

        drawers = list(self.shapes.parameters()) if c.two_steps else refiners
        affine = [] if self.affine is None else list(self.affine.parameters())
        learners = [*drawers, *self.detector.parameters(), *affine]
        return {
            "shape": Group(learners, c.shape.lr, (0.5, c.shape.beta2)),
            "discriminator": Group(list(self.discriminator.parameters()), c.discriminator_lr, (0.5, c.shape.beta2)),
        }

    def draws_scene(self, side: str) -> bool:
        # A training that ended before R's turn draws silhouettes in one colour.
        return self.config.learns_background and side not in self.plain

    def begin(self, stage: Stage, data: PairData, generator: torch.Generator) -> None:
        self.canvas_size.copy_(torch.tensor(data.a.canvas))
        if stage.name == "texture" and self.config.learns_background:
            for side in SIDES:
                self.begin_scene(side, data.subject(side).pixels.float() / 255)

    def recall(self, stage: str | None, data: PairData | None) -> None:
        """Of a training that ended while it learned shapes, silhouettes are drawn in the subjects' mean colours."""
        self.plain = {}
        if stage != "shape" or not self.config.two_steps or data is None:
            return
        for side in SIDES:
            shown, masks = data.subject(side).pictures()
            self.plain[side] = (shown.sum((0, 2, 3)) / masks.sum().clamp(min=1))[:, None, None]

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        turns = {"shape": shape_turns, "texture": texture_turns, "motion": motion_turns}
        return turns[stage.name](self, batch)

    @classmethod
    def resolve_config(cls, config: JokrConfig) -> tuple[JokrConfig, tuple[str, ...]]:
        """The config with `texture_loss` decided, and a sentence that says which it is and why.

        `auto` becomes `lpips` where the weights are on this machine, else `weight-free`.
        """
        if config.texture_loss == "weight-free":
            return config, (WEIGHT_FREE,)
        if config.texture_loss == "auto":
            try:
                load_lpips()
            except MissingWeightsError as e:
                chosen = config.model_copy(update={"texture_loss": "weight-free"})
                return chosen, (f"{WEIGHT_FREE}, for {e.message}",)
        return config.model_copy(update={"texture_loss": "lpips"}), (LPIPS,)

    @classmethod
    def require_weights(cls, config: JokrConfig) -> None:
        if config.texture_loss == "lpips":
            require_lpips()

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: PairData, stage: Stage) -> Tensor:
        return reporting.draw_preview(self, data, stage)

    def animate(
        self, data: PairData | None, driving: Driving | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The subject `source` ("a" or "b") moving as the other one does in `driving`; see `animate.animate`."""
        if isinstance(source, Clip):
            raise UsageError(
                "jokr knows the appearance of its own two subjects only",
                'Name the one that should move: source "a" or "b".',
            )
        return animate.animate(self, data, driving, source, **options)

    def explain(
        self,
        data: PairData | None,
        driving: Driving | None,
        source: Clip | str | None = None,
        *,
        frames: int = 6,
        **options: Any,
    ) -> list[Explanation]:
        """Keypoints and their bumps, the drawn silhouette, and where a result looks in the subject's own frames."""
        if isinstance(source, Clip) or options:
            raise UsageError("jokr shows what it found of its own two subjects", "Name one: a or b.")
        return explaining.explain(self, data, driving, source, frames)

    def locate_keypoints(self, data: PairData, side: str) -> Points:
        return editing.locate_keypoints(self, data, side)

    def edit_keypoints(
        self,
        data: PairData,
        side: str,
        frame: int,
        moves: Mapping[int, tuple[float, float]],
        steps: int = 12,
        quick: bool = False,
    ) -> Animation:
        return editing.edit_keypoints(self, data, side, frame, moves, steps, quick)

    def locate_result(self, data: PairData, side: str) -> Points:
        return editing.locate_result(self, data, side)

    def edit_result(
        self,
        data: PairData,
        side: str,
        moves: Mapping[int, Mapping[int, tuple[float, float]]],
        frame: int | None = None,
        quick: bool = False,
    ) -> Animation:
        return editing.edit_result(self, data, side, moves, frame, quick)

    def draw_poses(self, data: PairData, poses: Sequence[Pose], quick: bool = False) -> list[DrawnPose]:
        return editing.draw_poses(self, data, poses, quick)

    def onnx_parts(self, data: PairData | None = None) -> dict[str, OnnxPart]:
        return onnx_parts(self, data)

    def share_drawing(self, data: PairData, quality: int) -> SharedDrawing:
        return sharing.share_drawing(self, data, quality)

    def measure_quality(self, data: PairData) -> dict[str, float]:
        return reporting.measure_quality(self, data)

    @staticmethod
    def explain_figure(name: str) -> str:
        return reporting.explain_figure(name)

    def shared_points(self, data: PairData) -> dict[str, Points]:
        return reporting.shared_points(self, data)

    def describe_training(self) -> dict[str, str]:
        return reporting.describe_training(self)

    def describe_sources(self, data: Any) -> dict[str, str]:
        """Which own frames each frame of both results is made of."""
        return reporting.describe_sources(self, data)

    @staticmethod
    def import_checkpoint(path: Path, options: Path | None = None) -> tuple[JokrConfig, dict[str, Tensor], int]:
        return import_released(path, options)

    @staticmethod
    def recognises(table: Mapping[str, Any]) -> bool:
        return is_released(table)
