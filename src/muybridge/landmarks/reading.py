"""Landmarks that somebody else made, brought to the frames of a clip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch

from muybridge.errors import InputError
from muybridge.landmarks.formats import (
    READABLE,
    LandmarkFile,
    natural_key,
    read_face_table,
    read_face_texts,
    read_json,
    read_openpose,
)
from muybridge.landmarks.layout import FACE, FACE68, WHOLE
from muybridge.landmarks.points import Kind, Landmarks
from muybridge.landmarks.report import Report, make_report
from muybridge.landmarks.skeletons import Person
from muybridge.landmarks.tracking import find_leaps, follow_person
from muybridge.video.paths import check_path

LANDMARKS_FILE = "landmarks.json"
"""What `muybridge landmarks` writes into its folder."""


def read(
    path: str | Path,
    frames: int | None = None,
    *,
    names: Sequence[str] | None = None,
    kind: Kind | None = None,
    person: int = 0,
    cut: bool = False,
) -> tuple[Landmarks, Report]:
    """Landmarks from files.

    path    a folder of OpenPose's JSON files (25 or 18 body points, hands, face), one a frame; a JSON file of COCO's,
            data set or results, with 17, 26 (Halpe) or 133 (WholeBody) points; a folder of .txt or .pts files with 68
            face points each, or one text file with 136 numbers a line; what `muybridge landmarks` wrote
    frames  how many the clip has; as many as there are files unless told
    names   of the clip's frames, where it is a folder: files are matched to them by name, and a frame without a file
            has no subject. Otherwise the files' numbers count where they begin at 0, as OpenPose writes them for a
            video; otherwise there must be one for each frame, in order
    kind    "face68" takes only the faces, of files that have whole bodies too: OpenPose's, WholeBody's, our own
    person  who, where there are several: 0 is the largest and surest, followed from frame to frame, 1 the next
    cut     the clip is only the beginning: what lies beyond `frames` is left out

    Raises InputError: files that hold no landmarks or do not fit the clip, UsageError: a person who is not there.
    """
    path = check_path(path)
    raw = _read_files(path, kind)
    people = _match_frames(raw, frames, names, cut, path)
    rows = next((len(p) for each in people for p in each), FACE68 if raw.kind == "face68" else WHOLE)
    if kind == "face68" and rows == WHOLE:
        rows, people = FACE68, [tuple(p[FACE][:FACE68] for p in each) for each in people]
    elif kind is not None and raw.kind != kind:
        held = "bodies without a face" if kind == "face68" else "faces alone"
        raise InputError(f"{path} holds {held}, and {kind} is needed", f"Give {READABLE}.")
    found, most = follow_person(people, rows, person)
    at = torch.from_numpy(found).float()
    landmarks = Landmarks(at[..., :2].contiguous(), at[..., 2].clamp(0, 1).contiguous(), kind or raw.kind)
    notes: list[str] = []
    if most > 1:
        notes.append(f"{most} people on one frame: the landmarks are those of person {person}, by size")
    if far := find_leaps(found):
        where = ", ".join(f"{a} and {b}" for a, b in far[:4])
        notes.append(
            f"the person moves by more than their own size between frames {where}{', ...' if far[4:] else ''}: perhaps "
            "that is somebody else"
        )
    files = f"{raw.what}, {path.name}"
    return landmarks, make_report(landmarks, "given", files, path.name, max(most, 1), tuple(notes), raw.size)


def _read_files(path: Path, kind: Kind | None) -> LandmarkFile:
    if path.is_dir():
        if (path / LANDMARKS_FILE).is_file():
            return read_json(path / LANDMARKS_FILE, kind)
        jsons, texts = _list_files(path, (".json",)), _list_files(path, (".txt", ".pts"))
        if jsons and not texts:
            return read_openpose(jsons, kind or "body25")
        if texts and not jsons:
            return read_face_texts(texts)
        what = "both JSON and text files" if jsons else "no landmarks"
        raise InputError(f"the folder {path} holds {what}", f"Give {READABLE}.")
    if path.suffix.lower() == ".json":
        return read_json(path, kind)
    return read_face_texts([path]) if path.suffix.lower() == ".pts" else read_face_table(path)


def _list_files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    found = [p for p in folder.iterdir() if p.suffix.lower() in suffixes and p.name[0] != "." and p.is_file()]
    return sorted(found, key=lambda p: natural_key(p.name))


def _match_frames(
    raw: LandmarkFile, frames: int | None, names: Sequence[str] | None, cut: bool, path: Path
) -> list[tuple[Person, ...]]:
    """The people on each frame of the clip."""
    by_key = dict(raw.frames)
    stems = [] if names is None else [Path(name).stem for name in names]
    if raw.named and any(stem in by_key for stem in stems):
        return [by_key.get(stem, ()) for stem in stems[:frames]]
    count = len(raw.frames) if frames is None else frames
    if len(raw.frames) == count or (cut and len(raw.frames) > count and not _counts_from_zero(raw, 2**31)):
        return [people for _, people in raw.frames[:count]]
    if _counts_from_zero(raw, 2**31 if cut else count):
        by_number = {_frame_number(key): people for key, people in raw.frames}
        return [by_number.get(i, ()) for i in range(count)]
    raise InputError(
        f"{path} holds landmarks for {len(raw.frames)} frames, and the clip has {count}: each needs one",
        "Give one for each frame in the same order, or name the files after the frames.",
    )


def _frame_number(key: str) -> int:
    digits = re.findall(r"\d+", key)
    return int(digits[-1]) if digits else -1


def _counts_from_zero(raw: LandmarkFile, count: int) -> bool:
    """Whether the files' numbers are indexes of frames: OpenPose counts a video from 0."""
    numbers = [_frame_number(key) for key, _ in raw.frames]
    return len(set(numbers)) == len(numbers) and min(numbers) == 0 and max(numbers) < count
