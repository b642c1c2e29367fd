"""COCO's JSON of keypoints, data set or results, and AlphaPose's, whose entries name the picture's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from muybridge.errors import InputError
from muybridge.landmarks.formats.files import (
    LandmarkFile,
    check_one_count,
    parse_triples,
    person_from,
    shorten,
)
from muybridge.landmarks.formats.openpose import parse_person
from muybridge.landmarks.skeletons import Person, Rows
from muybridge.video.paths import natural_key

_LONGEST_NAME = 1024
"""Characters of a picture's name: no file system has longer ones, and a number of thousands of digits is none."""


def read_coco(found: Any, file: Path) -> LandmarkFile | None:
    """COCO's data set {images, annotations} or list of results, and AlphaPose's list. None: it is something else."""
    if isinstance(found, dict) and "annotations" in found:
        return _read_annotations(found, file)
    entries = found if isinstance(found, list) else []
    if not entries or not all(isinstance(e, dict) and ("image_id" in e or _is_flat(e)) for e in entries):
        return None
    return _read_annotations({"annotations": entries}, file)


def _is_flat(entry: dict[str, Any]) -> bool:
    """Whether an entry that names no picture has x, y and confidence in turn."""
    points = entry.get("keypoints")
    return isinstance(points, list) and len(points) > 0 and isinstance(points[0], int | float)


def _read_annotations(found: dict[str, Any], file: Path) -> LandmarkFile:
    try:
        names = {}
        frames: dict[str, list[Person]] = {}
        for image in found.get("images", []):
            key = str(image["id"])
            names[key] = _stem(image.get("file_name", key))
            # Pictures without a person have no annotations, and are frames all the same.
            frames[names[key]] = []

        for entry in found["annotations"]:
            image = str(entry["image_id"]) if "image_id" in entry else file.stem
            # AlphaPose writes the picture's name where COCO has its number.
            key = names.get(image, _stem(image))
            rows = parse_triples(entry["keypoints"], file, "keypoints")
            people = frames.setdefault(key, [])
            # An object without keypoints is nobody.
            if len(rows):
                people.append(person_from(_scale_confidence(rows, entry), file))
    except KeyError as error:
        raise InputError(f"{file} is not COCO's JSON of keypoints: {shorten(error, 80)} is missing") from error
    except (TypeError, AttributeError) as error:
        raise InputError(
            f"{file} is not COCO's JSON of keypoints: its images and annotations are not what COCO has there",
            "Both are lists of objects; a picture has an id, and a person an image_id and keypoints.",
        ) from error

    ordered = []
    for key in sorted(frames, key=lambda name: natural_key(Path(name))):
        ordered.append((key, tuple(frames[key])))

    check_one_count(tuple(ordered), file)
    return LandmarkFile("COCO JSON", "body25", tuple(ordered))


def _stem(name: Any) -> str:
    """A picture's name without its folder and its ending; a number stays what it is."""
    text = str(name)[:_LONGEST_NAME]
    path = Path(text.replace("\\", "/"))
    is_file = path.suffix.lower().lstrip(".").isalpha() if path.suffix else False
    return path.stem if is_file else path.name or text


def _scale_confidence(rows: Rows, entry: dict[str, Any]) -> Rows:
    """In a data set the third number is 0 missing, 1 hidden, 2 seen; in results it is a score, scaled here to 1."""
    labelled = "score" not in entry and set(np.unique(rows[:, 2])) <= {0.0, 1.0, 2.0}
    halved = labelled and rows[:, 2].max() > 1
    rows = rows.copy()
    rows[:, 2] = np.clip(rows[:, 2] / (2 if halved else 1), 0, 1)
    return rows


def read_alphapose(found: Any, file: Path) -> LandmarkFile | None:
    """AlphaPose's other two forms: pictures' names with `people` as OpenPose's or `bodies` of `joints`. None: else.

    Its usual form is a list like COCO's, which `read_coco` takes.
    """
    frames_of = found if isinstance(found, dict) else {}
    if _is_alphapose_frame(frames_of):
        frames_of = {file.name: found}
    if not frames_of or not all(_is_alphapose_frame(entry) for entry in frames_of.values()):
        return None

    frames = []
    for name in sorted(frames_of, key=lambda k: natural_key(Path(k))):
        entry = frames_of[name]
        people = []
        for person in entry.get("people", []):
            people.append(parse_person(person, file))

        for person in entry.get("bodies", []):
            rows = parse_triples(person.get("joints"), file, "joints")
            people.append(person_from(np.clip(rows, None, [np.inf, np.inf, 1.0]), file))
        frames.append((_stem(name), tuple(people)))
    check_one_count(tuple(frames), file)
    return LandmarkFile("AlphaPose JSON", "body25", tuple(frames))


def _is_alphapose_frame(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    people = entry.get("people", entry.get("bodies"))
    return isinstance(people, list) and all(isinstance(person, dict) for person in people)
