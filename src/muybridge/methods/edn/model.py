"""EDN's networks together: label maps to pictures, each after the one before, and faces to better ones."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.landmarks import count_labels, face_boxes, face_crops, one_hot, shows_face
from muybridge.method import LandmarkMethod
from muybridge.methods.edn.config import DiscriminatorConfig, EdnConfig
from muybridge.methods.edn.data import EdnData
from muybridge.networks import PatchDiscriminator, ResnetGenerator
from muybridge.tensors import Images

Labels = UInt8[Tensor, "B H W"]
"""Class of each pixel, 0 for the background."""


class EdnModel(LandmarkMethod[EdnConfig, EdnData]):
    """A generator that draws a label map after the picture before it, and one that adds what a face lacks.

    The networks' pictures are RGB in [-1, 1]. Where there are several people, a map for each says who is drawn.
    """

    refines: Tensor

    def __init__(self, config: EdnConfig) -> None:
        super().__init__(config)
        self.classes = count_labels(config.kind)
        maps = self.classes + (config.people if config.people > 1 else 0)
        self.generator = ResnetGenerator(maps + 3, 3, **config.generator.model_dump())
        self.discriminator = _discriminator(2 * (maps + 3), config.discriminator)
        self.refiner = ResnetGenerator(maps + 3, 3, **config.face.generator.model_dump())
        self.face_discriminator = _discriminator(maps + 3, config.face.discriminator)

        # A face is left as it is until something has been learned of it.
        nn.init.zeros_(self.refiner.out.weight)
        self.register_buffer("refines", torch.tensor(False))

    def draw_maps(self, labels: Labels, people: Int64[Tensor, "B"]) -> Float[Tensor, "B M H W"]:
        """One-hot labels, and where there are several people a map of ones for the one who is drawn."""
        maps = one_hot(labels, self.classes)
        if self.config.people == 1:
            return maps
        who = F.one_hot(people, self.config.people).to(maps)
        return torch.cat((maps, who[:, :, None, None].expand(-1, -1, *maps.shape[2:])), 1)

    def generate(self, maps: Float[Tensor, "B M H W"], before: Images | None) -> Images:
        """G: pictures of these label maps, after the pictures before them; None: nothing was drawn yet, as zeros.

        returns  RGB in [-1, 1]
        """
        if before is None:
            before = maps.new_zeros(len(maps), 3, *maps.shape[2:])
        return self.generator(torch.cat((maps, before.to(maps)), 1))

    def crop_faces(
        self, labels: Labels, *pictures: Float[Tensor, "B _ H W"]
    ) -> tuple[list[Tensor], Int64[Tensor, "B 4"]]:
        """The face's square of each picture, `face.side` pixels high, and where it is, see `landmarks.face_boxes`."""
        boxes = face_boxes(labels)
        crops = []
        for each in pictures:
            crops.append(face_crops(each, boxes, self.config.face.side))
        return crops, boxes

    def face_residual(
        self, maps: Float[Tensor, "B M S S"], drawn: Float[Tensor, "B 3 S S"]
    ) -> Float[Tensor, "B 3 S S"]:
        """G_f: what is to be added to a face that G has drawn, with its labels."""
        return self.refiner(torch.cat((maps, drawn.to(maps)), 1))

    def refine_faces(self, labels: Labels, maps: Float[Tensor, "B M H W"], drawn: Images) -> Images:
        """Pictures [-1, 1] with their faces refined; those whose labels show no face stay as they are."""
        shown = shows_face(labels).nonzero()[:, 0]
        if not len(shown):
            return drawn

        (some, faces), boxes = self.crop_faces(labels[shown], maps[shown], drawn[shown])
        added = self.face_residual(some, faces).to(drawn)
        out = drawn.clone()
        for i, residual, (top, bottom, left, right) in zip(shown.tolist(), added, boxes.tolist(), strict=True):
            fitting = F.interpolate(residual[None], (bottom - top, right - left), mode="bilinear", align_corners=True)
            out[i, :, top:bottom, left:right] += fitting[0]
        return out.clamp(-1, 1)


def to_network(rgb: Tensor) -> Tensor:
    """RGB in [0, 1] to [-1, 1]."""
    return 2 * rgb - 1


def to_rgb(pictures: Tensor) -> Tensor:
    """The inverse, cut to [0, 1]."""
    return ((pictures.float() + 1) / 2).clamp(0, 1)


def _discriminator(in_channels: int, sizes: DiscriminatorConfig) -> PatchDiscriminator:
    """With weights of N(0, 0.02) and biases of zero, as pix2pixHD starts."""
    made = PatchDiscriminator(in_channels, **sizes.model_dump())
    for layer in made.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return made
