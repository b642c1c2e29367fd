"""OpenPose's JSON, and its relatives: ControlNet's editors, which put a whole clip into one list, and DWPose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from muybridge.errors import InputError
from muybridge.landmarks.formats.files import (
    READABLE,
    SCALED,
    LandmarkFile,
    are_scaled,
    mark_missing,
    parse_rows,
    parse_triples,
)
from muybridge.landmarks.layout import FACE68
from muybridge.landmarks.skeletons import OPENPOSE18, Person, join_parts, order_by_name

Size = tuple[int, int]
MAX_SIDE = 2**16
"""Pixels of a canvas."""


def read_openpose(found: Any, file: Path) -> LandmarkFile | None:
    """A frame of OpenPose's, or a list of them, as ControlNet writes a clip. None: it is something else.

    ControlNet's frames name the canvas; their points are pixels of it, or parts of it, 0 to 1.
    """
    if isinstance(found, dict) and "people" in found:
        entries = [found]
        keys = [file.stem.removesuffix("_keypoints")]
    elif isinstance(found, list) and found and all(isinstance(e, dict) and "people" in e for e in found):
        entries = found
        keys = []
        for i in range(len(found)):
            keys.append(str(i))
    else:
        return None

    frames = []
    for key, entry in zip(keys, entries, strict=True):
        frames.append((key, _parse_people(entry, file)))
    size = _canvas(entries, file)

    scaled = are_scaled(tuple(frames))
    if scaled and size is None:
        _refuse_scaled(frames, file)
    named = isinstance(found, dict)
    what = "OpenPose JSON" if size is None else "ControlNet JSON"
    read = LandmarkFile(what, "body25", tuple(frames), named, size, first=0, scaled=scaled and size is not None)
    return read.in_pixels(size)


def read_dwpose(found: Any, file: Path) -> LandmarkFile | None:
    """DWPose's own dictionaries {bodies: {candidate, subset}, hands, faces}, one or a list. None: something else."""
    entries = found if isinstance(found, list) else [found]
    if not entries or not all(isinstance(e, dict) and isinstance(e.get("bodies"), dict) for e in entries):
        return None
    if not all("candidate" in e["bodies"] for e in entries):
        return None

    frames = []
    for i, entry in enumerate(entries):
        key = file.stem if isinstance(found, dict) else str(i)
        frames.append((key, _parse_dwpose_people(entry, file)))
    people = tuple(frames)
    return LandmarkFile("DWPose", "body25", people, isinstance(found, dict), first=0, scaled=are_scaled(people))


def _canvas(entries: list[dict[str, Any]], file: Path) -> Size | None:
    """(h, w) of the canvas that the frames name; InputError where they name several."""
    sizes = set()
    for entry in entries:
        height = entry.get("canvas_height")
        width = entry.get("canvas_width")
        if isinstance(height, int | float) and isinstance(width, int | float) and min(height, width) >= 1:
            sizes.add((int(min(height, MAX_SIDE)), int(min(width, MAX_SIDE))))

    if len(sizes) > 1:
        raise InputError(f"{file} has frames of several canvas sizes", "A clip has one size.")

    return sizes.pop() if sizes else None


def _parse_people(found: dict[str, Any], file: Path) -> tuple[Person, ...]:
    if not isinstance(found.get("people"), list):
        raise InputError(f"{file} is not a file of OpenPose's: it names no people", f"Give {READABLE}.")
    people = []
    for person in found["people"]:
        if isinstance(person, dict):
            people.append(person)

    return tuple(parse_person(person, file) for person in people)


def parse_person(person: dict[str, Any], file: Path) -> Person:
    """One of OpenPose's people [137, 3]; hands and face may be missing, null or empty, and so may a face's body."""
    body = parse_triples(person.get("pose_keypoints_2d", person.get("pose_keypoints", [])), file, "body points")
    face = parse_triples(person.get("face_keypoints_2d"), file, "points of face")
    left = parse_triples(person.get("hand_left_keypoints_2d"), file, "points of hand_left")
    right = parse_triples(person.get("hand_right_keypoints_2d"), file, "points of hand_right")

    if len(body) == len(OPENPOSE18):
        body = order_by_name(body, OPENPOSE18)
    # OpenPose can look for faces alone.
    elif len(body) == 0 and len(face):
        body = np.zeros((25, 3))
    # Other counts belong to other skeletons, whose points would be taken for wrong joints.
    fits = len(body) == 25 and len(face) in (0, FACE68, 70) and {len(left), len(right)} <= {0, 21}
    if not fits:
        raise InputError(
            f"{file} has {len(body)} body points and {len(left) + len(right) + len(face)} of hands and face a person",
            "25 (or 18) body points, 21 of each hand and 70 of the face are what OpenPose writes.",
        )
    return join_parts(body, face if len(face) else None, left if len(left) else None, right if len(right) else None)


def _refuse_scaled(frames: list[tuple[str, tuple[Person, ...]]], file: Path) -> None:
    """InputError where somebody has enough points to say that they are no pixels."""
    for _, people in frames:
        for person in people:
            seen = person[person[:, 2] > 0, :2]
            if len(seen) >= 3 and np.abs(seen).max() <= SCALED:
                raise InputError(
                    f"{file}: the points lie between -1 and 1, and pixels are needed",
                    "Run OpenPose with its keypoint_scale 0.",
                )


def _parse_dwpose_people(found: dict[str, Any], file: Path) -> tuple[Person, ...]:
    candidate = parse_rows(found["bodies"]["candidate"], 2, file, "body points")
    subset = parse_rows(found["bodies"].get("subset", []), len(OPENPOSE18), file, "rows of body points")
    hands = parse_rows(found.get("hands") or [], 42, file, "points of hands")
    faces = parse_rows(found.get("faces") or [], 2 * FACE68, file, "points of faces")

    people = []
    for i, row in enumerate(subset):
        body = np.zeros((len(OPENPOSE18), 3))
        for joint, index in enumerate(row):
            # DWPose writes -1 for a joint that was not found.
            if np.isfinite(index) and 0 <= index < len(candidate):
                body[joint] = (*candidate[int(index)], 1.0)
        # The left hands come before the right ones, which DWPose stacks.
        left = hands[i] if i < len(hands) else None
        right = hands[len(subset) + i] if len(subset) + i < len(hands) else None
        face = faces[i] if i < len(faces) else None
        whole = join_parts(order_by_name(mark_missing(body), OPENPOSE18), *map(_with_confidence, (face, left, right)))
        people.append(whole)
    return tuple(people)


def _with_confidence(flat: np.ndarray | None) -> np.ndarray | None:
    """Points [K, 3] of x and y in turn; DWPose writes -1 for what it did not find."""
    if flat is None:
        return None
    points = flat.reshape(-1, 2)
    sure = np.isfinite(points).all(1) & (points >= 0).all(1)
    return np.where(sure[:, None], np.column_stack([points, np.ones(len(points))]), 0.0)
