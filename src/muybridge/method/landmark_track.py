"""Clips cropped to a subject whose landmarks are known: what methods that learn from landmarks train on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from muybridge.data.crop import Box, crop
from muybridge.errors import InputError, Option, Sentence, UsageError, Verb
from muybridge.landmarks import Kind, Landmarks
from muybridge.tensors import Pixels
from muybridge.video.clip import Clip


@runtime_checkable
class CropSettings(Protocol):
    """How clips are cropped to their subjects: part of a config."""

    @property
    def kind(self) -> str:
        """Of the landmarks."""

    @property
    def margin(self) -> float:
        """Room around the landmarks of the whole clip, as a share of their extent on each side."""

    @property
    def crop(self) -> tuple[int, int]:
        """(h, w) of the crops."""


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
    def from_clip(cls, clip: Clip, landmarks: Landmarks, settings: CropSettings, method: str) -> Track:
        """Crop a clip; landmarks in pixels of its frames. InputError where the two do not belong together.

        method  its name, for what is said
        """
        check_landmarks(clip, landmarks, settings, method)
        if int(landmarks.present.sum()) < 2:
            raise InputError(f"{clip.name}: the subject is seen on fewer than two frames", "Look at its landmarks.")
        box = subject_box(landmarks, settings)
        size = settings.crop
        frames, _ = crop(clip.with_masks(None), box.expand(len(clip), 4), size)
        pixels = (frames * 255).round().to(torch.uint8)
        return cls(pixels, into_box(landmarks, box, size), box, (clip.height, clip.width))

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the crops."""
        return self.pixels.shape[2], self.pixels.shape[3]

    @property
    def present(self) -> Tensor:
        """Frames on which the subject is seen: int64 [N]."""
        return self.landmarks.present.nonzero()[:, 0]

    def in_frame(self) -> Landmarks:
        """The landmarks in pixels of the clip's own frames."""
        return out_of_box(self.landmarks, self.box, self.size)


def crop_clips(
    clips: Sequence[Clip], landmarks: Sequence[Landmarks | None] | None, settings: CropSettings, method: str
) -> list[Track]:
    """Crop every clip to its subject.

    landmarks  of each clip, in pixels of its frames
    method     its name, for what is said
    Raises InputError where landmarks are missing or do not belong to their clip, UsageError without any clip.
    """
    given = require_landmarks(clips, landmarks, method)
    tracks = []
    for clip, marks in zip(clips, given, strict=True):
        tracks.append(Track.from_clip(clip, marks, settings, method))
    return tracks


def require_landmarks(
    clips: Sequence[Clip], landmarks: Sequence[Landmarks | None] | None, method: str
) -> list[Landmarks]:
    """The landmarks of each clip; UsageError without any clip, InputError that names those without landmarks."""
    if not clips:
        raise UsageError(
            f"{method} learns from at least one video", Sentence(Verb("fit", method, "VIDEO", Option("out", "DIR")))
        )

    given = list(landmarks or [])
    missing = []
    for i, clip in enumerate(clips):
        if i >= len(given) or given[i] is None:
            missing.append(clip.name)

    if missing or len(given) != len(clips):
        raise InputError(
            f"{method} needs landmarks for every clip; {len(clips)} clips came with {len(given) or 'none'}"
            + (f" (missing for {', '.join(missing)})" if given and missing else ""),
            Sentence("Name them with ", Option("landmarks"), ", one for each video; see: ", Verb("landmarks", "VIDEO")),
        )
    found = []
    for marks in given:
        assert marks is not None
        found.append(marks)
    return found


def check_landmarks(clip: Clip, landmarks: Landmarks, settings: CropSettings, method: str) -> None:
    """InputError where landmarks are not of this clip, UsageError where they are not of the configured kind."""
    if len(landmarks) != len(clip):
        raise InputError(f"{clip.name} has {len(clip)} frames, and its landmarks have {len(landmarks)}")
    if landmarks.kind != settings.kind:
        raise UsageError(
            f"{clip.name} has landmarks of kind {landmarks.kind}, and {method} was set up for {settings.kind}",
            Sentence("Train with another ", Option("preset"), ", with another kind, or use other landmarks."),
        )


def subject_box(landmarks: Landmarks, settings: CropSettings) -> Box:
    """(centre x, centre y, width, height) of one box round the landmarks of all frames, with its margin: pixels."""
    seen = landmarks.points[landmarks.seen & landmarks.present[:, None]]
    low = seen.amin(0)
    high = seen.amax(0)
    width, height = ((high - low + 1) * (1 + 2 * settings.margin)).tolist()
    size = settings.crop
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


def tensors_of(tracks: Sequence[Track]) -> dict[str, Tensor]:
    """Everything of the tracks but their frames' sizes and their kind, to be stored with a run."""
    tensors: dict[str, Tensor] = {}
    for i, track in enumerate(tracks):
        tensors |= {
            f"{i}.pixels": track.pixels,
            f"{i}.points": track.landmarks.points,
            f"{i}.confidence": track.landmarks.confidence,
            f"{i}.box": track.box,
        }

    return tensors


def restore_tracks(tensors: Mapping[str, Tensor], frames: Iterable[Sequence[int]], kind: Kind) -> list[Track]:
    """The inverse of `tensors_of`.

    frames  (H, W) of each clip's own frames
    kind    of the landmarks
    """
    tracks = []
    for i, (h, w) in enumerate(frames):
        found = Landmarks(tensors[f"{i}.points"], tensors[f"{i}.confidence"], kind)
        tracks.append(Track(tensors[f"{i}.pixels"], found, tensors[f"{i}.box"], (h, w)))
    return tracks
