"""Motion representations for articulated animation (Siarohin et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from muybridge.geometry import random_thin_plate
from muybridge.losses import PyramidDistance, frame_equivariance, point_equivariance
from muybridge.method import Animation, Batch, Card, Group, Method, Stage, Turn
from muybridge.methods.articulated.animating import animate, nearest_frame, preview, reconstruct, stream
from muybridge.methods.articulated.avd import AvdNetwork, avd_losses, stretched
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.methods.articulated.data import ArticulatedData, prepared
from muybridge.methods.articulated.exporting import onnx_parts
from muybridge.methods.articulated.networks import ArticulatedNetworks, Regions
from muybridge.methods.articulated.presets import CARD
from muybridge.methods.articulated.released import imported, is_released
from muybridge.tensors import Images
from muybridge.video import Clip


class Articulated(Method[ArticulatedConfig, ArticulatedData]):
    """A predictor finds K regions, whose place and principal axes are their motion, another the motion of the
    background; both become a flow for each pixel, by which a generator moves the source's features and skips.

    Pictures are RGB in [0, 1], squeezed to the config's square.
    """

    card: ClassVar[Card] = CARD
    Config = ArticulatedConfig
    Data = ArticulatedData
    modes: ClassVar[tuple[str, ...]] = ("relative", "standard", "avd")

    def __init__(self, config: ArticulatedConfig) -> None:
        super().__init__(config)
        self.networks = ArticulatedNetworks(config)
        wanted = config.avd.steps and config.frames != "none"
        self.avd = AvdNetwork(config.regions, config.avd) if wanted else None
        w = config.losses
        self._distance = PyramidDistance(config.perceptual, config.size, w.perceptual, w.scales)

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(self, clips: Sequence[Clip], **options: Any) -> ArticulatedData:
        """Clips of one kind of object, each of two frames or more; InputError says which is not.

        Raises MissingWeightsError where the losses need VGG-19 and it is not on this machine.
        """
        self._distance.load()
        return prepared(clips, self.config, **options)

    def stages(self) -> tuple[Stage, ...]:
        """`learn`: the networks, end to end. `disentangle`: the AVD network, where it has steps."""
        t, a = self.config.training, self.config.avd
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
        source, driving, w = batch["source"], batch["driving"], self.config.losses
        networks = self.networks
        at, to = networks.detect(source), networks.detect(driving)
        drawn, _ = networks(source, at, to, networks.background_motion(source, driving))
        losses = {"perceptual": self._distance(drawn.picture, driving)}
        if w.equivariance_shift or w.equivariance_affine:
            losses |= self._equivariance(driving, to)
        yield Turn("networks", losses, {name: getattr(w, name) for name in losses if name != "perceptual"})

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
            identity, pose = self.networks.detect(batch["source"]), self.networks.detect(batch["driving"])
            self.networks.train(training)
        factors = 1 + a.scaling * (2 * torch.rand(len(pose.points), 2).to(pose.points) - 1)
        losses = avd_losses(self.avd(identity, stretched(pose, factors)), pose)
        yield Turn("avd", losses, {"shift": a.shift, "affine": a.affine})

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: ArticulatedData, stage: Stage) -> Tensor:
        return preview(self, data)

    def animate(
        self, data: ArticulatedData | None, driving: Clip | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The picture `source` moving as `driving` does; see `animating.animate`."""
        return animate(self, driving, source, **options)

    # What the verbs of the API find here, where a method has it.
    stream = stream
    reconstruct = reconstruct
    nearest_frame = nearest_frame
    imported = staticmethod(imported)
    recognises = staticmethod(is_released)
    onnx_parts = onnx_parts
