"""A subject of TS-Net, encoded once for a whole video, and networks made ready to draw it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from muybridge.landmarks import label_indices, one_hot
from muybridge.method.landmark_track import Track
from muybridge.methods.tsnet.data import make_box_maps
from muybridge.methods.tsnet.model import Made, TsnetModel
from muybridge.methods.tsnet.networks import Fusion
from muybridge.methods.tsnet.pictures import match_statistics, to_rgb
from muybridge.networks import computes_bfloat16
from muybridge.picture_animator import EVERY, PROBES, Precision, is_good_enough
from muybridge.tensors import Images

HALVES = (("fusion", "decoder"), ("fusion",))
"""Sets of parts that may compute in bfloat16, the fastest first. What is compared cell by cell may not: tau times an
error of 8 bits moves a cell by whole cells (eq. 1 and 2)."""


class References(NamedTuple):
    """K subject frames, encoded: features [1, K, C, h, w], boxes [1, K, 1, h, w]; and as the networks see them,
    [1, K, 3, H, W]."""

    features: Tensor
    boxes: Tensor
    pictures: Tensor

    def expand(self, count: int) -> tuple[Tensor, Tensor]:
        """Features and boxes for `count` driving frames."""
        features, boxes, _ = self
        return features.expand(count, *features.shape[1:]), boxes.expand(count, *boxes.shape[1:])


class Asked(NamedTuple):
    """Driving labels as the networks see them: one-hot maps [B, L, H, W], boxes of their cells [B, 1, h, w]."""

    maps: Tensor
    boxes: Tensor


class PreparedSubject:
    """K frames of a subject and what draws them as label maps are; the networks themselves are left as they are.

    What the fusion network's first convolution makes of the subject frames is the same for every driving frame, and is
    made once.

    precision  "float32"; "bfloat16": the first set of `HALVES`. "auto": where the hardware has it, the first set with
               which pictures are as good as in float32, see `is_good_enough`: `PROBES` frames at the start, and one in
               `EVERY`
    """

    def __init__(self, model: TsnetModel, references: References, precision: Precision = "auto") -> None:
        self.model = model
        self.references = references
        self.mask_encoder = copy.deepcopy(model.mask_encoder).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        auto = precision == "auto" and computes_bfloat16(references.features.device)
        self.doubted = list(HALVES) if auto else []
        self.since = EVERY
        self.begins = True
        self._use_half(HALVES[0] if auto or precision == "bfloat16" else ())

    def _use_half(self, parts: Sequence[str]) -> None:
        """Compute these parts in bfloat16, and all others in float32."""
        fusion = torch.bfloat16 if "fusion" in parts else torch.float32
        self.fusion = None
        if self.model.synthesises:
            with torch.no_grad():
                self.fusion = SeenFusion(self.model.fusion, self.references.features[0], fusion)
        self.half = torch.bfloat16 if "decoder" in parts else torch.float32
        decoder = copy.deepcopy(self.model.decoder).to(self.half)
        self.decoder = decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def draw(self, labels: UInt8[Tensor, "B h w"]) -> Images:
        """The subject as each label map is: RGB crops in [0, 1]."""
        with torch.no_grad():
            return self._draw_checked(labels)

    def _draw_checked(self, labels: Tensor) -> Images:
        """As soon as bfloat16 is not good enough: in the next set of parts, or in float32."""
        made = self._draw(labels)
        self.since += len(labels)
        if not self.doubted or self.since < EVERY:
            return made

        # At the start some frames, later one now and then: bfloat16 may do for a while, and not for what comes.
        count = PROBES if self.begins else 1
        probes = torch.linspace(0, len(labels) - 1, min(count, len(labels))).long()
        self.begins = False
        self.since = 0
        plain = draw_frames(self.model, self.references, labels[probes])
        while self.doubted and not is_good_enough(made[probes], plain):
            # What fails once is not tried again.
            self.doubted.pop(0)
            self._use_half(self.doubted[0] if self.doubted else ())
            made = self._draw(labels)

        return made

    def _draw(self, labels: Tensor) -> Images:
        model = self.model
        asked = prepare_labels(model, labels.to(self.references.features.device))
        wanted = self.mask_encoder(asked.maps)

        branches = []
        if model.warps:
            features, boxes = self.references.expand(len(labels))
            branches.append(model.warp(features, boxes, wanted, asked.boxes)[1])
        if self.fusion is not None:
            branches.append(self.fusion(wanted).to(wanted.dtype))

        joined = model.join(branches).to(self.half, memory_format=torch.channels_last)
        return to_pictures(model, self.references, model.blacken_border(self.decoder(joined).float()))


class SeenFusion(nn.Module):
    """`Fusion` of driving features with the same K subject frames each time, and the mean of what comes out.

    Its first convolution is linear, so that its share of the subject frames is a picture to be added. Its last one is
    linear too, and is given the mean.

    subject  [K, C, h, w]
    dtype    of the convolutions
    """

    def __init__(self, fusion: Fusion, subject: Float[Tensor, "K C h w"], dtype: torch.dtype) -> None:
        super().__init__()
        fusion = copy.deepcopy(fusion)
        channels = subject.shape[1]
        first = fusion.trunk.first
        self.asks = _take_inputs(first, slice(channels, None)).to(dtype)
        # The bias is in it too, once.
        self.seen = _take_inputs(first, slice(channels), first.bias)(subject).to(dtype)
        self.subject = subject
        self.norms = fusion.trunk.norms
        self.second = fusion.trunk.second.to(dtype)
        self.out = fusion.out

    def forward(self, driving: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C2 h w"]:
        asked = self.asks(driving.to(self.seen.dtype))
        changes = []
        for seen in self.seen:
            changes.append(self.norms[1](self.second(self.norms[0](asked + seen).relu_())))

        # The block's input itself is kept in float32.
        mean = torch.stack(changes).float().mean(0)
        own = self.subject.mean(0, keepdim=True).expand(len(driving), -1, -1, -1)
        return self.out(torch.cat((own, driving), 1) + mean)


def _take_inputs(conv: nn.Conv2d, channels: slice, bias: Tensor | None = None) -> nn.Conv2d:
    """The convolution of some of its input channels alone, with another bias."""
    taken = copy.deepcopy(conv)
    taken.weight = nn.Parameter(conv.weight[:, channels].detach().clone())
    taken.bias = None if bias is None else nn.Parameter(bias.detach().clone())
    return taken


# -- one after the other, in float32, with the networks as they are ---------------------------------------------------


def encode_subject(model: TsnetModel, subject: Track, count: int, seed: int) -> References:
    """K of a subject's frames, drawn at random; all of them, some again, where there are fewer."""
    present = subject.present
    order = torch.randperm(len(present), generator=torch.Generator().manual_seed(seed))
    chosen = present[order.repeat(-(-count // len(order)))[:count]]
    labels = label_indices(subject.landmarks[chosen.tolist()], model.config.crop)
    rgb = subject.pixels[chosen].float() / 255
    device = model.device

    with torch.no_grad():
        pictures, maps, boxes = model.prepare_crops(rgb.to(device), labels.to(device), make_box_maps(labels).to(device))
        return References(model.encode(pictures, maps), boxes, pictures)


def draw_frames(model: TsnetModel, references: References, labels: UInt8[Tensor, "B h w"]) -> Images:
    """The subject as each label map is: RGB crops in [0, 1]."""
    with torch.no_grad():
        return to_pictures(model, references, draw_labels(model, references, labels)[0].picture)


def draw_labels(model: TsnetModel, references: References, labels: UInt8[Tensor, "B h w"]) -> tuple[Made, Asked]:
    """The same as the networks see it, and the labels that it was drawn from."""
    asked = prepare_labels(model, labels.to(references.features.device))
    return model.draw(*references.expand(len(labels)), asked.maps, asked.boxes), asked


def prepare_labels(model: TsnetModel, labels: UInt8[Tensor, "B h w"]) -> Asked:
    """Driving label maps as the networks see them."""
    # Of the driving frame only the labels count.
    blank = torch.zeros(len(labels), 3, *labels.shape[1:], device=labels.device)
    _, maps, boxes = model.prepare_crops(blank, labels, make_box_maps(labels).to(labels.device))
    return Asked(one_hot(maps[0], model.classes), boxes[0])


def to_pictures(model: TsnetModel, references: References, drawn: Float[Tensor, "B C H2 W2"]) -> Images:
    """What was drawn as RGB crops in [0, 1], in the colours of the first subject frame where the config wants that."""
    made = drawn.float()
    if model.config.match_colours:
        made = match_statistics(made, references.pictures[:, 0].float())
    return to_rgb(made)[..., model.border : model.border + model.config.crop[1]]
