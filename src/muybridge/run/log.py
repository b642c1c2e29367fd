"""The log of a training: one JSON object a line."""

from __future__ import annotations

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
            line = parse_json(text)
            LogLine.model_validate(line)
            lines.append(line)
    except ValidationError as e:
        raise RunError(f"{path}, line {len(lines) + 1}: {describe_problems(e)}", "Delete that line.") from e
    except (OSError, ValueError) as e:
        raise RunError(f"{path} has a line that is not JSON: {e}", "Delete that line.") from e
    return lines
