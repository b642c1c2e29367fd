"""TS-Net: motion retargeting with joint transformation and synthesis (Ni et al. 2023)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.errors import MissingWeightsError
from muybridge.landmarks import Landmarks, count_labels
from muybridge.losses import (
    feature_distance,
    gradient_difference,
    l1,
    lsgan_discriminator,
    lsgan_generator,
    multiscale_l1,
    ssim_loss,
)
from muybridge.method import Animation, Batch, Card, Group, ImportsCheckpoints, LandmarkMethod, Stage, Turn
from muybridge.methods.tsnet.animating import animate, draw_preview
from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.methods.tsnet.data import TsnetData
from muybridge.methods.tsnet.networks import CELL, Decoder, Discriminator, Encoder, Fusion
from muybridge.methods.tsnet.pictures import (
    Labels,
    cell_boxes,
    face_boxes,
    face_crops,
    one_hot,
    renormalised,
    shift,
    to_network,
)
from muybridge.methods.tsnet.presets import CARD
from muybridge.methods.tsnet.released import import_released, is_released
from muybridge.methods.tsnet.similarity import sampling_grid, warp_features, warp_patches
from muybridge.networks import load_vgg19
from muybridge.tensors import Images, Masks
from muybridge.video import Clip

VGG = "perceptual loss: VGG-19 (eq. 5)"
WEIGHT_FREE = "perceptual loss: the weight-free stand-in (L1 at several scales, SSIM)"
VGG_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Of relu1_1 to relu5_1 (facts: Losses)."""
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Made(NamedTuple):
    """A drawn picture [B, 3, H, W] as the networks see pictures; where each of its cells looked in each of the K
    subject frames, [B, K, h, w, 2], None without the transformation branch; each branch's features [B, C, h, w]."""

    picture: Tensor
    grids: Tensor | None
    branches: tuple[Tensor, ...]


