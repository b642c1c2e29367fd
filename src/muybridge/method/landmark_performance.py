"""Who performs and what: a subject that was cropped, and driving landmarks brought to its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from muybridge.data.crop import paste
from muybridge.errors import InputError, Option, Sentence, UsageError, Verb
from muybridge.landmarks import Landmarks, align, smooth
from muybridge.method.landmark_track import CropSettings, Track, check_landmarks, into_box
from muybridge.video.clip import Clip, Timing


class Performance(NamedTuple):
    """Who performs, and what: driving landmarks in pixels of the subject's crop, at the times of the driving clip."""

    subject: Track
    landmarks: Landmarks
    timing: Timing
    notes: tuple[str, ...]


def choose_performance(
    subject: Track,
    driving: Clip | None,
    landmarks: Landmarks | None,
    settings: CropSettings,
    method: str,
    *,
    aligned: bool,
    smoothing: int,
) -> Performance:
    """The driving landmarks in the subject's place, steady; without a driving clip the subject's own.

    landmarks  of the driving clip, in pixels of its frames
    method     its name, for what is said
    aligned    bring them to the subject's place and size
    smoothing  frames over which they are averaged; 1 leaves them
    Raises InputError where the driving clip has no landmarks, or nobody is seen on them.
    """
    if driving is None:
        return Performance(subject, subject.landmarks, Timing.constant(len(subject)), ())
    if landmarks is None:
        raise InputError(
            f"{method} needs the landmarks of the driving clip {driving.name}",
            Sentence("Name them with ", Option("landmarks"), "; see: ", Verb("landmarks", "VIDEO")),
        )

    check_landmarks(driving, landmarks, settings, method)
    notes: list[str] = []
    steady = _smooth_landmarks(landmarks, smoothing, notes)
    followed = bring_to_subject(steady, (driving.height, driving.width), subject, aligned)
    return Performance(subject, followed, driving.timing, tuple(notes))


def choose_track(tracks: Sequence[Track], source: str | None) -> int:
    """Which of the training's clips a letter or a number names: "a" or "1" is the first, and the default.

    Raises UsageError where there is none.
    """
    index = _place_of("a" if source is None else source.lower())
    if not 0 <= index < len(tracks):
        raise UsageError(
            f"there is no subject {source!r}: the training had {len(tracks)}",
            'Name one by its letter or its number: "a" or "1" is the first.',
        )
    return index


def bring_to_subject(driving: Landmarks, size: tuple[int, int], subject: Track, aligned: bool) -> Landmarks:
    """Driving landmarks of frames of `size` (h, w) in pixels of the subject's crop."""
    moved = driving.resize(size, subject.frame) if not aligned else driving
    if aligned:
        moved = align(driving.transform(subject.frame[0] / size[0]), subject.in_frame())
    return into_box(moved, subject.box, subject.size)


def place_crops(crops: Iterator[Tensor], subject: Track) -> Iterator[Tensor]:
    """Crops uint8 [4, h, w] where they lie in the subject's own frames: uint8 [4, H, W], transparent around them."""
    whole = torch.ones(1, *subject.size)
    for crop in crops:
        placed = paste(crop[:3].float() / 255, whole, subject.box, subject.frame)
        yield (placed * 255).round().to(torch.uint8)


def _place_of(name: str) -> int:
    """Which clip of the training a letter or a number names, from 0; -1 where it names none."""
    if name.isdigit():
        return int(name) - 1
    return ord(name) - ord("a") if len(name) == 1 else -1


def _smooth_landmarks(landmarks: Landmarks, smoothing: int, notes: list[str]) -> Landmarks:
    """Smoothed, and where nobody is seen as on the nearest frame with somebody."""
    present = landmarks.present.nonzero()[:, 0]
    if not len(present):
        raise InputError(
            "the driving landmarks show nobody on any frame", Sentence("Look at them: ", Verb("landmarks", "VIDEO"))
        )

    lost = len(landmarks) - len(present)
    if lost:
        notes.append(f"nobody is seen on {lost} driving frames; they are drawn like the nearest frame with somebody")

    steady = smooth(landmarks, smoothing)
    # Only after smoothing, or the frames that are held would weigh in its means.
    nearest = (torch.arange(len(landmarks))[:, None] - present).abs().argmin(1)
    held = torch.where(steady.present, torch.arange(len(landmarks)), present[nearest])
    return steady[held.tolist()]
