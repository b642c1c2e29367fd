"""Landmarks of one clip: read or found, smoothed, and written to be looked at and used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muybridge.api.inputs import Box, Source, name_of, names_of, scaled_box
from muybridge.api.whole_folders import check_folder, replaced
from muybridge.errors import InputError, UsageError
from muybridge.landmarks import Kind, Landmarks, Report, detect, draw_sheet, smooth, to_json
from muybridge.landmarks import read as read_landmarks
from muybridge.video import Clip, read, write
from muybridge.video.paths import list_images

Given = str | Path | Landmarks
"""Files of landmarks, or landmarks that are in memory, in pixels of the clip."""


@dataclass(frozen=True, eq=False)
class Performer:
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


def find_landmarks(
    video: Source,
    out: str | Path | None = None,
    *,
    given: Given | None = None,
    kind: Kind | None = None,
    person: int = 0,
    model: str | Path | None = None,
    box: Box | None = None,
    smoothing: int = 1,
    max_frames: int | None = None,
    force: bool = False,
) -> tuple[Landmarks, Report]:
    """Read or find a clip's landmarks, and write them.

    out        folder: landmarks.json, which `fit` and `animate` take, sheet.png to judge by, report.json
    given      files of another program, see `landmarks.read`; None: found by a pose network
    kind       "face68": the face alone, where the files or the network have whole bodies
    person     who, where the files hold several: 0 is the largest
    model      the network's file, see `landmarks.detect`
    box        hint for the network: (x0, y0, x1, y1), in pixels, round the person on the first frame
    smoothing  frames to average over, odd, see `landmarks.smooth`; 1 leaves the points as they are
    Raises InputError, UsageError, OutputExistsError, MissingWeightsError, MissingExtraError.
    """
    folder = None if out is None else Path(out)
    if folder is not None:
        check_folder(folder, force, lambda there: (there / "landmarks.json").is_file(), "landmarks")
    found = performer(video, given, kind=kind, person=person, model=model, box=box, max_frames=max_frames)
    if found.report is None:
        raise UsageError("these landmarks are in memory already", "Name files, or leave them out to have some found.")
    landmarks = found.landmarks if smoothing == 1 else smooth(found.landmarks, smoothing)
    if folder is not None:
        _write(folder, found, landmarks, found.report)
    return landmarks, found.report


def performer(
    video: Source,
    given: Given | None = None,
    *,
    kind: Kind | None = None,
    person: int = 0,
    model: str | Path | None = None,
    box: Box | None = None,
    max_side: int | None = None,
    max_frames: int | None = None,
) -> Performer:
    """Read a clip and its landmarks, or find them; arguments as for `find_landmarks`.

    max_side  larger frames are made smaller, pixels, and the landmarks with them
    """
    path = "" if isinstance(video, Clip) else str(video)
    clip = video if isinstance(video, Clip) else read(video, max_side=max_side, max_frames=max_frames)
    if given is not None and (model is not None or box is not None):
        raise UsageError("landmarks were given, and no network would look for them", "Leave one of the two out.")
    if isinstance(given, Landmarks):
        if len(given) != len(clip):
            raise InputError(f"{clip.name} has {len(clip)} frames, and its landmarks have {len(given)}")
        return Performer(name_of(video), path, clip, given.face() if kind == "face68" else given, None)
    if given is None:
        if person:
            raise UsageError(
                "the network looks at one person, the one in the box that it is given",
                "For another person give a --box, or landmarks of another program.",
            )
        landmarks, report = detect(clip, model, None if box is None else scaled_box(box, clip), kind)
        return Performer(name_of(video), path, clip, landmarks, report)
    landmarks, report = read_landmarks(
        given, len(clip), names=_names(video, clip), kind=kind, person=person, cut=max_frames is not None
    )
    now = clip.sizes[0] if clip.sizes is not None else (clip.height, clip.width)
    full = report.size or (now if clip.full is None else clip.full[0])
    return Performer(name_of(video), path, clip, landmarks.resize(full, now), report)


def _names(video: Source, clip: Clip) -> list[str] | None:
    """Of the clip's frames, where it is a folder of images; of one in memory only where it is all of the folder."""
    if clip.source is None or not clip.source.is_dir():
        return None
    names = [p.name for p in list_images(clip.source)]
    return names if len(names) == len(clip) or (names and not isinstance(video, Clip)) else None


def performers(
    inputs: Sequence[Source],
    landmarks: Sequence[Given | None],
    *,
    kind: Kind | None = None,
    max_side: int | None = None,
    max_frames: int | None = None,
) -> list[Performer]:
    """Every input with its landmarks; names are told apart."""
    if len(landmarks) > len(inputs):
        raise UsageError(f"{len(inputs)} videos cannot have {len(landmarks)} sets of landmarks")
    each = [*landmarks, *[None] * (len(inputs) - len(landmarks))]
    read_all = [
        performer(video, given, kind=kind, max_side=max_side, max_frames=max_frames)
        for video, given in zip(inputs, each, strict=True)
    ]
    return [
        Performer(name, p.path, p.clip, p.landmarks, p.report)
        for name, p in zip(names_of(inputs), read_all, strict=True)
    ]


def _write(folder: Path, found: Performer, landmarks: Landmarks, report: Report) -> None:
    clip = found.clip
    record = {
        "kind": "landmarks",
        "clip": found.name,
        "how": report.how,
        "detail": report.detail,
        "confidence": list(report.confidence),
        "missing": list(report.missing),
        "people": report.people,
        "warnings": list(report.warnings),
    }
    size = clip.sizes[0] if clip.sizes is not None else (clip.height, clip.width)
    with replaced(folder) as part:
        (part / "landmarks.json").write_text(to_json(landmarks, size), encoding="utf-8")
        write(part / "sheet.png", [draw_sheet(clip, landmarks)], clip.timing.select([0]))
        (part / "report.json").write_text(json.dumps(record, indent=2, ensure_ascii=False), encoding="utf-8")