class Tsnet(LandmarkMethod[TsnetConfig, TsnetData], ImportsCheckpoints):
    """Subject frames are warped to the driving labels in feature space, drawn anew beside that, and both decoded.

    Pictures are BGR in [0, 1] less the mean of the authors' training set, as in the released program; dance crops
    stand between black borders in a square where the config says `padded`.
    """

    card: ClassVar[Card] = CARD
    Config = TsnetConfig
    Data = TsnetData

    def __init__(self, config: TsnetConfig) -> None:
        super().__init__(config)
        c, wide = config, 8 * config.width
        self.classes = count_labels(c.kind)
        self.image_encoder = Encoder(3 + self.classes, width=c.width, blocks=c.image_blocks)
        self.mask_encoder = Encoder(self.classes, width=c.width, blocks=c.mask_blocks)
        if c.branches != "transformation":
            self.fusion = Fusion(wide)
        if c.combine == "matting":
            self.matte = Fusion(wide, 1)
        both = c.branches == "both" and c.combine == "concatenate"
        self.decoder = Decoder(2 * wide if both else wide, width=c.width, blocks=c.decoder_blocks)
        self.critic = Discriminator(3 + self.classes, c.critic_width)
        if c.has_face_critic:
            self.face_critic = Discriminator(3, c.critic_width)
        # In a list, so that VGG's weights are not taken for this method's own.
        self._vgg = [load_vgg19()] if c.perceptual == "vgg19" and c.losses.vgg else []

    @classmethod
    def resolve_config(cls, config: TsnetConfig) -> tuple[TsnetConfig, tuple[str, ...]]:
        """The config with `perceptual` decided, and a sentence that says which it is and why.

        `auto` becomes `vgg19` where the weights are on this machine, else `weight-free`.
        """
        if config.perceptual != "auto":
            return config, (VGG if config.perceptual == "vgg19" else WEIGHT_FREE,)
        try:
            load_vgg19()
        except MissingWeightsError as e:
            losses = config.losses.model_copy(update={"ssim": config.losses.ssim or 1.0})
            chosen = config.model_copy(update={"perceptual": "weight-free", "losses": losses})
            return chosen, (f"{WEIGHT_FREE}, for {e.message}",)
        return config.model_copy(update={"perceptual": "vgg19"}), (VGG,)

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
        judging = {id(p) for p in discriminators}
        drawing = [p for p in self.parameters() if id(p) not in judging]
        return {"critics": Group(discriminators, t.critic_lr), "generator": Group(drawing, t.lr)}

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """Eq. 4 for the discriminators, then eq. 3 for the generator, judged by the discriminators as they are then."""
        pictures, labels = self._framed(batch["pictures"]), self._padded(batch["labels"])
        boxes = self._cells(batch["boxes"])
        target, driving = pictures[:, -1], one_hot(labels[:, -1], self.classes)
        features = self.encode(pictures[:, :-1], labels[:, :-1])
        made = self.draw(features, boxes[:, :-1], driving, boxes[:, -1])
        whole = (torch.cat((driving, target), 1), torch.cat((driving, made.picture), 1))
        faces = None
        if self.config.has_face_critic:
            where = face_boxes(labels[:, -1])
            faces = (face_crops(target, where), face_crops(made.picture, where))

        judged = {"d": self._judged(self.critic, whole)}
        if faces is not None:
            judged["d_face"] = self._judged(self.face_critic, faces)
        yield Turn("critics", judged)

        crossed = int(batch["crossed"].sum())
        losses = self._generator_losses(self.critic, whole, crossed)
        if faces is not None:
            taught = self._generator_losses(self.face_critic, faces, crossed)
            losses |= {f"{name}_face": value for name, value in taught.items()}
        w = self.config.losses
        if self.config.has_gradient and crossed < len(target):
            losses["gradient"] = gradient_difference(made.picture[crossed:], target[crossed:])
        if made.grids is not None and w.transformation and crossed < len(target):
            losses["transformation"] = self._transformation(made.grids[crossed:], pictures[crossed:])
        if w.alignment and len(made.branches) == 2 and crossed < len(target):
            warped, fused = (x[crossed:].float() for x in made.branches)
            losses["alignment"] = 1 - F.cosine_similarity(warped, fused, dim=1).mean()
        weights = {"gradient": w.gradient, "transformation": w.transformation, "alignment": w.alignment}
        for name in ("", "_face"):
            weights |= {f"vgg{name}": w.vgg, f"multiscale{name}": w.vgg, f"ssim{name}": w.ssim}
            weights |= {f"matching{name}": w.matching}
        yield Turn("generator", losses, weights)

    def _judged(self, discriminator: Discriminator, pair: tuple[Tensor, Tensor]) -> Tensor:
        """Least squares for the logarithms of eq. 4 (section 4.2)."""
        real, fake = pair
        return lsgan_discriminator([discriminator(real)], [discriminator(fake.detach())])

    def _generator_losses(
        self, discriminator: Discriminator, pair: tuple[Tensor, Tensor], crossed: int
    ) -> dict[str, Tensor]:
        """Eq. 4 to 6 of the real and the drawn picture; without truth, for the first `crossed` samples, eq. 4 alone."""
        real, fake = pair
        w, verdict = self.config.losses, discriminator(fake)
        losses = {"gan": lsgan_generator([verdict])}
        if crossed == len(real):
            return losses
        if w.matching:
            with torch.no_grad():
                wanted = discriminator(real[crossed:])
            # Summed over the four stages before the score, not averaged (facts: Losses).
            found = [x[crossed:] for x in verdict[:-1]]
            losses["matching"] = feature_distance(found, wanted[:-1], (1.0,) * len(found))
        return losses | self._perceptual(fake[crossed:, -3:], real[crossed:, -3:])

    def _perceptual(self, made: Images, target: Images) -> dict[str, Tensor]:
        """Eq. 5, or its weight-free stand-in."""
        w = self.config.losses
        if self._vgg:
            vgg = self._vgg[0].to(made.device)
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
        mean, spread = (torch.tensor(x, device=pictures.device).view(1, 3, 1, 1) for x in IMAGENET)
        return ((pictures + shift(pictures)).flip(1) - mean) / spread

    def _transformation(self, grids: Float[Tensor, "B K h w 2"], pictures: Float[Tensor, "B K1 3 H W"]) -> Tensor:
        """Eq. 7: each subject frame warped in patches, with the target's colours, summed over the K frames."""
        target = pictures[:, -1]
        terms = []
        for k in range(grids.shape[1]):
            moved = renormalised(warp_patches(pictures[:, k], grids[:, k]), target)
            terms.append(l1(self._bordered(moved), target))
        return torch.stack(terms).sum()

    # -- the parts ------------------------------------------------------------------------------------------------

    def encode(self, pictures: Float[Tensor, "B K 3 H W"], labels: Tensor) -> Float[Tensor, "B K C h w"]:
        """Delta_img: subject frames with their labels [B, K, H, W], uint8, to features."""
        maps = one_hot(labels.flatten(0, 1), self.classes)
        found = self.image_encoder(torch.cat((pictures.flatten(0, 1), maps), 1))
        return found.unflatten(0, pictures.shape[:2])

    def draw(
        self,
        features: Float[Tensor, "B K C h w"],
        boxes: Float[Tensor, "B K 1 h w"],
        driving: Float[Tensor, "B L H W"],
        driving_boxes: Float[Tensor, "B 1 h w"],
    ) -> Made:
        """The subject, encoded, as the driving labels are.

        features       of K subject frames
        boxes          1 in each subject frame's box, at the size of the features
        driving        one-hot labels
        driving_boxes  1 in their box
        """
        c, (b, k) = self.config, features.shape[:2]
        asked = self.mask_encoder(driving)
        each, wanted = features.flatten(0, 1), asked.repeat_interleave(k, 0)
        parts, grids = [], None
        if c.branches != "synthesis":
            around = (driving_boxes.repeat_interleave(k, 0), boxes.flatten(0, 1))
            if not c.mask_aware:
                around = (torch.ones_like(around[0]), torch.ones_like(around[1]))
            grid = sampling_grid(wanted, each, *around, c.sharpness)
            grids = grid.unflatten(0, (b, k))
            parts.append(warp_features(each, grid).unflatten(0, (b, k)).mean(1))
        if c.branches != "transformation":
            parts.append(self.fusion(each, wanted).unflatten(0, (b, k)).mean(1))
        joined = torch.cat(parts, 1)
        if c.combine == "matting":
            share = self.matte(*parts).sigmoid()
            joined = share * parts[0] + (1 - share) * parts[1]
        return Made(self._bordered(self.decoder(joined)), grids, tuple(parts))

    # -- pictures as the networks see them ------------------------------------------------------------------------

    @property
    def border(self) -> int:
        """Columns of black on each side of a crop."""
        h, w = self.config.crop
        return (h - w) // 2 if self.config.padded else 0

    def _framed(self, rgb: Float[Tensor, "B K 3 H W"]) -> Float[Tensor, "B K 3 H W2"]:
        """Crops, RGB in [0, 1], as the networks see them."""
        return to_network(self._padded(rgb).flatten(0, 1)).unflatten(0, rgb.shape[:2])

    def _padded(self, x: Tensor) -> Tensor:
        return F.pad(x, (self.border, self.border)) if self.border else x

    def _cells(self, boxes: Float[Tensor, "B K 1 H W"]) -> Float[Tensor, "B K 1 h w"]:
        return cell_boxes(self._padded(boxes).flatten(0, 1), CELL).unflatten(0, boxes.shape[:2])

    def _bordered(self, pictures: Images) -> Images:
        """Black beyond the crop (facts: Pose masking)."""
        if not self.border:
            return pictures
        inside = self._padded(torch.ones_like(pictures[:1, :1, :, self.border : -self.border]))
        return pictures * inside - shift(pictures) * (1 - inside)

    def seen(self, rgb: Images, labels: Labels, boxes: Masks) -> tuple[Tensor, Tensor, Tensor]:
        """Crops of one subject for `encode` and `draw`: pictures and labels [1, N, ...], boxes of cells [1, N, ...]."""
        return self._framed(rgb[None]), self._padded(labels[None]), self._cells(boxes[None])

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: TsnetData, stage: Stage) -> Tensor:
        return draw_preview(self, data)

    def animate(
        self, data: TsnetData | None, driving: Clip | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The subject of `source` performing `driving`; see `animating.animate`."""
        return animate(self, data, driving, source, **options)

    @staticmethod
    def import_checkpoint(path: Path, options: Path | None = None) -> tuple[TsnetConfig, dict[str, Tensor], int]:
        return import_released(path, options)

    @staticmethod
    def recognises(table: Mapping[str, Any]) -> bool:
        return is_released(table)
