"""Poses of YOLO (Ultralytics): a text file a frame of normalised points, or the JSON of its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muybridge.errors import InputError
from muybridge.landmarks.formats.files import (
    LandmarkFile,
    are_scaled,
    check_one_count,
    mark_missing,
    parse_rows,
    person_from,
)
from muybridge.landmarks.skeletons import Person

BOX = 5
"""Numbers of a line before the points: the class, and the box's middle and size."""
POINTS = 17


def is_yolo_text(rows: Sequence[Sequence[float]]) -> bool:
    """Whether lines of numbers are YOLO's: a class, a box and 17 points, all of them parts of the picture."""
    for row in rows:
        count = len(row) - BOX
        # Behind the points may stand the box's confidence and the number of a track.
        if count not in (2 * POINTS, 3 * POINTS, 3 * POINTS + 1, 3 * POINTS + 2):
            return False
        if row[0] != int(row[0]) or max(map(abs, row[1:BOX])) > 1.5:
            return False
    return len(rows) > 0


def read_yolo_texts(files: Sequence[Path], rows: Sequence[Sequence[Sequence[float]]]) -> LandmarkFile:
    """Text files, one a frame; a frame on which nobody was found has none. A video's frames are counted from 1."""
    frames = []
    for file, lines in zip(files, rows, strict=True):
        people = []
        for line in lines:
            width = 2 if len(line) == BOX + 2 * POINTS else 3
            points = parse_rows(line[BOX : BOX + width * POINTS], width, file, "points")
            people.append(_make_person(points, file))
        frames.append((file.stem, tuple(people)))

    return LandmarkFile("YOLO text", "body25", tuple(frames), first=1, scaled=True)


def read_yolo_json(found: Any, file: Path) -> LandmarkFile | None:
    """The JSON of YOLO's results: a list of people of one frame, or a list of such lists. None: something else."""
    if not isinstance(found, list) or not found:
        return None
    one_frame = all(_is_result(entry) for entry in found)
    several = all(isinstance(e, list) and all(_is_result(p) for p in e) for e in found) and any(found)
    if not one_frame and not several:
        return None

    # A list of people is one frame, and carries no number but the file's name.
    listed = [(file.stem, found)]
    if not one_frame:
        listed = []
        for i, entry in enumerate(found):
            listed.append((str(i), entry))

    frames = []
    for key, results in listed:
        people = []
        for result in results:
            people.append(_parse_result(result, file))

        frames.append((key, tuple(people)))
    check_one_count(tuple(frames), file)
    return LandmarkFile("YOLO JSON", "body25", tuple(frames), one_frame, scaled=are_scaled(tuple(frames)))


def _is_result(entry: Any) -> bool:
    points = entry.get("keypoints") if isinstance(entry, dict) else None
    return isinstance(points, dict) and "x" in points and "y" in points


def _parse_result(result: dict[str, Any], file: Path) -> Person:
    points = result["keypoints"]
    x = parse_rows(points["x"], 1, file, "points")[:, 0]
    y = parse_rows(points["y"], 1, file, "points")[:, 0]
    sure = parse_rows(points.get("visible") or np.ones(len(x)), 1, file, "points")[:, 0]
    if not len(x) == len(y) == len(sure):
        raise InputError(f"{file} has {len(x)} x, {len(y)} y and {len(sure)} confidences a person")
    return _make_person(np.column_stack([x, y, sure]), file)


def _make_person(points: np.ndarray, file: Path) -> Person:
    """A person of points [K, 2] or [K, 3]; YOLO writes what it did not find at 0, 0."""
    rows = points if points.shape[1] == 3 else np.column_stack([points, np.ones(len(points))])
    rows = mark_missing(rows)
    lost = (rows[:, :2] == 0).all(1)
    trust = np.where(lost, 0, rows[:, 2].clip(0, 1))
    return person_from(np.column_stack([rows[:, :2], trust]), file)
