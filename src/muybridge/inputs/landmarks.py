"""Clips with their landmarks, read or found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from muybridge.errors import InputError, Option, Sentence, UsageError
from muybridge.inputs.clips import Source, input_name, input_names, scale_box
from muybridge.landmarks import Kind, Landmarks, Report, detect
from muybridge.landmarks import read as read_landmarks
from muybridge.masks import Box
from muybridge.method import Config, Data, LandmarkConfig, Method
from muybridge.video import Clip, read
from muybridge.video.paths import list_images

LandmarkFiles = str | Path | Landmarks
"""Files of landmarks, or landmarks that are in memory, in pixels of the clip."""


@dataclass(frozen=True, eq=False)
class LandmarkInput:
    """One input with its landmarks.

    name       the file's name without its ending
    path       as it was given; "" for a clip in memory
    landmarks  in pixels of the clip
    report     how they were found; None where they were in memory
    """

    name: str
    path: str
    clip: Clip
    landmarks: Landmarks
    report: Report | None

    @property
    def notes(self) -> list[str]:
        """What a person should know of the landmarks."""
        if self.report is None:
            return []
        found = f"{self.name}: landmarks {self.report.how}: {self.report.detail}"
        return [found, *(f"{self.name}: {warning}" for warning in self.report.warnings)]


def read_with_landmarks(
    video: Source,
    given: LandmarkFiles | None = None,
    *,
    kind: Kind | None = None,
    person: int = 0,
    model: str | Path | None = None,
    box: Box | None = None,
    max_side: int | None = None,
    max_frames: int | None = None,
) -> LandmarkInput:
    """Read a clip and its landmarks, or find them; arguments as for `find_landmarks`.

    max_side  larger frames are made smaller, pixels, and the landmarks with them
    """
    name = input_name(video)
    path = "" if isinstance(video, Clip) else str(video)
    clip = video if isinstance(video, Clip) else read(video, max_side=max_side, max_frames=max_frames)
    if given is not None and (model is not None or box is not None):
        raise UsageError("landmarks were given, and no network would look for them", "Leave one of the two out.")
    if isinstance(given, Landmarks):
        if len(given) != len(clip):
            raise InputError(f"{clip.name} has {len(clip)} frames, and its landmarks have {len(given)}")
        return LandmarkInput(name, path, clip, given.face() if kind == "face68" else given, None)

    if given is None:
        if person:
            raise UsageError(
                "the network looks at one person, the one in the box that it is given",
                Sentence("For another person give a ", Option("box"), ", or landmarks of another program."),
            )
        landmarks, report = detect(clip, model, None if box is None else scale_box(box, clip), kind)
        return LandmarkInput(name, path, clip, landmarks, report)

    # Files of other programs count pixels of the full frame, while the clip may be smaller.
    now = clip.sizes[0] if clip.sizes is not None else (clip.height, clip.width)
    full = now if clip.full is None else clip.full[0]
    landmarks, report = read_landmarks(
        given,
        len(clip),
        names=_frame_names(video, clip),
        kind=kind,
        person=person,
        # A shortened clip has fewer frames than the file has landmarks, and that is no mistake.
        cut=max_frames is not None,
        size=full,
    )
    return LandmarkInput(name, path, clip, landmarks.resize(report.size or full, now), report)


def _frame_names(video: Source, clip: Clip) -> list[str] | None:
    """Of the clip's frames, where it is a folder of images; of one in memory only where it is all of the folder."""
    if clip.source is None or not clip.source.is_dir():
        return None
    names = []
    for p in list_images(clip.source):
        names.append(p.name)

    return names if len(names) == len(clip) or (names and not isinstance(video, Clip)) else None


def read_all_with_landmarks(
    inputs: Sequence[Source],
    landmarks: Sequence[LandmarkFiles | None],
    *,
    kind: Kind | None = None,
    max_side: int | None = None,
    max_frames: int | None = None,
) -> list[LandmarkInput]:
    """Every input with its landmarks; names are told apart."""
    if len(landmarks) > len(inputs):
        raise UsageError(f"{len(inputs)} videos cannot have {len(landmarks)} sets of landmarks")
    files = [*landmarks, *[None] * (len(inputs) - len(landmarks))]
    read_all = []
    for video, given in zip(inputs, files, strict=True):
        read_all.append(read_with_landmarks(video, given, kind=kind, max_side=max_side, max_frames=max_frames))

    renamed = []
    for name, read_one in zip(input_names(inputs), read_all, strict=True):
        renamed.append(replace(read_one, name=name))

    return renamed


@dataclass(frozen=True, eq=False)
class LandmarkInputs:
    """Those that a method learns from, each with landmarks."""

    each: Sequence[LandmarkInput]

    def prepare(self, method: Method[Any, Any]) -> Data:
        """A method's data."""
        data: Data = method.prepare([p.clip for p in self.each], landmarks=[p.landmarks for p in self.each])
        return data

    def notes(self, data: Data) -> list[str]:
        """How the landmarks were found, and what a person should know of them."""
        notes: list[str] = []
        for person in self.each:
            notes += person.notes

        return notes


def landmark_kind(config: Config) -> Any:
    """The kind of landmarks that a method was set up for; None where it takes any."""
    return config.kind if isinstance(config, LandmarkConfig) else None


def read_landmark_inputs(
    method: str,
    config: Config,
    inputs: Sequence[Source],
    landmarks: Sequence[LandmarkFiles | None],
    max_side: int | None,
    max_frames: int | None,
) -> LandmarkInputs:
    """Read the videos of a training and their landmarks.

    method    what it is called, for messages
    max_side  of the frames of other methods, pixels: people fill less of a frame than silhouettes do, and are read at
              twice the size
    """
    if not inputs:
        raise UsageError(
            f"{method} learns from at least one video", Sentence("Name it, and its ", Option("landmarks"), ".")
        )
    side = None if max_side is None else 2 * max_side
    kind = landmark_kind(config)
    return LandmarkInputs(read_all_with_landmarks(inputs, landmarks, kind=kind, max_side=side, max_frames=max_frames))
