"""What every reader of landmarks shares: what a file holds, JSON within bounds, rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from muybridge.disk import parse_json, read_bytes
from muybridge.errors import InputError
from muybridge.landmarks.points import Kind
from muybridge.landmarks.skeletons import COUNTS_SAID, ORDERS, Person, Rows, to_openpose

READABLE = (
    "landmarks of OpenPose, ControlNet, DWPose, COCO, MMPose, AlphaPose, YOLO or MediaPipe, "
    "or text with 68 face points a frame"
)
MAX_BYTES = 2**28
"""Of one file."""
MAX_MEMORY = 600 * 2**20
"""Bytes that a file may become when it is parsed."""
MAX_COORDINATE = 1e6
"""Pixels: farther outside lies no picture."""
SCALED = 2.0
"""Where no point lies farther out than this, they are parts of the picture: nobody is two pixels large."""

Frames = tuple[tuple[str, tuple[Person, ...]], ...]


@dataclass(frozen=True, eq=False)
class LandmarkFile:
    """What a file or folder of landmarks holds.

    what    the format, for people
    kind    of the landmarks
    frames  (key, the people on it) in order; the key is a file's name without its ending, or a number
    named   whether the keys are names that frames may have, and not just the frames' places in the file
    size    (h, w) of the pictures, where the file says
    first   the number of a clip's first frame in this format, where its keys are numbers that count
    scaled  the points are parts of the picture, 0 to 1, and `size` is not known
    """

    what: str
    kind: Kind
    frames: Frames
    named: bool = True
    size: tuple[int, int] | None = None
    first: int | None = None
    scaled: bool = False

    def in_pixels(self, size: tuple[int, int] | None) -> LandmarkFile:
        """The same with its points in pixels of pictures of this size (h, w); InputError where none is known."""
        if not self.scaled:
            return self
        if size is None:
            raise InputError(
                f"the points of {self.what} are parts of the picture, and its size is not known",
                "Read them together with their clip.",
            )
        # The third number is the confidence, and stays.
        factor = np.array([size[1], size[0], 1.0])
        frames = []
        for key, people in self.frames:
            enlarged = []
            for person in people:
                enlarged.append(person * factor)

            frames.append((key, tuple(enlarged)))

        return replace(self, frames=tuple(frames), size=size, scaled=False)


def load_json(file: Path) -> Any:
    """The content of a JSON file; InputError for what is none, or would not fit into memory."""
    # Both limits are asked before parsing, which could take all memory.
    if file.stat().st_size > MAX_BYTES:
        raise InputError(f"{file} is larger than {MAX_BYTES >> 20} MiB, too large for landmarks", f"Give {READABLE}.")

    data = read_bytes(file, MAX_BYTES)
    # Python's objects are larger than their text: a list takes about 80 bytes, a dictionary 250, a number 32.
    memory = 2 * len(data) + 80 * data.count(b"[") + 250 * data.count(b"{") + 32 * data.count(b",")
    if memory > MAX_MEMORY:
        raise InputError(f"{file} holds too much to be one clip's landmarks", "Cut it into clips.")

    try:
        # Points that were not found are NaN in the files of some programs.
        return parse_json(data, finite=False)
    except ValueError as error:
        raise InputError(f"{file} is not a JSON file that can be read", "Write or copy it again.") from error


def describe_unknown(found: Any) -> str:
    """What is in a file that no reader knows: its first keys, or of what kind its entries are."""
    if isinstance(found, dict):
        keys = []
        for key in list(found)[:6]:
            keys.append(shorten(key))

        return f"its first keys are {', '.join(keys)}" if keys else "it is empty"
    if isinstance(found, list):
        return f"it is a list of {len(found)} entries; of the first, {describe_unknown(found[0])}" if found else NOBODY
    return f"it is {shorten(found)}"


NOBODY = "it is an empty list"


def shorten(value: object, length: int = 40) -> str:
    """A value as text that fits into a message."""
    text = str(value)
    return text if len(text) <= length else text[: length - 3] + "..."


def parse_rows(values: Any, width: int, file: Path, what: str) -> np.ndarray:
    """Flat or nested numbers as rows of `width`; null and NaN become NaN.

    Raises InputError where they are no numbers, do not fill the rows, or lie outside any picture.
    """
    try:
        flat = np.asarray(values, np.float64).reshape(-1)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{file}: the {what} are not numbers") from error

    if len(flat) % width or np.isinf(flat).any():
        meant = "x, y and confidence of each point" if width == 3 else f"{width} numbers of each point"
        raise InputError(f"{file}: the {what} are not {meant}")
    if len(flat) and np.nanmax(np.abs(flat), initial=0) > MAX_COORDINATE:
        raise InputError(f"{file}: the {what} lie outside any picture")
    return flat.reshape(-1, width)


def parse_triples(values: Any, file: Path, what: str) -> Rows:
    """x, y and confidence of each point [K, 3]; a point with a null or a NaN is not there: its confidence is 0."""
    return mark_missing(parse_rows([] if values is None else values, 3, file, what))


def mark_missing(rows: Rows) -> Rows:
    """Points without a place have the confidence 0."""
    missing = np.isnan(rows).any(1)
    return np.where(missing[:, None], 0.0, rows)


def person_from(rows: Rows, file: Path) -> Person:
    """A person of any known order in that of OpenPose; InputError for other counts."""
    if len(rows) not in ORDERS:
        raise InputError(f"{file} has people of {len(rows)} points", f"A person has {COUNTS_SAID}.")
    return to_openpose(rows)


def check_one_count(frames: Frames, file: Path) -> None:
    """InputError where people have different numbers of points."""
    counts = set()
    for _, people in frames:
        for person in people:
            counts.add(len(person))

    if len(counts) > 1:
        raise InputError(f"{file} mixes people of different numbers of points", "Take one kind.")


def are_scaled(frames: Frames) -> bool:
    """Whether all points that are seen are parts of the picture and not pixels."""
    largest = 0.0
    for _, people in frames:
        for person in people:
            seen = person[person[:, 2] > 0, :2]
            largest = max(largest, float(np.abs(seen).max(initial=0)))
    return 0 < largest <= SCALED


def numbered_key(entry: dict[str, Any], names: tuple[str, ...], otherwise: int) -> str:
    """The number of a frame that an entry names under one of these keys; else its place in the list."""
    for name in names:
        value = entry.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**31:
            return str(int(value))
    return str(otherwise)
