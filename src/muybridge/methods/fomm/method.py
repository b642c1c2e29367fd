"""FOMM: first order motion model for image animation (Siarohin et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from muybridge.data.augmentation import Augment
from muybridge.data.clips import ClipsData
from muybridge.geometry import normal_gaussians, random_thin_plate
from muybridge.losses import (
    PyramidDistance,
    frame_equivariance,
    lsgan_discriminator,
    lsgan_generator,
    point_equivariance,
)
from muybridge.method import (
    Batch,
    Card,
    Data,
    ExportsNetworks,
    Group,
    ImportsCheckpoints,
    PictureMethod,
    Stage,
    Turn,
)
from muybridge.methods.fomm.config import FommConfig
from muybridge.methods.fomm.networks import Discriminators, FommNetworks, Keypoints, transfer
from muybridge.methods.fomm.presets import CARD
from muybridge.methods.fomm.released import import_released, is_released
from muybridge.networks import OnnxPart, make_exportable, require_vgg19, split_for_onnx
from muybridge.picture_animator import PairPreview, PictureAnimator, Precision
from muybridge.tensors import Images, Points, Scalar
from muybridge.video import Clip


class FommData(ClipsData, Data):
    """Clips of one kind of object, packed, on the canvas; a batch is pairs of frames of one clip."""


class Fomm(PictureMethod[FommConfig, FommData, Keypoints], ExportsNetworks, ImportsCheckpoints):
    """A detector finds K keypoints and the affine motion around each, a dense motion network makes one flow of them,
    and a generator moves the source's features by it and makes up what it hid.

    Pictures are RGB in [0, 1], squeezed to the config's square.
    """

    card: ClassVar[Card] = CARD
    Config = FommConfig
    Data = FommData
    modes: ClassVar[tuple[str, ...]] = ("relative", "standard")
    motion_options: ClassVar[Mapping[str, bool]] = {"scale": True}

    def __init__(self, config: FommConfig) -> None:
        super().__init__(config)
        self.networks = FommNetworks(config)
        self.critics = Discriminators(config) if config.losses.adversarial else None
        w = config.losses
        self._distance = PyramidDistance(config.perceptual, config.size, w.perceptual, w.scales)

    # -- what is learned ------------------------------------------------------------------------------------------

    @classmethod
    def require_weights(cls, config: FommConfig) -> None:
        if config.perceptual == "vgg19":
            require_vgg19()

    def prepare(self, clips: Sequence[Clip], **options: Any) -> FommData:
        """Clips of one kind of object, each of two frames or more; InputError says which is not.

        Raises MissingWeightsError where the losses need VGG-19 and it is not on this machine.
        """
        self._distance.load()
        a = self.config.augment
        augment = Augment(0.5 * a.time_flip, 0.5 * a.mirror, (a.jitter, a.jitter, a.jitter, min(a.jitter, 0.5)))
        return FommData.from_clips(clips, (self.config.size, self.config.size), augment=augment, **options)

    def stages(self) -> tuple[Stage, ...]:
        t = self.config.training
        return (Stage("learn", t.steps, t.batch, t.decay, t.drops),)

    def groups(self, stage: Stage) -> dict[str, Group]:
        t = self.config.training
        groups = {"networks": Group(list(self.networks.parameters()), t.lr, (0.5, t.beta2))}
        if self.critics is not None:
            groups["critic"] = Group(list(self.critics.parameters()), t.lr, (0.5, t.beta2))
        return groups

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """Source, driving and bent frame go through the detector one after the other, each a batch of its own."""
        w = self.config.losses
        source = batch["source"]
        driving = batch["driving"]
        at = self.networks.detect(source)
        to = self.networks.detect(driving)
        made = self.networks(source, at, to)[0].picture

        losses = {"perceptual": self._distance(made, driving)}
        if self.critics is not None:
            losses["adversarial"], losses["matching"] = adversarial_losses(self.critics, made, driving, to.points)
        if w.equivariance_value or w.equivariance_jacobian:
            losses |= self._equivariance(driving, to)

        # The pyramid weighs its sizes and layers itself.
        weights = {}
        for name in losses:
            if name != "perceptual":
                weights[name] = getattr(w, name)

        if self.critics is not None:
            # A part of the adversarial term: without that one it would not count either.
            weights["matching"] = w.adversarial * w.matching
        yield Turn("networks", losses, weights)

        if self.critics is not None:
            yield Turn("critic", {"critic": discriminator_loss(self.critics, made, driving, to.points)})

    def _equivariance(self, driving: Images, to: Keypoints) -> dict[str, Tensor]:
        """Keypoints and Jacobians of a bent frame (paper, eq. 10 and 11)."""
        b = self.config.bend
        bend = random_thin_plate(len(driving), b.affine, b.thin_plate, b.points, driving.float())
        bent = self.networks.detect(bend.warp(driving, align_corners=self.config.align_corners))

        losses = {"equivariance_value": point_equivariance(to.points, bent.points, bend)}
        if to.jacobians is not None and bent.jacobians is not None:
            losses["equivariance_jacobian"] = frame_equivariance(to.jacobians, bent.jacobians, bent.points, bend)
        return losses

    # -- what comes out -------------------------------------------------------------------------------------------

    def open_source(self, source: Clip, precision: Precision) -> PictureAnimator[Keypoints]:
        halves = (("generator", "motion"), ("generator",))
        return PictureAnimator(self.networks, source, self.config.size, halves, precision)

    def move_pose(
        self, mode: str, source: Keypoints, driving: Keypoints, reference: Keypoints, options: Mapping[str, bool]
    ) -> Keypoints:
        """Eq. 12, or the driving keypoints as they are."""
        return transfer(source, driving, reference, scale=options["scale"]) if mode == "relative" else driving

    def show_pair(self, source: Images, driving: Images) -> PairPreview:
        at = self.networks.detect(source)
        to = self.networks.detect(driving)
        drawn, flow = self.networks(source, at, to)
        moved = self.networks.generator.warp(source, flow.grid)
        size = (flow.masks.shape[2], flow.masks.shape[3])
        return PairPreview(
            source=at.points,
            driving=to.points,
            made=drawn.picture,
            moved=moved,
            occlusion=flow.occlusion,
            maps=normal_gaussians(to.points, size, self.networks.variance),
            shares=flow.masks,
            grid=flow.grid,
            axes=to.jacobians,
        )

    def onnx_parts(self, data: Any = None) -> dict[str, OnnxPart]:
        """The files of a run, by name.

        detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], jacobians [B, K, 2, 2]
        generator  source [B, 3, S, S], its points and jacobians, those to bring it to -> picture [B, 3, S, S]
        """
        names = ("points", "jacobians")
        return split_for_onnx(make_exportable(self.networks), self.config.size, Keypoints, names)

    @staticmethod
    def import_checkpoint(path: Path, options: Path | None = None) -> tuple[FommConfig, dict[str, Tensor], int]:
        return import_released(path, options)

    @staticmethod
    def recognises(table: Mapping[str, Any]) -> bool:
        return is_released(table)


def adversarial_losses(
    discriminators: Discriminators, made: Images, driving: Images, keypoints: Points
) -> tuple[Scalar, Scalar]:
    """The adversarial loss, and the distance of the discriminators' features; both summed over sizes, the latter over
    blocks too.

    made, driving  [B, 3, H, W] in [0, 1]
    keypoints      [B, K, 2]  of the driving frame
    """
    fake = discriminators(made, keypoints)
    real = discriminators(driving, keypoints)
    # The last map of each size is the score, which is no feature.
    terms = []

    for true, false in zip(real, fake, strict=True):
        for a, b in zip(true[:-1], false[:-1], strict=True):
            terms.append((a.detach() - b).abs().mean())

    matching = torch.stack(terms).sum()
    return len(fake) * lsgan_generator(fake), matching


def discriminator_loss(discriminators: Discriminators, made: Images, driving: Images, keypoints: Points) -> Scalar:
    """mean (1 - D(driving))^2 + mean D(made)^2, summed over sizes."""
    fake = discriminators(made.detach(), keypoints)
    real = discriminators(driving, keypoints)
    return 2 * len(fake) * lsgan_discriminator(real, fake)
