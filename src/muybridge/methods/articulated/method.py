"""Motion representations for articulated animation (Siarohin et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from muybridge.data.augmentation import Augment
from muybridge.data.clips import ClipsData, own_pixels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.geometry import random_thin_plate
from muybridge.losses import PyramidDistance, frame_equivariance, point_equivariance
from muybridge.method import (
    Animation,
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
from muybridge.methods.articulated.avd import AvdNetwork, avd_losses, stretch_regions
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.methods.articulated.networks import ArticulatedNetworks, Regions, transfer
from muybridge.methods.articulated.presets import CARD
from muybridge.methods.articulated.released import import_released, is_released
from muybridge.networks import OnnxPart, make_exportable, require_vgg19, split_for_onnx
from muybridge.picture_animator import BATCH, PairPreview, PictureAnimator, Precision, to_opaque
from muybridge.tensors import Images
from muybridge.video import Clip


class ArticulatedData(ClipsData, Data):
    """Clips of one kind of object, packed, on the canvas; a batch is pairs of frames of one clip."""


class Articulated(PictureMethod[ArticulatedConfig, ArticulatedData, Regions], ExportsNetworks, ImportsCheckpoints):
    """A predictor finds K regions, whose place and principal axes are their motion, another the motion of the
    background; both become a flow for each pixel, by which a generator moves the source's features and skips.

    Pictures are RGB in [0, 1], squeezed to the config's square.
    """

    card: ClassVar[Card] = CARD
    Config = ArticulatedConfig
    Data = ArticulatedData
    modes: ClassVar[tuple[str, ...]] = ("relative", "standard", "avd")
    motion_options: ClassVar[Mapping[str, bool]] = {"scale": True}

    def __init__(self, config: ArticulatedConfig) -> None:
        super().__init__(config)
        self.networks = ArticulatedNetworks(config)
        wanted = config.avd.steps and config.frames != "none"
        self.avd = AvdNetwork(config.regions, config.avd) if wanted else None
        w = config.losses
        self._distance = PyramidDistance(config.perceptual, config.size, w.perceptual, w.scales)

    # -- what is learned ------------------------------------------------------------------------------------------

    @classmethod
    def require_weights(cls, config: ArticulatedConfig) -> None:
        if config.perceptual == "vgg19":
            require_vgg19()

    def prepare(self, clips: Sequence[Clip], **options: Any) -> ArticulatedData:
        """Clips of one kind of object, each of two frames or more; InputError says which is not.

        Raises MissingWeightsError where the losses need VGG-19 and it is not on this machine.
        """
        self._distance.load()
        a = self.config.augment
        augment = Augment(0.5 * a.time_flip, 0.5 * a.mirror, (a.jitter, a.jitter, a.jitter, min(a.jitter, 0.5)))
        return ArticulatedData.from_clips(clips, (self.config.size, self.config.size), augment=augment, **options)

    def stages(self) -> tuple[Stage, ...]:
        """`learn`: the networks, end to end. `disentangle`: the AVD network, where it has steps."""
        t = self.config.training
        a = self.config.avd
        learn = Stage("learn", t.steps, t.batch, t.decay, t.drops)
        if self.avd is None:
            return (learn,)
        return learn, Stage("disentangle", a.steps, a.batch, drops=a.drops, cost=0.2 * a.batch / t.batch)

    def groups(self, stage: Stage) -> dict[str, Group]:
        t = self.config.training
        if stage.name == "disentangle" and self.avd is not None:
            return {"avd": Group(list(self.avd.parameters()), self.config.avd.lr)}
        return {"networks": Group(list(self.networks.parameters()), t.lr, (0.5, t.beta2))}

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """Section 3.2, or the AVD network's."""
        return self._disentangle(batch) if stage.name == "disentangle" else self._learn(batch)

    def _learn(self, batch: Batch) -> Iterator[Turn]:
        """Source, driving and bent frame go through the predictor one after the other, each a batch of its own."""
        w = self.config.losses
        networks = self.networks
        source = batch["source"]
        driving = batch["driving"]
        at = networks.detect(source)
        to = networks.detect(driving)
        drawn, _ = networks(source, at, to, networks.background_motion(source, driving))

        losses = {"perceptual": self._distance(drawn.picture, driving)}
        # The bent frame costs another pass of the predictor, which is only made where something asks for it.
        if w.equivariance_shift or w.equivariance_affine:
            losses |= self._equivariance(driving, to)

        # The pyramid weighs its sizes and layers itself.
        weights = {}
        for name in losses:
            if name != "perceptual":
                weights[name] = getattr(w, name)
        yield Turn("networks", losses, weights)

    def _equivariance(self, driving: Images, to: Regions) -> dict[str, Tensor]:
        """L_eq: regions and their axes in a bent frame (section 3.2)."""
        b = self.config.bend
        bend = random_thin_plate(len(driving), b.affine, b.thin_plate, b.points, driving.float())
        bent = self.networks.detect(bend.warp(driving, align_corners=self.config.align_corners))

        losses = {"equivariance_shift": point_equivariance(to.points, bent.points, bend)}
        if to.affines is not None and bent.affines is not None:
            losses["equivariance_affine"] = frame_equivariance(
                to.affines, bent.affines, bent.points, bend, swaps=self.config.swaps
            )
        return losses

    def _disentangle(self, batch: Batch) -> Iterator[Turn]:
        """The driving regions, from the source's and from the driving ones stretched at random.

        Regions are found with running statistics; the program leaves the predictor in training mode here.
        """
        a = self.config.avd
        assert self.avd is not None
        training = self.networks.training
        with torch.no_grad():
            self.networks.eval()
            identity = self.networks.detect(batch["source"])
            pose = self.networks.detect(batch["driving"])
            # Back at once: only the finding of regions is to use running statistics.
            self.networks.train(training)

        factors = 1 + a.scaling * (2 * torch.rand(len(pose.points), 2).to(pose.points) - 1)
        losses = avd_losses(self.avd(identity, stretch_regions(pose, factors)), pose)
        yield Turn("avd", losses, {"shift": a.shift, "affine": a.affine})

    # -- what comes out -------------------------------------------------------------------------------------------

    def open_source(self, source: Clip, precision: Precision) -> PictureAnimator[Regions]:
        halves = (("generator", "motion"), ("generator",))
        return PictureAnimator(self.networks, source, self.config.size, halves, precision)

    def choose_mode(self, mode: str | None, batch: int) -> str:
        """ "avd": the driving pose in the source's shape, where the network for it was trained. In all modes the
        background stands still."""
        chosen = super().choose_mode(mode, batch)
        if chosen == "avd" and self.avd is None:
            raise UsageError(
                "this run has no network for the mode avd: its disentangle stage has no steps",
                Sentence("Choose another mode, or train with: ", Option("set", {"avd.steps": 400})),
            )
        return chosen

    def move_pose(
        self, mode: str, source: Regions, driving: Regions, reference: Regions, options: Mapping[str, bool]
    ) -> Regions:
        if mode == "avd":
            return self._repose(source, driving)
        return transfer(source, driving, reference, scale=options["scale"]) if mode == "relative" else driving

    def _repose(self, source: Regions, driving: Regions) -> Regions:
        """The source's regions in the driving pose, by the AVD network."""
        assert self.avd is not None
        training = self.avd.training
        with torch.inference_mode():
            made: Regions = self.avd.eval()(source.repeat(len(driving.points)), driving)
        self.avd.train(training)
        return made

    def show_pair(self, source: Images, driving: Images) -> PairPreview:
        networks = self.networks
        at = networks.detect(source)
        to = networks.detect(driving)
        drawn, flow = networks(source, at, to, networks.background_motion(source, driving))
        return PairPreview(
            source=at.points,
            driving=to.points,
            made=drawn.picture,
            moved=networks.generator.warp(source, flow.grid),
            occlusion=flow.occlusion,
            maps=networks.detector(driving).heatmaps,
            shares=flow.masks,
            grid=flow.grid,
            axes=to.affines,
        )

    def reconstruct(self, clip: Clip, batch: int = BATCH) -> Animation:
        """The clip made again from its first frame, everybody's regions and the background's motion, in float32
        (section 4.2)."""
        animator = self.open_source(clip, "float32")

        def frames() -> Iterator[Tensor]:
            for some in own_pixels(clip).split(batch):
                seen = animator.to_canvas(some)
                with torch.inference_mode():
                    behind = animator.networks.background_motion(animator.picture.expand_as(seen), seen)
                    pictures = animator.networks.animate(animator.source, animator.networks.detect(seen), behind)
                yield from to_opaque(pictures, animator.size)

        return Animation(frames(), clip.timing, animator.size)

    def onnx_parts(self, data: Any = None) -> dict[str, OnnxPart]:
        """The files of a run, by name.

        detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], affines and covariances [B, K, 2, 2]
        generator  source [B, 3, S, S], its points, affines and covariances, those to bring it to -> picture;
                   the background stands still
        """
        networks = make_exportable(self.networks)
        # The formula gives LAPACK's axes, and goes into a file.
        networks.solver = "closed"
        names = ("points", "affines", "covariances")
        return split_for_onnx(networks, self.config.size, Regions, names)

    @staticmethod
    def import_checkpoint(path: Path, options: Path | None = None) -> tuple[ArticulatedConfig, dict[str, Tensor], int]:
        return import_released(path, options)

    @staticmethod
    def recognises(table: Mapping[str, Any]) -> bool:
        return is_released(table)
