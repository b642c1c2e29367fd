"""Readers that no file can hold up: neither a pipe nor what is too large, too deep or no number."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any


def read_bytes(path: Path, limit: int = 64 * 2**20) -> bytes:
    """What is in an ordinary file; ValueError for a pipe, a device or more than `limit` bytes, OSError as ever."""
    # Opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise ValueError("it is no ordinary file")
        if state.st_size > limit:
            raise ValueError(f"it has {state.st_size / 2**20:.0f} MB, and {limit / 2**20:.0f} MB are read at most")
        return file.read(limit + 1)


def read_json(path: Path, limit: int = 64 * 2**20) -> Any:
    """The value in a JSON file; ValueError for anything that JSON does not know, OSError as ever."""
    return parse_json(read_bytes(path, limit))


def parse_json(text: str | bytes) -> Any:
    """A value of JSON. ValueError for broken text, for nesting too deep to be read, and for numbers that no float
    holds: NaN, Infinity, 1e400."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is no finite number")
    return value
