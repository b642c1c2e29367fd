"""What MMPose's inferencer and demos write: frames of instances, or one frame's instances alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from muybridge.errors import InputError
from muybridge.landmarks.formats.files import (
    LandmarkFile,
    check_one_count,
    mark_missing,
    numbered_key,
    parse_rows,
    person_from,
)
from muybridge.landmarks.skeletons import Person


def read_mmpose(found: Any, file: Path) -> LandmarkFile | None:
    """{meta_info, instance_info}, a list of frames {frame_id, instances}, or a list of instances. None: else.

    An instance has `keypoints` [[x, y], ...] and `keypoint_scores`.
    """
    if isinstance(found, dict):
        found = found.get("instance_info", found.get("predictions"))
    if not isinstance(found, list) or not found:
        return None

    if all(isinstance(e, dict) and isinstance(e.get("instances"), list) for e in found):
        listed = []
        for i, entry in enumerate(found):
            listed.append((numbered_key(entry, ("frame_id",), i), entry["instances"]))
    elif all(_is_instance(e) for e in found):
        listed = [(file.stem, found)]
    elif all(isinstance(e, list) and all(_is_instance(i) for i in e) for e in found):
        listed = []
        for i, entry in enumerate(found):
            listed.append((str(i), entry))
    else:
        return None

    frames = []
    for key, instances in listed:
        people = []
        for instance in instances:
            people.append(_parse_instance(instance, file))

        frames.append((key, tuple(people)))
    check_one_count(tuple(frames), file)
    # Every frame is listed, so the first number says whether a program counts from 0 or from 1.
    first = min((int(key) for key, _ in frames if key.isdecimal()), default=0)
    named = len(frames) == 1 and frames[0][0] == file.stem
    return LandmarkFile("MMPose JSON", "body25", tuple(frames), named, first=None if named else first)


def _is_instance(entry: Any) -> bool:
    points = entry.get("keypoints") if isinstance(entry, dict) else None
    return isinstance(points, list) and len(points) > 0 and isinstance(points[0], list)


def _parse_instance(instance: Any, file: Path) -> Person:
    if not _is_instance(instance):
        raise InputError(f"{file}: an instance has no keypoints of x and y", "Write it again with MMPose.")
    # Rows of different lengths would make no array, and are told of in words.
    widths = set()
    for row in instance["keypoints"]:
        widths.add(len(row) if isinstance(row, list) else 0)

    width = widths.pop() if len(widths) == 1 else 0
    if width not in (2, 3):
        raise InputError(f"{file}: the keypoints are not x and y of each point", "Three dimensions are too many.")

    rows = parse_rows(instance["keypoints"], width, file, "keypoints")
    scores = instance.get("keypoint_scores")
    if scores is not None:
        trust = parse_rows(scores, 1, file, "scores")[:, 0]
    else:
        # Files without scores are taken at their word: every point is sure.
        trust = rows[:, 2] if width == 3 else np.ones(len(rows))
    if len(trust) != len(rows):
        raise InputError(f"{file} has {len(rows)} points and {len(trust)} scores a person")
    return person_from(mark_missing(np.column_stack([rows[:, :2], trust.clip(0, 1)])), file)
