"""TS-Net's networks together: subject frames to features, and features to pictures posed as driving labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.landmarks import count_labels, one_hot
from muybridge.method import LandmarkMethod
from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.methods.tsnet.data import TsnetData
from muybridge.methods.tsnet.networks import CELL, Decoder, Discriminator, Encoder, Fusion
from muybridge.methods.tsnet.pictures import Labels, cell_boxes, shift, to_network
from muybridge.methods.tsnet.similarity import sampling_grid, warp_features
from muybridge.networks import load_vgg19
from muybridge.tensors import Images, Masks


class Made(NamedTuple):
    """A drawn picture [B, 3, H, W] as the networks see pictures; where each of its cells looked in each of the K
    subject frames, [B, K, h, w, 2], None without the transformation branch; each branch's features [B, C, h, w]."""

    picture: Tensor
    grids: Tensor | None
    branches: tuple[Tensor, ...]


class TsnetModel(LandmarkMethod[TsnetConfig, TsnetData]):
    """Subject frames are warped to the driving labels in feature space, drawn anew beside that, and both decoded.

    Pictures are BGR in [0, 1] less the mean of the authors' training set, as in the released program; dance crops
    stand between black borders in a square where the config says `padded`.
    """

    def __init__(self, config: TsnetConfig) -> None:
        super().__init__(config)
        c = config
        wide = 8 * config.width
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
        self.vgg = [load_vgg19()] if c.perceptual == "vgg19" and c.losses.vgg else []

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
        b, k = features.shape[:2]
        each = features.flatten(0, 1)
        # Encoded once, however many subject frames it meets.
        wanted = self.mask_encoder(driving)

        branches = []
        grids = None
        if self.warps:
            grids, warped = self.warp(features, boxes, wanted, driving_boxes)
            branches.append(warped)
        if self.synthesises:
            branches.append(self.fusion(each, wanted.repeat_interleave(k, 0)).unflatten(0, (b, k)).mean(1))
        return Made(self.blacken_border(self.decoder(self.join(branches))), grids, tuple(branches))

    @property
    def warps(self) -> bool:
        """Whether there is a transformation branch."""
        return self.config.branches != "synthesis"

    @property
    def synthesises(self) -> bool:
        """Whether there is a synthesis branch."""
        return self.config.branches != "transformation"

    def warp(
        self,
        features: Float[Tensor, "B K C h w"],
        boxes: Float[Tensor, "B K 1 h w"],
        wanted: Float[Tensor, "B C h w"],
        driving_boxes: Float[Tensor, "B 1 h w"],
    ) -> tuple[Float[Tensor, "B K h w 2"], Float[Tensor, "B C h w"]]:
        """The transformation branch: where the cells of `wanted`, encoded labels, look in each subject frame, and the
        mean of what they find there."""
        b, k = features.shape[:2]
        each = features.flatten(0, 1)
        around = (driving_boxes.repeat_interleave(k, 0), boxes.flatten(0, 1))
        # Boxes of ones leave no pair of cells out.
        if not self.config.mask_aware:
            around = (torch.ones_like(around[0]), torch.ones_like(around[1]))

        grid = sampling_grid(wanted.repeat_interleave(k, 0), each, *around, self.config.sharpness)
        return grid.unflatten(0, (b, k)), warp_features(each, grid).unflatten(0, (b, k)).mean(1)

    def join(self, branches: Sequence[Float[Tensor, "B C h w"]]) -> Float[Tensor, "B C2 h w"]:
        """The features of the branches, as the decoder takes them."""
        if self.config.combine == "matting":
            share = self.matte(*branches).sigmoid()
            return share * branches[0] + (1 - share) * branches[1]
        return torch.cat(list(branches), 1)

    # -- pictures as the networks see them ------------------------------------------------------------------------

    @property
    def border(self) -> int:
        """Columns of black on each side of a crop."""
        h, w = self.config.crop
        return (h - w) // 2 if self.config.padded else 0

    def frame(self, rgb: Float[Tensor, "B K 3 H W"]) -> Float[Tensor, "B K 3 H W2"]:
        """Crops, RGB in [0, 1], as the networks see them."""
        return to_network(self.pad(rgb).flatten(0, 1)).unflatten(0, rgb.shape[:2])

    def pad(self, x: Tensor) -> Tensor:
        return F.pad(x, (self.border, self.border)) if self.border else x

    def shrink_boxes(self, boxes: Float[Tensor, "B K 1 H W"]) -> Float[Tensor, "B K 1 h w"]:
        return cell_boxes(self.pad(boxes).flatten(0, 1), CELL).unflatten(0, boxes.shape[:2])

    def blacken_border(self, pictures: Images) -> Images:
        """Black beyond the crop (docs/methods/tsnet.md, Pose masking)."""
        if not self.border:
            return pictures
        inside = self.pad(torch.ones_like(pictures[:1, :1, :, self.border : -self.border]))
        return pictures * inside - shift(pictures) * (1 - inside)

    def prepare_crops(self, rgb: Images, labels: Labels, boxes: Masks) -> tuple[Tensor, Tensor, Tensor]:
        """Crops of one subject for `encode` and `draw`: pictures and labels [1, N, ...], boxes of cells [1, N, ...]."""
        return self.frame(rgb[None]), self.pad(labels[None]), self.shrink_boxes(boxes[None])
