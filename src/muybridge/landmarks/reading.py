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
    read_json,
    read_json_files,
    read_table,
    read_texts,
)
from muybridge.landmarks.layout import FACE, FACE68, WHOLE
from muybridge.landmarks.points import Kind, Landmarks
from muybridge.landmarks.report import Report, make_report
from muybridge.landmarks.skeletons import Person
from muybridge.landmarks.tracking import find_leaps, follow_person
from muybridge.video.paths import check_path, natural_key

LANDMARKS_FILE = "landmarks.json"
"""What `muybridge landmarks` writes into its folder."""
_ANY_NUMBER = 2**31

People = list[tuple[Person, ...]]
"""Everybody on each frame."""


def read(
    path: str | Path,
    frames: int | None = None,
    *,
    names: Sequence[str] | None = None,
    kind: Kind | None = None,
    person: int = 0,
    cut: bool = False,
    size: tuple[int, int] | None = None,
) -> tuple[Landmarks, Report]:
    """Landmarks from files, known by what they hold and not by their names.

    path    one JSON file of a whole clip, or a folder with one for each frame: OpenPose's, ControlNet's, DWPose's,
            COCO's, MMPose's, AlphaPose's, YOLO's or MediaPipe's; a folder of .txt or .pts files with 68 face points
            each, or of YOLO's text; one text file with 136 numbers a line; what `muybridge landmarks` wrote
    frames  how many the clip has; as many as there are files unless told
    names   of the clip's frames, where it is a folder: files are matched to them by name, and a frame without a file
            has no subject. Otherwise the files' numbers count, from 0 or from 1 as their program does; otherwise there
            must be one for each frame, in order
    kind    "face68" takes only the faces, of files that have whole bodies too
    person  who, where there are several: 0 is the largest and surest, followed from frame to frame, 1 the next
    cut     the clip is only the beginning: what lies beyond `frames` is left out
    size    (h, w) of the clip's pictures, for files whose points are parts of the picture

    Raises InputError: files that hold no landmarks or do not fit the clip, UsageError: a person who is not there.
    """
    path = check_path(path)
    file = _read_files(path).in_pixels(size)
    if not file.frames:
        raise InputError(f"{path} holds no frames: nobody is in it", f"Give {READABLE}.")

    people, notes = _match_frames(file, frames, names, cut, path)
    people, rows = _take_kind(people, file.kind, kind, path)
    points, most = follow_person(people, rows, person)
    at = torch.from_numpy(points).float()
    landmarks = Landmarks(at[..., :2].contiguous(), at[..., 2].clamp(0, 1).contiguous(), kind or file.kind)

    if most > 1:
        notes.append(f"{most} people on one frame: the landmarks are those of person {person}, by size")
    # Somebody else may have been followed from there on, which only a person can tell.
    if leaps := find_leaps(points):
        where = ", ".join(f"{a} and {b}" for a, b in leaps[:4])
        more = ", ..." if len(leaps) > 4 else ""
        notes.append(
            f"the person moves by more than their own size between frames {where}{more}: perhaps that is somebody else"
        )
    detail = f"{file.what}, {path.name}"
    return landmarks, make_report(landmarks, "given", detail, path.name, max(most, 1), tuple(notes), file.size)


def _read_files(path: Path) -> LandmarkFile:
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() == ".json":
        return read_json(path)
    return read_texts([path]) if path.suffix.lower() == ".pts" else read_table(path)


def _read_folder(path: Path) -> LandmarkFile:
    if (path / LANDMARKS_FILE).is_file():
        return read_json(path / LANDMARKS_FILE)

    jsons = _list_files(path, (".json",))
    texts = _list_files(path, (".txt", ".pts"))
    if jsons and texts:
        # Which of the two are the landmarks would be a guess.
        raise InputError(f"the folder {path} holds both JSON and text files", f"Give {READABLE}.")
    if len(jsons) == 1:
        return read_json(jsons[0])
    if jsons:
        return read_json_files(jsons)
    if texts:
        return read_texts(texts)
    raise InputError(f"the folder {path} holds no landmarks", f"Give {READABLE}.")


def _list_files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    found = (p for p in folder.iterdir() if p.suffix.lower() in suffixes and p.name[0] != "." and p.is_file())
    return sorted(found, key=natural_key)


def _take_kind(people: People, held: Kind, kind: Kind | None, path: Path) -> tuple[People, int]:
    """The people as the kind of landmarks that is wanted, and how many points each has."""
    rows = FACE68 if held == "face68" else WHOLE
    for there in people:
        for person in there:
            rows = len(person)

    if kind is None or kind == held:
        return people, rows
    if kind == "face68" and rows == WHOLE:
        return [tuple(person[FACE][:FACE68] for person in there) for there in people], FACE68
    said = "bodies without a face" if kind == "face68" else "faces alone"
    raise InputError(f"{path} holds {said}, and {kind} is needed", f"Give {READABLE}.")


def _match_frames(
    file: LandmarkFile, frames: int | None, names: Sequence[str] | None, cut: bool, path: Path
) -> tuple[People, list[str]]:
    """The people on each frame of the clip, and what a person should know of how they were matched."""
    by_key = dict(file.frames)
    stems = []
    for name in names or ():
        stems.append(Path(name).stem)

    # Names are the surest match: numbers may count from 0 or from 1.
    if file.named and any(stem in by_key for stem in stems):
        return [by_key.get(stem, ()) for stem in stems[:frames]], []

    count = len(file.frames) if frames is None else frames
    in_order = []
    for _, people in file.frames:
        in_order.append(people)

    if len(in_order) == count:
        return in_order, []

    numbers = []
    for key, _ in file.frames:
        numbers.append(_frame_number(key))

    first = _first_number(file, numbers, count, cut)
    if first is not None:
        by_number = dict(zip(numbers, in_order, strict=True))
        notes = [f"frames are counted from 1, as in {path.name}"] if first == 1 and file.first is None else []
        return [by_number.get(first + i, ()) for i in range(count)], notes
    # Only a caller who cut the clip knows that the rest belongs to frames that are not read.
    if cut and len(in_order) > count:
        return in_order[:count], []
    raise InputError(
        f"{path} holds landmarks for {len(in_order)} frames, and the clip has {count}: each needs one",
        "Give one for each frame in the same order, or name the files after the frames.",
    )


def _frame_number(key: str) -> int:
    """The last number of a name, as in clip2_0031; -1 where there is none."""
    digits = re.findall(r"[0-9]{1,18}", key)
    return int(digits[-1]) if digits else -1


def _first_number(file: LandmarkFile, numbers: list[int], count: int, cut: bool) -> int | None:
    """The number of the clip's first frame; None where the numbers do not count frames.

    A program that leaves out frames without people may leave out the first one, so those that count from 1 are known
    by a file without a 0.
    """
    if len(set(numbers)) < len(numbers):
        return None

    first = file.first
    if first is None:
        first = min(numbers) if min(numbers) in (0, 1) else None
    if first is None or min(numbers) < first:
        return None
    end = _ANY_NUMBER if cut else first + count
    return first if max(numbers) < end else None
