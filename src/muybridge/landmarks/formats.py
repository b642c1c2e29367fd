"""Files of landmarks as they are found: OpenPose JSON, COCO JSON, text of 68 face points, our own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muybridge.errors import InputError
from muybridge.landmarks.layout import FACE68, WHOLE
from muybridge.landmarks.points import Kind
from muybridge.landmarks.skeletons import OPENPOSE18, POINT_COUNTS, Person, Rows, from_coco, order_by_name

READABLE = "OpenPose's JSON files, a COCO JSON file, or text with 68 face points a frame"
MAX_BYTES = 2**28
"""Bytes of one file."""


@dataclass(frozen=True, eq=False)
class LandmarkFile:
    """What a file or folder of landmarks holds.

    what    the format, for people
    kind    of the landmarks
    frames  (key, the people on it) in order; the key is a file's name without its ending, or a number
    named   whether the keys are names that frames may have, and not just the frames' places in the file
    size    (h, w) of the pictures, where the file says
    """

    what: str
    kind: Kind
    frames: tuple[tuple[str, tuple[Person, ...]], ...]
    named: bool = True
    size: tuple[int, int] | None = None


def read_openpose(files: Sequence[Path], kind: Kind = "body25") -> LandmarkFile:
    """OpenPose's files, one a frame; for "face68" the first 68 of each person's 70 face points."""
    return LandmarkFile(
        "OpenPose JSON", kind, tuple((_frame_name(f), _parse_people(_load_json(f, dict), f, kind)) for f in files)
    )


def read_face_texts(files: Sequence[Path]) -> LandmarkFile:
    """Text files of one frame each: 68 lines of x and y, or a .pts file of 300-W, which counts pixels from 1."""
    return LandmarkFile(
        "text files of 68 face points",
        "face68",
        tuple((f.stem, (_face_from_text(_read_numbers(f), f, f.suffix),)) for f in files),
    )


def read_face_table(file: Path) -> LandmarkFile:
    """One text file with a line of 136 numbers, x and y in turn, for each frame; or 68 lines of x and y for each."""
    rows = _read_numbers(file)
    if all(len(row) == 2 for row in rows):
        if len(rows) <= FACE68 or len(rows) % FACE68:
            return read_face_texts([file])
        rows = [[number for row in rows[i : i + FACE68] for number in row] for i in range(0, len(rows), FACE68)]
    people = [(_face_from_text([row], file, ""),) for row in rows]
    return LandmarkFile(
        "a text file of 68 face points", "face68", tuple((str(i), p) for i, p in enumerate(people)), False
    )


def read_json(file: Path, kind: Kind | None = None) -> LandmarkFile:
    """One JSON file: our own, COCO's data set or results, or a single frame of OpenPose's."""
    found = _load_json(file, (dict, list))
    if isinstance(found, list):
        return _parse_coco({"annotations": found}, file)
    if found.get("format") == "muybridge landmarks":
        return _parse_own(found, file)
    if "annotations" in found:
        return _parse_coco(found, file)
    if "people" in found:
        return read_openpose([file], kind or "body25")
    raise InputError(f"{file} holds no landmarks that can be read", f"Give {READABLE}.")


def _frame_name(file: Path) -> str:
    return file.stem.removesuffix("_keypoints")


def _load_json(file: Path, types: type | tuple[type, ...]) -> Any:
    if file.stat().st_size > MAX_BYTES:
        raise InputError(f"{file} is larger than {MAX_BYTES >> 20} MiB, too large for landmarks", f"Give {READABLE}.")
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not a JSON file that can be read", "Write or copy it again.") from error
    if not isinstance(found, types):
        raise InputError(f"{file} holds no landmarks that can be read", f"Give {READABLE}.")
    return found


def _parse_triples(values: Any, file: Path, what: str) -> Rows:
    try:
        flat = np.asarray(values, np.float64).reshape(-1)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{file}: the {what} are not numbers") from error
    if len(flat) % 3 or not np.isfinite(flat).all():
        raise InputError(f"{file}: the {what} are not x, y and confidence of each point")
    return flat.reshape(-1, 3)


def _parse_people(found: dict[str, Any], file: Path, kind: Kind) -> tuple[Person, ...]:
    if not isinstance(found.get("people"), list):
        raise InputError(f"{file} is not a file of OpenPose's: it names no people", f"Give {READABLE}.")
    people = [p for p in found["people"] if isinstance(p, dict)]
    read: Callable[[dict[str, Any], Path], Person] = _parse_face if kind == "face68" else _parse_body
    return tuple(read(person, file) for person in people)


def _parse_body(person: dict[str, Any], file: Path) -> Person:
    body = _parse_triples(person.get("pose_keypoints_2d", person.get("pose_keypoints", [])), file, "body points")
    if len(body) == len(OPENPOSE18):
        body = order_by_name(body, OPENPOSE18)
    parts = [body]
    for name, count in (("hand_left", 21), ("hand_right", 21), ("face", 70)):
        rows = _parse_triples(person.get(f"{name}_keypoints_2d", []), file, f"points of {name}")
        parts.append(rows if len(rows) else np.zeros((count, 3)))
    whole = np.concatenate(parts)
    if len(body) != 25 or len(whole) != WHOLE:
        raise InputError(
            f"{file} has {len(body)} body points and {len(whole) - len(body)} of hands and face a person",
            "25 (or 18) body points, 21 of each hand and 70 of the face are what OpenPose writes.",
        )
    return _check_pixels(whole, file)


def _parse_face(person: dict[str, Any], file: Path) -> Person:
    rows = _parse_triples(person.get("face_keypoints_2d", []), file, "face points")
    return _check_pixels(rows[:FACE68], file) if len(rows) >= FACE68 else np.zeros((FACE68, 3))


def _check_pixels(rows: Person, file: Path) -> Person:
    sure = rows[rows[:, 2] > 0, :2]
    if len(sure) >= 3 and np.abs(sure).max() <= 1:
        raise InputError(
            f"{file}: the points lie between -1 and 1, and pixels are needed", "Run OpenPose with --keypoint_scale 0."
        )
    return rows


def _parse_coco(found: dict[str, Any], file: Path) -> LandmarkFile:
    images = found.get("images", [])
    try:
        names = {str(i["id"]): Path(str(i["file_name"])).stem for i in images if "file_name" in i}
        frames: dict[str, list[Person]] = {names.get(str(i["id"]), str(i["id"])): [] for i in images}
        for entry in found["annotations"]:
            rows = _parse_triples(entry["keypoints"], file, "keypoints")
            if len(rows) not in POINT_COUNTS:
                raise InputError(f"{file} has people of {len(rows)} points", "A person has 17, 26 or 133.")
            image = str(entry["image_id"])
            frames.setdefault(names.get(image, image), []).append(from_coco(_scale_confidence(rows, entry)))
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} is not COCO's JSON of keypoints: {error!r} is missing or wrong") from error
    people = [p for each in frames.values() for p in each]
    if len({len(p) for p in people}) > 1:
        raise InputError(f"{file} mixes people of different numbers of points", "Take one kind.")
    ordered = sorted(frames.items(), key=lambda each: natural_key(each[0]))
    return LandmarkFile("COCO JSON", "body25", tuple((key, tuple(each)) for key, each in ordered))


def _scale_confidence(rows: Rows, entry: dict[str, Any]) -> Rows:
    """In a data set the third number is 0 missing, 1 hidden, 2 seen; in results it is a score, scaled here to 1."""
    labelled = "score" not in entry and set(np.unique(rows[:, 2])) <= {0.0, 1.0, 2.0}
    rows = rows.copy()
    rows[:, 2] = np.clip(rows[:, 2] / (2 if labelled and rows[:, 2].max() > 1 else 1), 0, 1)
    return rows


def _parse_own(found: dict[str, Any], file: Path) -> LandmarkFile:
    try:
        kind, size = found["kind"], (int(found["size"][0]), int(found["size"][1]))
        frames = [np.asarray(each, np.float64) for each in found["points"]]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{file} is a broken file of landmarks", "Write it again: muybridge landmarks") from error
    counts = (FACE68,) if kind == "face68" else (25, WHOLE)
    shapes = {each.shape for each in frames}
    if kind not in ("body25", "face68") or len(shapes) != 1 or shapes.pop() not in {(n, 3) for n in counts}:
        raise InputError(f"{file} is a broken file of landmarks", "Write it again: muybridge landmarks")
    if not all(np.isfinite(each).all() for each in frames):
        raise InputError(f"{file} holds numbers that are not finite", "Write it again: muybridge landmarks")
    return LandmarkFile("landmarks", kind, tuple((str(i), (each,)) for i, each in enumerate(frames)), False, size)


def _read_numbers(file: Path) -> list[list[float]]:
    """Every line of numbers, with commas or spaces between; the lines of a .pts file around them are left out."""
    if file.stat().st_size > MAX_BYTES:
        raise InputError(f"{file} is larger than {MAX_BYTES >> 20} MiB, too large for landmarks", f"Give {READABLE}.")
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not re.match(r"\s*(version|n_points|[{}#])", line)]
    try:
        return [[float(part) for part in re.split(r"[,;\s]+", line.strip(" \t,;"))] for line in lines]
    except ValueError as error:
        raise InputError(f"{file} is not a text of numbers: {error}", f"Give {READABLE}.") from error


def _face_from_text(rows: list[list[float]], file: Path, suffix: str) -> Person:
    flat = np.array([number for row in rows for number in row], np.float64)
    if len(flat) != 2 * FACE68 or not np.isfinite(flat).all():
        raise InputError(f"{file} has {len(flat)} numbers where 136 are expected", "68 points of x and y each.")
    points = flat.reshape(FACE68, 2) - (1 if suffix == ".pts" else 0)
    # Writers of such files put zeros where they found no face.
    sure = np.full((FACE68, 1), float(bool((points != points[0]).any())))
    return np.concatenate([points, sure], 1)


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts 2 before 10."""
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"(\d+)", name) if p]
