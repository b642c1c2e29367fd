"""Predictions of pose and identity networks, and AKD, MKR and AED of two sets of them.

The published pipelines run a detector over the true and over the made frames, keep what it found, and compare the two
files. Both sides have to be read from lossless pictures: an MP4's compression alone moves landmarks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge import metrics
from muybridge.disk import read_json
from muybridge.errors import InputError

LOSSY = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".jpg", ".jpeg", ".gif")
ENDINGS = (*LOSSY, ".png")
MISSING = -1.0
"""A landmark at (-1, -1) was not found."""
Key = tuple[str, int]


@dataclass(frozen=True)
class Predictions:
    """What a network said of frames.

    values  (video's name without its endings, frame) -> [K, 2] landmarks in pixels or [D] features
    found   the same -> [K] which landmarks were found
    lossy   read from compressed files
    """

    values: Mapping[Key, Tensor]
    found: Mapping[Key, Tensor]
    lossy: bool


def read_predictions(path: Path) -> Predictions:
    """Predictions from a file or a folder.

    file    JSON: a list of {"file_name", "frame_number", "value"}, the columns of the published tables (written from
            a pandas table with `to_json(path, orient="records")`); value is [[x, y], ...] with [-1, -1] for what was
            not found, or features: a list, or a list of one list, as the published body networks leave it
    folder  OpenPose's: one JSON a frame, the first person's `pose_keypoints_2d` as x, y, confidence, where confidence
            0 means not found; frames in the order of their names
    Raises InputError for anything else; pickles are not read.
    """
    if path.is_dir():
        return _openpose(path)
    if path.suffix.lower() in (".pkl", ".pickle"):
        raise InputError(
            f"{path} is a pickle, and reading one runs what is in it",
            "Write it anew where it was made: pandas.read_pickle(path).to_json(new_path, orient='records')",
        )

    records = _json(path)
    if not isinstance(records, list) or not records:
        raise InputError(f"{path} does not hold a list of predictions", "See docs/evaluation.md for the format.")

    values: dict[Key, Tensor] = {}
    lossy = False

    for record in records:
        # Two rows of one frame would silently count one of them.
        key, value, name = _record(path, record)
        if key in values:
            raise InputError(f"{path} says two things of frame {key[1]} of {key[0]}")
        values[key] = value
        lossy = lossy or Path(name).suffix.lower() in LOSSY

    found = {key: (value != MISSING).any(-1) for key, value in values.items() if value.ndim == 2}
    return Predictions(values, found, lossy)


def compare_poses(truth: Predictions, made: Predictions) -> dict[str, float]:
    """akd (pixels) and mkr of two sets of landmarks; mkr alone where none was found on both sides."""
    frames = _common(truth, made, 2)
    found = _stack(made.found, frames)
    there = _stack(truth.found, frames)
    if not bool(there.any()):
        raise InputError("no landmark was found on any true frame", "Look at the true frames that were predicted on.")
    akd, mkr = metrics.average_keypoint_distance(
        _stack(made.values, frames), _stack(truth.values, frames), found, there
    )
    return {**({"akd": float(akd)} if bool((found & there).any()) else {}), "mkr": float(mkr)}


def compare_identities(truth: Predictions, made: Predictions) -> dict[str, float]:
    """AED of two sets of features."""
    frames = _common(truth, made, 1)
    distance = metrics.average_euclidean_distance(_stack(made.values, frames), _stack(truth.values, frames))
    return {"aed": float(distance)}


def _stack(rows: Mapping[Key, Tensor], frames: Sequence[Key]) -> Tensor:
    return torch.stack([rows[key] for key in frames])


def _common(truth: Predictions, made: Predictions, ndim: int) -> list[Key]:
    if truth.lossy != made.lossy:
        raise InputError(
            "one set of predictions is of compressed frames and the other is not: the compression alone would count",
            "Write both as PNG and predict again.",
        )

    frames = sorted(truth.values.keys() & made.values.keys())
    # A result may have more frames than the truth, and never fewer: a missing one would flatter it.
    lost = len(truth.values) - len(frames)
    if not frames or lost:
        raise InputError(f"{lost} of {len(truth.values)} true frames have no prediction of the result")

    shapes = set()
    for side in (truth, made):
        for key in frames:
            shapes.add(side.values[key].shape)

    if len(shapes) != 1 or len(next(iter(shapes))) != ndim:
        wanted = "landmarks [K, 2]" if ndim == 2 else "features [D]"
        raise InputError(f"predictions to compare are {wanted}, all of one size, not {sorted(map(tuple, shapes))}")

    return frames


def _record(path: Path, record: Any) -> tuple[Key, Tensor, str]:
    try:
        name = str(record["file_name"])
        frame = int(record["frame_number"])
        value = torch.tensor(record["value"], dtype=torch.float64)
    except (KeyError, TypeError, ValueError) as e:
        raise InputError(f"{path} has a line that is not file_name, frame_number and value: {record}") from e

    if value.ndim == 2 and value.shape[0] == 1 and value.shape[1] > 3:
        # The published body networks leave features as a list of one list.
        value = value[0]
    if value.ndim not in (1, 2) or (value.ndim == 2 and value.shape[1] != 2):
        raise InputError(f"{path}: a value is [[x, y], ...] or a list of numbers, not {tuple(value.shape)}")

    return (_video(name), frame), value, name


def is_lossy(path: Path) -> bool:
    """Whether frames that lie here have been compressed with a loss: a video, GIF or JPEGs, not PNGs."""
    files = path.iterdir() if path.is_dir() else (path,)
    return any(file.suffix.lower() in LOSSY for file in files)


def _video(name: str) -> str:
    """A video's name in both sets of predictions: the programs that write results add .png to the whole file name."""
    path = Path(name)
    while path.suffix.lower() in ENDINGS:
        path = path.with_suffix("")
    return path.name


def _openpose(folder: Path) -> Predictions:
    files = sorted(folder.glob("*.json"))
    if not files:
        raise InputError(f"{folder} holds no JSON of a pose network")

    raw: list[Tensor | None] = []
    for file in files:
        content = _json(file)
        people = content.get("people") if isinstance(content, dict) else None
        if not isinstance(people, list):
            raise InputError(f"{file} is not OpenPose's: it has no list of people")
        flat = people[0].get("pose_keypoints_2d") if people and isinstance(people[0], dict) else None
        # OpenPose writes an empty list where it saw nobody.
        numbers = isinstance(flat, list) and all(isinstance(v, int | float) for v in flat)
        if people and (flat is None or not numbers or len(flat) % 3):
            raise InputError(f"{file}: pose_keypoints_2d is x, y and confidence of each landmark")
        raw.append(None if flat is None else torch.tensor(flat, dtype=torch.float64).view(-1, 3))

    seen = []
    for r in raw:
        if r is not None:
            seen.append(r)

    if not seen:
        raise InputError(f"{folder}: there is nobody in any frame")

    # A frame without anybody counts, as one on which nothing was found.
    rows = [torch.zeros_like(seen[0]) if r is None else r for r in raw]
    values = {}
    for i, row in enumerate(rows):
        values[("", i)] = row[:, :2]

    return Predictions(values, {("", i): row[:, 2] > 0 for i, row in enumerate(rows)}, lossy=False)


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read as JSON: {e}") from e
