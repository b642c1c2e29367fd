"""Motion as tables: our CSV and JSON, and DeepLabCut's CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from muybridge.disk import parse_json, read_bytes
from muybridge.errors import InputError
from muybridge.motion.track import MotionTrack
from muybridge.video.clip import Timing

FORMAT = "muybridge motion"
_HEAD = "# muybridge motion, frames of"
_TIME_BASE = Fraction(1, 90000)
"""Seconds: times in text are kept to this."""


def csv_text(motion: MotionTrack) -> str:
    """A line a frame: its number and time, and x, y and confidence of each point; a comment says the frames' size."""
    out = io.StringIO()
    out.write(f"{_HEAD} {motion.size[1]} x {motion.size[0]}, end {motion.timing.duration:.6f} s\n")
    table = csv.writer(out, lineterminator="\n")
    columns = []
    for name in motion.names:
        for part in ("x", "y", "confidence"):
            columns.append(f"{name}_{part}")

    table.writerow(["frame", "time", *columns])
    for t, time in enumerate(motion.timing.seconds):
        table.writerow([t, f"{time:.6f}", *_cells(motion, t)])
    return out.getvalue()


def deeplabcut_text(motion: MotionTrack) -> str:
    """DeepLabCut's CSV: three lines of headings, then x, y and likelihood of each point on each frame."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["scorer", *["muybridge"] * (3 * len(motion.names))])
    table.writerow(["bodyparts", *(name for name in motion.names for _ in range(3))])
    table.writerow(["coords", *["x", "y", "likelihood"] * len(motion.names)])
    for t in range(len(motion.timing)):
        table.writerow([t, *_cells(motion, t)])
    return out.getvalue()


def json_text(motion: MotionTrack) -> str:
    """The same as JSON: size, names, times, and [x, y, confidence] of each point on each frame."""
    rows = np.concatenate([motion.points, motion.confidence[..., None]], -1).astype(np.float64)
    points = []
    for frame in rows.tolist():
        points.append([[round(v, 4) for v in point] for point in frame])

    times = []
    for time in motion.timing.seconds:
        times.append(round(time, 6))

    record = {"format": FORMAT, "size": list(motion.size), "names": list(motion.names), "times": times}
    return json.dumps({**record, "end": round(motion.timing.duration, 6), "points": points}) + "\n"


def read_json(file: Path) -> MotionTrack:
    """What `json_text` wrote."""
    try:
        found = parse_json(read_bytes(file), finite=False)
        if found["format"] != FORMAT:
            raise InputError(f"{file} is no motion", "Landmarks are given with their video.")
        rows = np.asarray(found["points"], np.float64)
        names = tuple(map(str, found["names"]))
        size = int(found["size"][0]), int(found["size"][1])
        timing = timing_of([float(time) for time in found["times"]], float(found["end"]))
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, OSError) as error:
        raise InputError(f"{file} is a JSON file without a motion that can be read", "Export it again.") from error
    # Rows of unequal length fail above, but a wrong depth makes an array all the same.
    if rows.ndim != 3 or rows.shape[2] != 3:
        raise InputError(f"{file} does not hold x, y and confidence of each point on each frame")
    return _make(rows, names, timing, size)


def read_csv(file: Path, size: tuple[int, int] | None, timing: Timing | None) -> MotionTrack:
    """Our CSV, or DeepLabCut's, which says neither size nor times."""
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    table = [row for row in csv.reader(line for line in lines if not line.startswith("#")) if row]
    if table and table[0][0] == "scorer":
        return _parse_deeplabcut(file, table, size, timing)
    if len(table) < 2 or table[0][:2] != ["frame", "time"]:
        raise InputError(f"{file} is no motion: its first cell is neither frame nor scorer", "Export it again.")

    names = []
    for name in table[0][2::3]:
        names.append(name.removesuffix("_x"))

    cells = _numbers(file, table[1:], 2 + 3 * len(names))
    # Tables that people made by hand may lack our first line, which is no reason to refuse them.
    end = None
    if lines[0].startswith(_HEAD):
        size, end = _parse_head(file, lines[0])
    if size is None:
        raise InputError(f"{file} does not say how large its frames are", f"Begin it with: {_HEAD} WIDTH x HEIGHT")
    rows = cells[:, 2:].reshape(len(cells), -1, 3)
    return _make(rows, tuple(names), timing_of(cells[:, 1].tolist(), end), size)


