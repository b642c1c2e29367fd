"""Everybody Dance Now: a person drawn from stick figures (Chan et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from muybridge.landmarks import Landmarks
from muybridge.losses import (
    PyramidDistance,
    feature_matching,
    lsgan_discriminator,
    lsgan_generator,
    multiscale_l1,
    ssim_loss,
)
from muybridge.method import Animation, Batch, Card, ExplainsItself, Explanation, Group, Stage, Turn
from muybridge.method.perceptual_choice import choose_vgg19
from muybridge.methods.edn import animate, explaining
from muybridge.methods.edn.config import EdnConfig
from muybridge.methods.edn.data import EdnData
from muybridge.methods.edn.model import EdnModel, to_network
from muybridge.methods.edn.presets import CARD
from muybridge.networks import PatchDiscriminator, require_vgg19
from muybridge.tensors import Images
from muybridge.video import Clip

VGG = "perceptual loss: VGG-19"
VGG_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Of relu1_1 to relu5_1 (pix2pixHD)."""


class Edn(EdnModel, ExplainsItself):
    """What EDN learns, and what a trained one gives."""

    card: ClassVar[Card] = CARD
    Config = EdnConfig
    Data = EdnData

    def __init__(self, config: EdnConfig) -> None:
        super().__init__(config)
        side = min(*config.crop, config.face.side)
        self._vgg = PyramidDistance("vgg19", side, VGG_WEIGHTS, (1.0,))

    @classmethod
    def resolve_config(cls, config: EdnConfig) -> tuple[EdnConfig, tuple[str, ...]]:
        """See `choose_vgg19`."""
        return choose_vgg19(config, VGG)

    @classmethod
    def require_weights(cls, config: EdnConfig) -> None:
        if config.perceptual == "vgg19" and config.losses.perceptual:
            require_vgg19()

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(
        self, clips: Sequence[Clip], landmarks: Sequence[Landmarks | None] | None = None, **options: Any
    ) -> EdnData:
        """Crop the clips to the person.

        clips      one or more of one person; with `people` above 1, one of each
        landmarks  of each, in pixels of its frames
        Raises InputError and UsageError where they are not that, MissingWeightsError where VGG-19 is wanted and is not
        on this machine.
        """
        if options:
            raise TypeError(f"edn.prepare takes clips and landmarks, not {', '.join(options)}")
        if self.config.perceptual == "vgg19":
            self._vgg.load()
        return EdnData.from_clips(clips, landmarks, self.config)

    def stages(self) -> tuple[Stage, ...]:
        """`frames`: whole pictures, two in a row. `faces`: what is added to the face, where it has steps."""
        first = self.config.frames
        second = self.config.faces
        stages = [Stage("frames", first.steps, first.batch, first.decay)]
        if second.steps:
            stages.append(Stage("faces", second.steps, second.batch, second.decay, cost=0.6))
        return tuple(stages)

    def groups(self, stage: Stage) -> dict[str, Group]:
        if stage.name == "frames":
            pace = self.config.frames
            drawing = self.generator
            judging = self.discriminator
        else:
            pace = self.config.faces
            drawing = self.refiner
            judging = self.face_discriminator
        return {
            "discriminator": Group(list(judging.parameters()), pace.discriminator_lr),
            "generator": Group(list(drawing.parameters()), pace.lr),
        }

    def begin(self, stage: Stage, data: EdnData, generator: torch.Generator) -> None:
        if stage.name == "faces":
            self.refines.fill_(True)

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """The discriminator's turn, then the generator's, judged by the discriminator as it is then."""
        yield from self._frame_turns(batch) if stage.name == "frames" else self._face_turns(batch)

    def _frame_turns(self, batch: Batch) -> Iterator[Turn]:
        """Temporal smoothing: the first frame is drawn after zeros, the second after the first, and both are judged
        together."""
        real = to_network(batch["pictures"])
        before, now = self._draw_pair(batch)
        made = torch.stack((before[1], now[1]), 1)
        maps = torch.cat((before[0], now[0]), 1)
        seen = torch.cat((maps, real.flatten(1, 2)), 1)
        shown = torch.cat((maps, made.flatten(1, 2)), 1)

        yield self._judge(self.discriminator, seen, shown)
        # A sum over both frames, so twice their mean.
        losses = self._perceptual(made.flatten(0, 1), real.flatten(0, 1), times=2.0)
        yield self._teach(self.discriminator, seen, shown, losses)

    def _face_turns(self, batch: Batch) -> Iterator[Turn]:
        """Face GAN: a residual is added to the face of the second frame; the generator of frames stands still."""
        with torch.no_grad():
            _, (maps, drawn) = self._draw_pair(batch)
        real = to_network(batch["pictures"][:, 1])
        (labels, face, truth), _ = self.crop_faces(batch["labels"][:, 1], maps, drawn, real)
        made = face + self.face_residual(labels, face)
        seen = torch.cat((labels, truth), 1)
        shown = torch.cat((labels, made.to(labels)), 1)

        yield self._judge(self.face_discriminator, seen, shown)
        yield self._teach(self.face_discriminator, seen, shown, self._perceptual(made, truth, times=1.0))

    def _draw_pair(self, batch: Batch) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Label maps [B, C, h, w] and drawn pictures [B, 3, h, w] of the frame before, and of the frame."""
        earlier = self.draw_maps(batch["labels"][:, 0], batch["people"])
        later = self.draw_maps(batch["labels"][:, 1], batch["people"])
        before = self.generate(earlier, None)
        return (earlier, before), (later, self.generate(later, before))

    def _judge(self, discriminator: PatchDiscriminator, seen: Tensor, shown: Tensor) -> Turn:
        """Least squares, as pix2pixHD has them, for the logarithms of the paper."""
        losses = {"d": lsgan_discriminator(discriminator(seen), discriminator(shown.detach()))}
        return Turn("discriminator", losses)

    def _teach(self, discriminator: PatchDiscriminator, seen: Tensor, shown: Tensor, beside: dict[str, Tensor]) -> Turn:
        """Adversarial loss, feature matching, and the perceptual losses beside them."""
        w = self.config.losses
        verdict = discriminator(shown)
        losses = {"gan": lsgan_generator(verdict)}
        if w.matching:
            with torch.no_grad():
                wanted = discriminator(seen)
            losses["matching"] = feature_matching(wanted, verdict)

        weights = {"matching": w.matching, "perceptual": w.perceptual, "multiscale": w.perceptual, "ssim": w.ssim}
        return Turn("generator", losses | beside, weights)

    def _perceptual(self, made: Images, real: Images, times: float) -> dict[str, Tensor]:
        """Distance of VGG-19's features, or its weight-free stand-in; pictures in [-1, 1], a face's may go beyond."""
        w = self.config.losses
        a = (made + 1) / 2
        b = (real + 1) / 2
        if self.config.perceptual == "vgg19":
            return {"perceptual": times * self._vgg(a, b)} if w.perceptual else {}

        losses = {}
        if w.perceptual:
            losses["multiscale"] = times * multiscale_l1(a, b)
        if w.ssim:
            losses["ssim"] = times * ssim_loss(a, b)
        return losses

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: EdnData, stage: Stage) -> Tensor:
        return animate.draw_preview(self, data)

    def animate(
        self, data: EdnData | None, driving: Clip | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The person performing `driving`; see `animate.animate`."""
        return animate.animate(self, data, driving, source, **options)

    def explain(
        self,
        data: EdnData | None,
        driving: Clip | None,
        source: Clip | str | None = None,
        *,
        frames: int = 6,
        landmarks: Landmarks | None = None,
        source_landmarks: Landmarks | None = None,
        **options: Any,
    ) -> list[Explanation]:
        """Label maps, what is drawn after zeros and after the frame before, and the face's part for some frames; the
        arguments are those of `animate.animate`."""
        index = animate.choose_person(data, source, source_landmarks)
        assert data is not None
        performance = animate.choose_performance(self, data.tracks[index], driving, landmarks)
        return explaining.explain(self, performance, data.person(index), frames)
