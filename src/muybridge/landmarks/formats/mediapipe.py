"""MediaPipe's landmarks as its users save them: a body's 33, a face's 468 or 478, hands of 21, parts of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from muybridge.errors import InputError
from muybridge.landmarks.formats.files import (
    Frames,
    LandmarkFile,
    are_scaled,
    check_one_count,
    mark_missing,
    numbered_key,
    parse_rows,
)
from muybridge.landmarks.points import Kind
from muybridge.landmarks.skeletons import (
    BLAZEPOSE33,
    FACE_MESH_COUNTS,
    Person,
    Rows,
    face_from_mesh,
    join_parts,
    to_openpose,
)

NAMES: Mapping[str, str] = {
    "pose_landmarks": "pose",
    "poselandmarks": "pose",
    "pose": "pose",
    "landmarks": "any",
    "landmark": "any",
    "keypoints": "any",
    "face_landmarks": "face",
    "facelandmarks": "face",
    "multi_face_landmarks": "face",
    "multifacelandmarks": "face",
    "face": "face",
    "left_hand_landmarks": "left",
    "lefthandlandmarks": "left",
    "right_hand_landmarks": "right",
    "righthandlandmarks": "right",
}
"""Keys of MediaPipe's results in Python and in JavaScript, in lower case, and the part that they hold."""
WRAPPERS = ("frames", "results", "data", "poses")
"""Keys under which people put the list of frames."""
FRAME_NUMBERS = ("frame", "frame_id", "frame_index", "frame_number", "index")

Parts = dict[str, list[Rows]]
"""Of one frame: each part's points [K, 3], one for each person."""


def read_mediapipe(found: Any, file: Path) -> LandmarkFile | None:
    """One frame's landmarks, or a list of frames, with or without a dictionary round it. None: it is something else."""
    found = _unwrap(found)
    # A list of lists is one of frames: which of several people's points are whose would not be said.
    named = isinstance(found, dict) or (isinstance(found, list) and len(found) > 0 and _is_point(found[0]))
    if named:
        one = _parse_frame(found, file)
        listed = [] if one is None else [(file.stem, one)]
    else:
        listed = _parse_frames(found, file)
    if not listed:
        return None

    has_body = any(parts.get("pose") for _, parts in listed)
    has_face = any(parts.get("face") for _, parts in listed)
    # A face alone has no body to draw it on; with a body it is one of the body's parts.
    kind: Kind = "face68" if has_face and not has_body else "body25"
    made = []
    for key, parts in listed:
        made.append((key, _make_people(parts, has_body)))

    frames: Frames = tuple(made)
    check_one_count(frames, file)
    return LandmarkFile("MediaPipe JSON", kind, frames, named, first=0, scaled=are_scaled(frames))


def _unwrap(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    for name in WRAPPERS:
        if isinstance(found.get(name), list):
            return found[name]
    return found


def _parse_frames(found: Any, file: Path) -> list[tuple[str, Parts]]:
    """Every frame of a list; a frame on which nobody was found may be null or empty. [] where one is no frame."""
    if not isinstance(found, list) or not any(found):
        return []

    frames = []
    for i, entry in enumerate(found):
        parts = _parse_frame(entry, file) if entry else {}
        if parts is None:
            return []
        key = numbered_key(entry, FRAME_NUMBERS, i) if isinstance(entry, dict) else str(i)
        frames.append((key, parts))
    return frames


def _parse_frame(entry: Any, file: Path) -> Parts | None:
    """The parts of one frame, none of which may have been found; None where it is no frame of MediaPipe's."""
    found: Parts = {}
    known = False

    for name, value in entry.items() if isinstance(entry, dict) else [("landmarks", entry)]:
        part = NAMES.get(str(name).lower())
        if part is None:
            continue
        people = _list_people(value)
        # An empty list under a known name is MediaPipe's way to say that it found nobody.
        known = known or not value

        for points in people:
            rows = _parse_points(points, file)
            fitting = _which_part(part, len(rows))
            if fitting is not None:
                found.setdefault(fitting, []).append(rows)

    return found if known or found else None


def _which_part(part: str, count: int) -> str | None:
    if count == len(BLAZEPOSE33) and part in ("any", "pose"):
        return "pose"
    if count in FACE_MESH_COUNTS and part in ("any", "face"):
        return "face"
    return part if count == 21 and part in ("left", "right") else None


def _list_people(value: Any) -> list[list[Any]]:
    """Each person's list of points: one list alone, a list of lists, or protobuf's {landmark: [...]} of either."""
    if isinstance(value, dict):
        value = value.get("landmark", [])
    if not isinstance(value, list) or not value:
        return []
    # Some programs write one person's points without a list of people round them.
    if _is_point(value[0]):
        return [value]

    people = []
    for each in value:
        points = each.get("landmark") if isinstance(each, dict) else each
        if isinstance(points, list) and points and _is_point(points[0]):
            people.append(points)

    return people


def _is_point(value: Any) -> bool:
    if isinstance(value, dict):
        return "x" in value and "y" in value
    return isinstance(value, list) and 2 <= len(value) <= 5 and not isinstance(value[0], list | dict)


def _parse_points(points: list[Any], file: Path) -> Rows:
    """[K, 3]: x, y and how visible each is; points without such a number, as a face's are, are sure."""
    rows = []
    for point in points:
        if isinstance(point, dict):
            rows.append([point.get("x"), point.get("y"), point.get("visibility", point.get("score", 1.0))])
        elif isinstance(point, list) and len(point) >= 2:
            # x, y, z and the visibility; with three numbers the third is the depth.
            rows.append([*point[:2], point[3] if len(point) > 3 else 1.0])
        else:
            raise InputError(f"{file}: the landmarks are not x and y of each point")

    parsed = mark_missing(parse_rows(rows, 3, file, "landmarks"))
    return np.column_stack([parsed[:, :2], parsed[:, 2].clip(0, 1)])


def _make_people(parts: Parts, has_body: bool) -> tuple[Person, ...]:
    faces = []
    for mesh in parts.get("face", []):
        faces.append(face_from_mesh(mesh))

    if not has_body:
        return tuple(faces)

    left = parts.get("left", [])
    right = parts.get("right", [])
    people = []
    for i, pose in enumerate(parts.get("pose", [])):
        people.append(join_parts(to_openpose(pose), _nth(faces, i), _nth(left, i), _nth(right, i)))
    return tuple(people)


def _nth(found: list[Rows], index: int) -> Rows | None:
    return found[index] if index < len(found) else None
