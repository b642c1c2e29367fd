"""Readers that no file can hold up: neither a pipe nor what is too large, too deep or no number."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any

LARGEST_NUMBER = 1024
"""Bits of a whole number, as many as a float's: in sixties or sixteens YAML takes longer ones than Python writes."""
LARGEST_YAML = 100_000
"""Values in a YAML file, aliases written out: lists of jobs have a few for each."""


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


def parse_json(text: str | bytes, *, finite: bool = True) -> Any:
    """A value of JSON. ValueError for broken text, and for nesting too deep to be read.

    finite  numbers that no float holds are none either: NaN, Infinity, 1e400
    """
    numbers: dict[str, Any] = {"parse_float": _finite, "parse_constant": _finite} if finite else {}
    try:
        return json.loads(text, **numbers)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def parse_yaml(text: str | bytes) -> Any:
    """A value of YAML. ValueError for broken text, values that are none (a 13th month, 5,000 digits), nesting too deep
    to be read, and aliases that lead back to themselves or unfold to more than anybody writes."""
    import yaml

    try:
        found = yaml.safe_load(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (yaml.YAMLError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError(str(error)) from error

    _check_unfolded(found)
    return found


def _check_unfolded(value: Any) -> None:
    """ValueError where a value with all its aliases written out would be too large, or have no end."""
    count = 0
    waiting = [value]
    while waiting:
        part = waiting.pop()
        count += 1
        if count > LARGEST_YAML:
            raise ValueError("its aliases unfold to more than can be read")
        if isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set):
            waiting += part
        elif isinstance(part, int) and part.bit_length() > LARGEST_NUMBER:
            raise ValueError(f"a number has {part.bit_length()} bits")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is no finite number")
    return value
