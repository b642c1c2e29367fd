"""One cell of a bench: one method on one scene in one direction, kept in a file of its own as it is finished."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from muybridge.disk import explain_disk_errors, read_bytes, replace_file
from muybridge.errors import RunError

FORMAT = 1
"""Of the files; raised when a figure changes its meaning, so that old cells are measured again."""


class Cell(BaseModel):
    """What was measured in one cell.

    Two cells with equal `key` are the same cell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    method: str
    """A method's name, or that of a trivial answer."""
    variant: str = ""
    """What was changed of the preset, for people."""
    scene: str
    direction: str
    """ab: a's appearance with b's motion; ba: the reverse."""
    seed: int
    preset: str
    config: str
    """Digest of everything that decides the figures: settings, frames, size, scene's seed, format."""
    entrant: str = ""
    """Digest of the same without the scene's own length: cells of several scenes that belong to one row."""
    drawn: str
    """Digest of how the scene was drawn; its two clips are kept under it."""
    figures: dict[str, float | None]
    """None stands for a figure that is not a number."""
    seconds: float
    """Wall time that this cell cost: half of the training, and the measuring."""
    machine: str = ""
    """Where it was computed."""

    @property
    def key(self) -> str:
        """A file name for the cell: readable, and distinct for distinct cells."""
        return cell_key(self.method, self.scene, self.direction, self.seed, self.preset, self.config)


def cell_key(method: str, scene: str, direction: str, seed: int, preset: str, config: str) -> str:
    """The file name, without its ending, of a cell."""
    parts = (method, scene, direction, f"seed{seed}", preset or "none", config)
    return "__".join(re.sub(r"[^A-Za-z0-9.+-]+", "-", part) for part in parts)


def digest(values: Mapping[str, Any]) -> str:
    """Ten hexadecimal digits of plain values and of `FORMAT`; the order of names does not matter."""
    text = json.dumps({"format": FORMAT, **values}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


class Cells:
    """The folder of the finished cells."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __contains__(self, key: str) -> bool:
        return (self.folder / f"{key}.json").is_file()

    def keep(self, cell: Cell) -> None:
        """Write a cell, whole or not at all."""
        with explain_disk_errors(self.folder.parent):
            self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / f"{cell.key}.json", cell.model_dump_json(indent=1).encode())

    def get(self, key: str) -> Cell:
        """One cell; RunError where its file is not one."""
        path = self.folder / f"{key}.json"
        try:
            return Cell.model_validate_json(read_bytes(path))
        except (OSError, ValueError) as e:
            raise RunError(f"{path} is not a cell of a bench", "Delete it: it is then measured again.") from e

    def all(self) -> list[Cell]:
        """Every finished cell in the order of their names; what a kill left half-written is none of them."""
        return [self.get(path.stem) for path in sorted(self.folder.glob("*.json"))]


def plain_figures(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures as JSON has them: what is not finite becomes None."""
    return {name: float(value) if math.isfinite(value) else None for name, value in figures.items()}