def _parse_head(file: Path, line: str) -> tuple[tuple[int, int], float | None]:
    try:
        parts = line[len(_HEAD) :].replace(",", " ").split()
        width = int(parts[0])
        height = int(parts[2])
        return (height, width), float(parts[4]) if len(parts) > 4 else None
    except (ValueError, IndexError) as error:
        raise InputError(f"{file} begins with a line that cannot be read: {line[:60]}") from error


def _parse_deeplabcut(
    file: Path, table: list[list[str]], size: tuple[int, int] | None, timing: Timing | None
) -> MotionTrack:
    heads = {}
    for row in table[:4]:
        if row[0] in ("scorer", "individuals", "bodyparts", "coords"):
            heads[row[0]] = row[1:]

    if not {"bodyparts", "coords"} <= heads.keys() or heads["coords"][:3] != ["x", "y", "likelihood"]:
        raise InputError(f"{file} is not DeepLabCut's CSV of x, y and likelihood")
    # Which of them is meant would be a guess.
    if len(set(heads.get("individuals", ["one"]))) > 1:
        raise InputError(f"{file} has several individuals", "Export one of them alone.")
    # Each body part stands above its three columns, so every third name is enough.
    names = tuple(heads["bodyparts"][::3])
    cells = _numbers(file, table[len(heads) :], 1 + 3 * len(names))[:, 1:]
    rows = cells.reshape(len(cells), -1, 3)
    if timing is not None and len(timing) != len(rows):
        raise InputError(
            f"{file} has {len(rows)} frames, and the video that it belongs to {len(timing)}",
            "Take the video that was tracked, and all of its frames.",
        )
    return _make(rows, names, timing or Timing.constant(len(rows)), size or _span(rows))


def _span(rows: np.ndarray) -> tuple[int, int]:
    """The smallest frame that holds all points, for files that do not say how large theirs is."""
    highest = np.nanmax(np.where(rows[..., 2:] > 0, rows[..., :2], 0), axis=(0, 1), initial=0)
    return max(2, math.ceil(float(highest[1])) + 1), max(2, math.ceil(float(highest[0])) + 1)


def _numbers(file: Path, table: list[list[str]], width: int) -> np.ndarray:
    """Cells as numbers; empty ones are NaN."""
    if not table or any(len(row) != width for row in table):
        raise InputError(f"{file} has lines of other lengths than its heading's {width} cells")
    try:
        return np.array([[float(cell) if cell.strip() else math.nan for cell in row] for row in table])
    except ValueError as error:
        raise InputError(f"{file} holds cells that are not numbers: {str(error)[:80]}") from error


def _make(rows: np.ndarray, names: tuple[str, ...], timing: Timing, size: tuple[int, int]) -> MotionTrack:
    """A track of x, y and confidence; what is not a number was not found."""
    found = np.isfinite(rows).all(-1)
    rows = np.where(found[..., None], rows, 0.0)
    return MotionTrack(
        rows[..., :2].astype(np.float32), rows[..., 2].clip(0, 1).astype(np.float32), names, timing, size
    )


def timing_of(times: list[float], end: float | None) -> Timing:
    """Frames that begin at these seconds; the last one stays as long as the one before where no end is known.

    Raises InputError where times do not rise.
    """
    if not times or not all(0 <= time - times[0] < 1e6 for time in times):
        raise InputError("a motion's times rise from frame to frame, in seconds")
    ticks = []
    for time in times:
        ticks.append(round((time - times[0]) / float(_TIME_BASE)))

    step = ticks[-1] - ticks[-2] if len(ticks) > 1 else round(1 / 25 / float(_TIME_BASE))
    last = step if end is None else round(end / float(_TIME_BASE)) - ticks[-1]
    return Timing(tuple(ticks), max(1, last), _TIME_BASE)


def _cells(motion: MotionTrack, t: int) -> list[Any]:
    cells = []
    for (x, y), sure in zip(motion.points[t].tolist(), motion.confidence[t].tolist(), strict=True):
        cells += [f"{x:.4f}", f"{y:.4f}", f"{sure:.4f}"] if sure > 0 else ["", "", "0"]
    return cells
