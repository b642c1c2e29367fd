"""What TS-Net trains on: clips cropped to their subjects, with landmarks in the crops' pixels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from muybridge.disk import parse_json
from muybridge.errors import UsageError
from muybridge.geometry import apply_affine, from_pixels, invert_affine, to_pixels, warp_affine
from muybridge.landmarks import Landmarks, label_indices
from muybridge.method import Data, Stage
from muybridge.method.landmark_track import Track, crop_clips, require_landmarks, restore_tracks, tensors_of
from muybridge.methods.tsnet.augment import draw_placement, jitter_colours
from muybridge.methods.tsnet.config import SamplingConfig, TsnetConfig
from muybridge.methods.tsnet.pictures import label_boxes
from muybridge.tensors import Masks
from muybridge.video import Clip


@dataclass
class TsnetData(Data):
    """One or many tracks of one kind of landmarks and one size."""

    tracks: list[Track]
    sampling: SamplingConfig

    @classmethod
    def from_clips(
        cls, clips: Sequence[Clip], landmarks: Sequence[Landmarks | None] | None, config: TsnetConfig
    ) -> TsnetData:
        """Crop every clip; see `Tsnet.prepare`."""
        given = require_landmarks(clips, landmarks, "tsnet")
        if config.sampling.cross and len(clips) < 2:
            raise UsageError("training across identities needs at least two videos", "Leave sampling.cross at 0.")

        # Only now, when nothing more can be refused: cropping a clip takes long.
        return cls(crop_clips(clips, given, config, "tsnet"), config.sampling)

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """Sources and, last, the target of each sample:

        pictures  [B, K + 1, 3, h, w]  RGB in [0, 1]
        labels    [B, K + 1, h, w]     uint8
        boxes     [B, K + 1, 1, h, w]  1 in the bounding box of the labels
        crossed   [B]                  bool: the target is another subject; such samples come first
        """
        crossed = torch.zeros(stage.batch, dtype=torch.bool)
        if self.sampling.cross:
            # Each by itself: of a small batch, a share has no whole number.
            drawn = torch.rand(stage.batch, generator=generator) < self.sampling.cross
            crossed = drawn.sort(descending=True).values

        pictures = []
        labels = []
        boxes = []
        for cross in crossed:
            shown, marked = self._sample(bool(cross), generator)
            pictures.append(shown)
            labels.append(marked)
            boxes.append(make_box_maps(marked))

        return {
            "pictures": torch.stack(pictures).to(device),
            "labels": torch.stack(labels).to(device),
            "boxes": torch.stack(boxes).to(device),
            "crossed": crossed.to(device),
        }

    def _sample(
        self, cross: bool, generator: torch.Generator
    ) -> tuple[Float[Tensor, "K 3 h w"], UInt8[Tensor, "K h w"]]:
        s = self.sampling
        which = int(torch.randint(len(self.tracks), (1,), generator=generator))
        own = self.tracks[which]
        other = own
        if cross:
            # A step of at least 1 never leads back to the same subject.
            step = int(torch.randint(1, len(self.tracks), (1,), generator=generator))
            other = self.tracks[(which + step) % len(self.tracks)]

        sources, target = draw_sample_frames(len(own.present), s, generator)
        first = own.present[sources]
        # The other subject's clip may be shorter, so its target is taken round its end.
        last = other.present[torch.tensor([target % len(other.present)])]
        pictures = torch.cat((own.pixels[first], other.pixels[last])).float() / 255

        # Pictures and landmarks are moved by one map, so that labels stay on the subject.
        where = draw_placement(s, generator)
        pictures = warp_affine(
            jitter_colours(pictures, s, generator), invert_affine(where).expand(len(pictures), -1, -1), padding="border"
        )
        size = (pictures.shape[2], pictures.shape[3])
        labels = []
        for marks in (own.landmarks[first.tolist()], other.landmarks[last.tolist()]):
            labels.append(label_indices(move_landmarks(marks, where, size), size))

        return pictures, torch.cat(labels)

    def tensors(self) -> dict[str, Tensor]:
        said = {
            "sampling": self.sampling.model_dump(),
            "kind": self.tracks[0].landmarks.kind,
            "frames": [track.frame for track in self.tracks],
        }
        settings = torch.tensor(list(json.dumps(said).encode()), dtype=torch.uint8)
        return {"settings": settings, **tensors_of(self.tracks)}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> TsnetData:
        said = parse_json(bytes(tensors["settings"].tolist()))
        tracks = restore_tracks(tensors, said["frames"], said["kind"])
        return cls(tracks, SamplingConfig.model_validate(said["sampling"]))


def make_box_maps(labels: UInt8[Tensor, "B h w"]) -> Masks:
    """Bounding boxes of labels with the program's margin of a sixteenth (docs/methods/tsnet.md, Inputs)."""
    return label_boxes(labels, (labels.shape[1] // 16, labels.shape[2] // 16))


def move_landmarks(landmarks: Landmarks, where: Tensor, size: tuple[int, int]) -> Landmarks:
    """Landmarks moved by an affine map [1, 2, 3] of normalised units."""
    points = apply_affine(where.expand(len(landmarks), -1, -1), from_pixels(landmarks.points, size))
    return replace(landmarks, points=to_pixels(points, size))


def draw_sample_frames(count: int, config: SamplingConfig, generator: torch.Generator) -> tuple[Tensor, int]:
    """Places of K source frames and of the target among `count` frames; few frames are used more than once."""
    k = config.sources
    if config.window == 0 or count <= k + 1:
        order = torch.randperm(count, generator=generator)
        return order[1:].repeat(k)[:k] if count <= k else order[1 : k + 1], int(order[0])

    window = min(max(config.window, k + 1), count)
    stride = min(config.stride, (count - 1) // (window - 1))
    start = int(torch.randint(count - stride * (window - 1), (1,), generator=generator))
    target = int(torch.randint(k, window, (1,), generator=generator))

    return start + stride * torch.arange(k), start + stride * target
