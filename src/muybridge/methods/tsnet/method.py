"""TS-Net: motion retargeting with joint transformation and synthesis (Ni et al. 2023)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.landmarks import Landmarks, face_boxes, face_crops, one_hot
from muybridge.losses import (
    feature_distance,
    gradient_difference,
    l1,
    lsgan_discriminator,
    lsgan_generator,
    multiscale_l1,
    ssim_loss,
)
from muybridge.method import Animation, Batch, Card, ExplainsItself, Explanation, Group, ImportsCheckpoints, Stage, Turn
from muybridge.method.perceptual_choice import choose_vgg19
from muybridge.methods.tsnet import animate, explaining
from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.methods.tsnet.data import TsnetData
from muybridge.methods.tsnet.model import Made, TsnetModel
from muybridge.methods.tsnet.networks import Discriminator
from muybridge.methods.tsnet.pictures import FACE_SIZE, match_statistics, shift
from muybridge.methods.tsnet.presets import CARD
from muybridge.methods.tsnet.released import import_released, is_released
from muybridge.methods.tsnet.similarity import warp_patches
from muybridge.networks import require_vgg19
from muybridge.tensors import Images
from muybridge.video import Clip

VGG = "perceptual loss: VGG-19 (eq. 5)"
VGG_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Of relu1_1 to relu5_1 (docs/methods/tsnet.md, Losses)."""
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Tsnet(TsnetModel, ExplainsItself, ImportsCheckpoints):
    """What TS-Net learns, and what a trained one gives."""

    card: ClassVar[Card] = CARD
    Config = TsnetConfig
    Data = TsnetData

    @classmethod
    def resolve_config(cls, config: TsnetConfig) -> tuple[TsnetConfig, tuple[str, ...]]:
        """See `choose_vgg19`."""
        return choose_vgg19(config, VGG)

    @classmethod
    def require_weights(cls, config: TsnetConfig) -> None:
        if config.perceptual == "vgg19" and config.losses.vgg:
            require_vgg19()

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(
        self, clips: Sequence[Clip], landmarks: Sequence[Landmarks | None] | None = None, **options: Any
    ) -> TsnetData:
        """Crop the clips to their subjects.

        clips      one or many, of any subjects
        landmarks  of each, in pixels of its frames
        """
        if options:
            raise TypeError(f"tsnet.prepare takes clips and landmarks, not {', '.join(options)}")
        return TsnetData.from_clips(clips, landmarks, self.config)

    def stages(self) -> tuple[Stage, ...]:
        t = self.config.train
        return (Stage("train", t.steps, t.batch, t.decay),)

    def groups(self, stage: Stage) -> dict[str, Group]:
        t = self.config.train
        discriminators = list(self.critic.parameters())
        if self.config.has_face_critic:
            discriminators += list(self.face_critic.parameters())
        # By identity: tensors compare their values.
        judging = set()
        for p in discriminators:
            judging.add(id(p))

        drawing = []
        for p in self.parameters():
            if id(p) not in judging:
                drawing.append(p)

        return {"critics": Group(discriminators, t.critic_lr), "generator": Group(drawing, t.lr)}

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """Eq. 4 for the discriminators, then eq. 3 for the generator, judged by the discriminators as they are then."""
        pictures = self.frame(batch["pictures"])
        labels = self.pad(batch["labels"])
        boxes = self.shrink_boxes(batch["boxes"])
        target = pictures[:, -1]
        driving = one_hot(labels[:, -1], self.classes)

        features = self.encode(pictures[:, :-1], labels[:, :-1])
        made = self.draw(features, boxes[:, :-1], driving, boxes[:, -1])
        whole = (torch.cat((driving, target), 1), torch.cat((driving, made.picture), 1))
        faces = None
        if self.config.has_face_critic:
            where = face_boxes(labels[:, -1])
            faces = (face_crops(target, where, FACE_SIZE), face_crops(made.picture, where, FACE_SIZE))

        # The generator is taught by discriminators that have seen this batch (docs/methods/tsnet.md, Losses).
        judged = {"d": self._judge(self.critic, whole)}
        if faces is not None:
            judged["d_face"] = self._judge(self.face_critic, faces)
        yield Turn("critics", judged)

        crossed = int(batch["crossed"].sum())
        losses = self._generator_losses(self.critic, whole, crossed)
        if faces is not None:
            taught = self._generator_losses(self.face_critic, faces, crossed)
            for name, value in taught.items():
                losses[f"{name}_face"] = value
        # Where the target is of another subject there is no true picture to compare with.
        if crossed < len(target):
            losses |= self._true_losses(made, pictures, crossed)
        yield Turn("generator", losses, self._weights())

    def _true_losses(self, made: Made, pictures: Tensor, crossed: int) -> dict[str, Tensor]:
        """The terms of eq. 3 that need the true picture, of the samples behind the first `crossed`."""
        w = self.config.losses
        losses = {}
        if self.config.has_gradient:
            losses["gradient"] = gradient_difference(made.picture[crossed:], pictures[crossed:, -1])
        # The synthesis branch alone samples nothing, so it has no grids.
        if made.grids is not None and w.transformation:
            losses["transformation"] = self._transformation(made.grids[crossed:], pictures[crossed:])

        if w.alignment and len(made.branches) == 2:
            warped = made.branches[0][crossed:].float()
            fused = made.branches[1][crossed:].float()
            losses["alignment"] = 1 - F.cosine_similarity(warped, fused, dim=1).mean()

        return losses

    def _weights(self) -> dict[str, float]:
        """Of every term, the face's as the whole picture's."""
        w = self.config.losses
        weights = {"gradient": w.gradient, "transformation": w.transformation, "alignment": w.alignment}
        for name in ("", "_face"):
            weights |= {f"vgg{name}": w.vgg, f"multiscale{name}": w.vgg, f"ssim{name}": w.ssim}
            weights[f"matching{name}"] = w.matching
        return weights

    def _judge(self, discriminator: Discriminator, pair: tuple[Tensor, Tensor]) -> Tensor:
        """Least squares for the logarithms of eq. 4 (section 4.2)."""
        real, fake = pair
        return lsgan_discriminator([discriminator(real)], [discriminator(fake.detach())])

    def _generator_losses(
        self, discriminator: Discriminator, pair: tuple[Tensor, Tensor], crossed: int
    ) -> dict[str, Tensor]:
        """Eq. 4 to 6 of the real and the drawn picture; without truth, for the first `crossed` samples, eq. 4 alone."""
        real, fake = pair
        w = self.config.losses
        verdict = discriminator(fake)
        losses = {"gan": lsgan_generator([verdict])}
        if crossed == len(real):
            return losses

        if w.matching:
            with torch.no_grad():
                wanted = discriminator(real[crossed:])
            # Summed over the four stages before the score, not averaged (docs/methods/tsnet.md, Losses).
            judged = []
            for x in verdict[:-1]:
                judged.append(x[crossed:])

            losses["matching"] = feature_distance(judged, wanted[:-1], (1.0,) * len(judged))
        return losses | self._perceptual(fake[crossed:, -3:], real[crossed:, -3:])

    def _perceptual(self, made: Images, target: Images) -> dict[str, Tensor]:
        """Eq. 5, or its weight-free stand-in."""
        w = self.config.losses
        if self.vgg:
            vgg = self.vgg[0].to(made.device)
            with torch.no_grad():
                wanted = vgg(self._for_vgg(target))
            return {"vgg": feature_distance(vgg(self._for_vgg(made)), wanted, VGG_WEIGHTS)}

        losses = {}
        if w.vgg:
            losses["multiscale"] = multiscale_l1(made, target)
        if w.ssim:
            losses["ssim"] = ssim_loss(made, target)
        return losses

    def _for_vgg(self, pictures: Images) -> Images:
        if self.config.vgg_sees == "released":
            return pictures
        mean = torch.tensor(IMAGENET[0], device=pictures.device).view(1, 3, 1, 1)
        spread = torch.tensor(IMAGENET[1], device=pictures.device).view(1, 3, 1, 1)
        return ((pictures + shift(pictures)).flip(1) - mean) / spread

    def _transformation(self, grids: Float[Tensor, "B K h w 2"], pictures: Float[Tensor, "B K1 3 H W"]) -> Tensor:
        """Eq. 7: each subject frame warped in patches, with the target's colours, summed over the K frames."""
        target = pictures[:, -1]
        terms = []
        for k in range(grids.shape[1]):
            moved = match_statistics(warp_patches(pictures[:, k], grids[:, k]), target)
            terms.append(l1(self.blacken_border(moved), target))
        return torch.stack(terms).sum()

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: TsnetData, stage: Stage) -> Tensor:
        return animate.draw_preview(self, data)

    def animate(
        self, data: TsnetData | None, driving: Clip | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The subject of `source` performing `driving`; see `animate.animate`."""
        return animate.animate(self, data, driving, source, **options)

    def explain(
        self,
        data: TsnetData | None,
        driving: Clip | None,
        source: Clip | str | None = None,
        *,
        frames: int = 6,
        landmarks: Landmarks | None = None,
        source_landmarks: Landmarks | None = None,
        **options: Any,
    ) -> list[Explanation]:
        """Sampling grids and attention for some frames; the arguments are those of `animate.animate`."""
        subject = animate.choose_subject(self, data, source, source_landmarks)
        performance = animate.choose_performance(self, subject, driving, landmarks, aligned=True, smoothing=5)
        return explaining.explain(self, performance, frames)

    @staticmethod
    def import_checkpoint(path: Path, options: Path | None = None) -> tuple[TsnetConfig, dict[str, Tensor], int]:
        return import_released(path, options)

    @staticmethod
    def recognises(table: Mapping[str, Any]) -> bool:
        return is_released(table)
