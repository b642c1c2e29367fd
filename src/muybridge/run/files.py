"""Files of a run: each in its own folder, and the log as one JSON object a line."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from muybridge.disk import parse_json, read_bytes
from muybridge.errors import RunError
from muybridge.run.record import LogLine, describe_problems

LARGEST = 512 * 2**20
"""Bytes of a log; a million steps have a tenth of it."""


def read_log(path: Path) -> list[dict[str, Any]]:
    """Its lines; a last one that a kill has cut off is left out. RunError where another is broken."""
    lines: list[dict[str, Any]] = []
    try:
        for text in read_bytes(path, LARGEST).decode(errors="replace").split("\n")[:-1]:
            # The last piece is what follows the last newline: empty, or a line that a kill has cut off.
            line = parse_json(text)
            LogLine.model_validate(line)
            lines.append(line)
    except ValidationError as e:
        raise RunError(f"{path}, line {len(lines) + 1}: {describe_problems(e)}", "Delete that line.") from e
    except (OSError, ValueError) as e:
        raise RunError(f"{path} has a line that is not JSON: {e}", "Delete that line.") from e

    return lines


def own_file(folder: Path, name: str) -> Path:
    """One of a run's own; RunError where a link or a pipe stands in its place."""
    path = folder / name
    try:
        mode = path.lstat().st_mode
    except OSError:
        return path

    if stat.S_ISLNK(mode):
        raise RunError(f"{path} is a link; a run keeps its files in its own folder", "Put the file itself there.")
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise RunError(f"{path} is no ordinary file", "Copy the run again.")
    return path
