"""What TS-Net trains on: clips cropped to their subjects, with landmarks in the crops' pixels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from muybridge.data.crop import Box, crop
from muybridge.disk import parse_json
from muybridge.errors import InputError, Option, Sentence, UsageError, Verb
from muybridge.geometry import apply_affine, from_pixels, invert_affine, to_pixels, warp_affine
from muybridge.landmarks import Landmarks, label_indices
from muybridge.method import Data, Stage
from muybridge.methods.tsnet.augment import draw_placement, jitter_colours
from muybridge.methods.tsnet.config import SamplingConfig, TsnetConfig
from muybridge.methods.tsnet.pictures import label_boxes
from muybridge.tensors import Masks, Pixels
from muybridge.video import Clip


@dataclass(frozen=True, eq=False)
class Track:
    """One clip, cropped by one box that holds its subject on every frame, so that what stands still stays still.

    pixels     uint8 [T, 3, h, w]
    landmarks  of T frames, in pixels of the crops
    box        [4]    where the crops lie in the frame
    frame      (H, W) of the clip's own frames
    """

    pixels: Pixels
    landmarks: Landmarks
    box: Box
    frame: tuple[int, int]

    @classmethod
    def from_clip(cls, clip: Clip, landmarks: Landmarks, config: TsnetConfig) -> Track:
        """Crop a clip; landmarks in pixels of its frames. InputError where the two do not belong together."""
        check_landmarks(clip, landmarks, config)
        if int(landmarks.present.sum()) < 2:
            raise InputError(f"{clip.name}: the subject is seen on fewer than two frames", "Look at its landmarks.")
        box = subject_box(landmarks, config)
        size = config.crop
        frames, _ = crop(clip.with_masks(None), box.expand(len(clip), 4), size)
        pixels = (frames * 255).round().to(torch.uint8)
        return cls(pixels, into_box(landmarks, box, size), box, (clip.height, clip.width))

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def present(self) -> Tensor:
        """Frames on which the subject is seen: int64 [N]."""
        return self.landmarks.present.nonzero()[:, 0]

    def in_frame(self) -> Landmarks:
        """The landmarks in pixels of the clip's own frames."""
        return out_of_box(self.landmarks, self.box, (self.pixels.shape[2], self.pixels.shape[3]))


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
        if not clips:
            raise UsageError(
                "tsnet learns from at least one video", Sentence(Verb("fit", "tsnet", "VIDEO", Option("out", "DIR")))
            )

        given = list(landmarks or [])
        missing = []
        for i, clip in enumerate(clips):
            if i >= len(given) or given[i] is None:
                missing.append(clip.name)

        if missing or len(given) != len(clips):
            raise InputError(
                f"tsnet needs landmarks for every clip; {len(clips)} clips came with {len(given) or 'none'}"
                + (f" (missing for {', '.join(missing)})" if given and missing else ""),
                Sentence(
                    "Name them with ", Option("landmarks"), ", one for each video; see: ", Verb("landmarks", "VIDEO")
                ),
            )
        if config.sampling.cross and len(clips) < 2:
            raise UsageError("training across identities needs at least two videos", "Leave sampling.cross at 0.")

        # Only now, when nothing more can be refused: cropping a clip takes long.
        tracks = []
        for clip, marks in zip(clips, given, strict=True):
            assert marks is not None
            tracks.append(Track.from_clip(clip, marks, config))
        return cls(tracks, config.sampling)

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
        tensors = {"settings": torch.tensor(list(json.dumps(said).encode()), dtype=torch.uint8)}
        for i, track in enumerate(self.tracks):
            tensors |= {
                f"{i}.pixels": track.pixels,
                f"{i}.points": track.landmarks.points,
                f"{i}.confidence": track.landmarks.confidence,
                f"{i}.box": track.box,
            }

        return tensors

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> TsnetData:
        said = parse_json(bytes(tensors["settings"].tolist()))
        tracks = []
        for i, (h, w) in enumerate(said["frames"]):
            found = Landmarks(tensors[f"{i}.points"], tensors[f"{i}.confidence"], said["kind"])
            tracks.append(Track(tensors[f"{i}.pixels"], found, tensors[f"{i}.box"], (h, w)))
        return cls(tracks, SamplingConfig.model_validate(said["sampling"]))


def check_landmarks(clip: Clip, landmarks: Landmarks, config: TsnetConfig) -> None:
    """InputError where landmarks are not of this clip, UsageError where they are not of the configured kind."""
    if len(landmarks) != len(clip):
        raise InputError(f"{clip.name} has {len(clip)} frames, and its landmarks have {len(landmarks)}")
    if landmarks.kind != config.kind:
        raise UsageError(
            f"{clip.name} has landmarks of kind {landmarks.kind}, and tsnet was set up for {config.kind}",
            Sentence("Train with ", Option("preset", "face"), ", with another kind, or use other landmarks."),
        )


def subject_box(landmarks: Landmarks, config: TsnetConfig) -> Box:
    """(centre x, centre y, width, height) of one box round the landmarks of all frames, with its margin: pixels."""
    seen = landmarks.points[landmarks.seen & landmarks.present[:, None]]
    low = seen.amin(0)
    high = seen.amax(0)
    width, height = ((high - low + 1) * (1 + 2 * config.margin)).tolist()
    size = config.crop
    aspect = size[1] / size[0]
    height = max(height, width / aspect)
    x, y = ((low + high) / 2 + 0.5).tolist()

    return torch.tensor([x, y, height * aspect, height])


def into_box(landmarks: Landmarks, box: Box, size: tuple[int, int]) -> Landmarks:
    """Landmarks of a frame in pixels of the crop (h, w) that the box holds."""
    x, y, w, h = box.tolist()
    across = size[1] / w
    down = size[0] / h
    return landmarks.transform((across, down), ((0.5 - x + w / 2) * across - 0.5, (0.5 - y + h / 2) * down - 0.5))


def out_of_box(landmarks: Landmarks, box: Box, size: tuple[int, int]) -> Landmarks:
    """The inverse of `into_box`."""
    x, y, w, h = box.tolist()
    across = w / size[1]
    down = h / size[0]
    return landmarks.transform((across, down), (0.5 * across + x - w / 2 - 0.5, 0.5 * down + y - h / 2 - 0.5))


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
