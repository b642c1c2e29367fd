"""Text files of numbers: 68 face points a frame, or YOLO's people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from muybridge.errors import InputError
from muybridge.landmarks.formats.files import MAX_BYTES, MAX_COORDINATE, READABLE, LandmarkFile, shorten
from muybridge.landmarks.formats.yolo import is_yolo_text, read_yolo_texts
from muybridge.landmarks.layout import FACE68
from muybridge.landmarks.skeletons import Person

Numbers = list[list[float]]
"""The numbers of each line."""

_AROUND = re.compile(r"\s*(version|n_points|[{}#])")
"""Lines of a .pts file that hold no points, and comments."""
_MAX_TEXT = MAX_BYTES // 8


def read_texts(files: Sequence[Path]) -> LandmarkFile:
    """Text files of one frame each: 68 lines of x and y, a .pts file of 300-W, or YOLO's lines of people.

    A .pts file counts pixels from 1. Only YOLO leaves a file empty, where it found nobody.
    """
    rows = [_read_numbers(file) for file in files]
    if is_yolo_text([line for lines in rows for line in lines]):
        return read_yolo_texts(files, rows)

    frames = []
    for file, lines in zip(files, rows, strict=True):
        frames.append((file.stem, (_parse_face(lines, file),)))
    return LandmarkFile("text files of 68 face points", "face68", tuple(frames))


def read_table(file: Path) -> LandmarkFile:
    """One text file with a line of 136 numbers, x and y in turn, for each frame; or 68 lines of x and y for each.

    One frame of YOLO's too.
    """
    rows = _read_numbers(file)
    if is_yolo_text(rows):
        return read_yolo_texts([file], [rows])

    if all(len(row) == 2 for row in rows):
        # Anything but whole faces of 68 lines is left to the reader of a single face, which says what is wrong.
        if len(rows) <= FACE68 or len(rows) % FACE68:
            return read_texts([file])
        numbers = []
        for row in rows:
            numbers += row

        rows = []
        for begin in range(0, len(numbers), 2 * FACE68):
            rows.append(numbers[begin : begin + 2 * FACE68])

    frames = []
    for i, row in enumerate(rows):
        frames.append((str(i), (_parse_face([row], file),)))
    return LandmarkFile("a text file of 68 face points", "face68", tuple(frames), named=False)


def _read_numbers(file: Path) -> Numbers:
    """Every line of numbers, with commas or spaces between; the lines of a .pts file around them are left out."""
    if file.stat().st_size > _MAX_TEXT:
        raise InputError(f"{file} is larger than {_MAX_TEXT >> 20} MiB, too large for landmarks", f"Give {READABLE}.")

    text = file.read_text(encoding="utf-8-sig", errors="replace")
    rows = []
    for line in text.splitlines():
        # A .pts file has a head and braces round its numbers.
        if not line.strip() or _AROUND.match(line):
            continue
        try:
            rows.append([float(part) for part in re.split(r"[,;\s]+", line.strip(" \t,;"))])
        except ValueError as error:
            raise InputError(
                f"{file} is not a text of numbers: {shorten(line.strip())}", f"Give {READABLE}."
            ) from error
    return rows


def _parse_face(rows: Numbers, file: Path) -> Person:
    flat = np.array([number for row in rows for number in row], np.float64)
    if len(flat) != 2 * FACE68:
        raise InputError(f"{file} has {len(flat)} numbers where 136 are expected", "68 points of x and y each.")
    if not (np.abs(flat) <= MAX_COORDINATE).all():
        raise InputError(f"{file}: the points lie outside any picture")

    points = flat.reshape(FACE68, 2) - (1 if file.suffix == ".pts" else 0)
    # Writers of such files put zeros where they found no face.
    sure = np.full((FACE68, 1), float(bool((points != points[0]).any())))
    return np.concatenate([points, sure], 1)
