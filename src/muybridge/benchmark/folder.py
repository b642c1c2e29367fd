"""The folder of a bench: what is finished, and the tables over it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.benchmark.figures import clips_of
from muybridge.disk import replace_file
from muybridge.errors import InputError
from muybridge.evaluation import Cell, Cells, MetricNetworks, Tables, as_csv, as_json, build_tables, digest
from muybridge.evaluation.pages import tables_page
from muybridge.puppets import SCENES, SceneClips, scene
from muybridge.video import Clip, Timing, contact_sheet, write

SHEET_COLUMNS = 8
SHEET_HEIGHT = 72


@dataclass(frozen=True)
class Plan:
    """What one bench measures on, apart from the methods.

    frames   of each clip; None for each scene's own length
    size     side of the frames, pixels
    drawing  seed of the scenes' motions and backdrops
    """

    frames: int | None = None
    size: int = 128
    drawing: int = 0

    def values(self, name: str) -> dict[str, Any]:
        """What of it decides a cell's figures."""
        frames = SCENES[name].frames if self.frames is None else self.frames
        return {**self.describe(), "frames": frames}

    def describe(self) -> dict[str, Any]:
        """The same for all scenes, whatever their own lengths are."""
        return {"frames": self.frames, "size": self.size, "drawing": self.drawing}


class BenchFolder:
    """cells/ (one JSON each), runs/, clips/, sheets/, and table.csv, table.json, table.html."""

    def __init__(self, out: Path, plan: Plan, by: MetricNetworks) -> None:
        self.out = out
        self.plan = plan
        self.by = by
        self.cells = Cells(out / "cells")
        self._drawn: SceneClips | None = None

    def draw(self, name: str) -> SceneClips:
        """The scene, drawn where it is not at hand; its two clips are kept for whoever looks at the results."""
        if self._drawn is None or self._drawn.name != name:
            self._drawn = scene(name, self.plan.frames, self.plan.size, self.plan.drawing)
            for side in ("a", "b"):
                self._keep_clip(f"{name}-{side}__{digest(self.plan.values(name))}", clips_of(self._drawn)[side])
        return self._drawn

    def keep(self, cell: Cell, made: Clip, drawn: SceneClips) -> None:
        """The result's clip and sheet first, the cell last: a cell that is there is whole."""
        self._keep_clip(cell.key, made)
        a = cell.direction[0]
        b = cell.direction[1]
        clips = clips_of(drawn)
        rows = {
            f"{b} (driving)": clips[b].pixels,
            "truth": subject_on_black(clips[cell.direction]),
            f"{a} like {b}: {cell.method} {cell.variant}".strip(): subject_on_black(made),
        }

        # The cell is kept behind everything it stands for, so that a kill never leaves one without its sheet.
        (self.out / "sheets").mkdir(exist_ok=True)
        sheet = contact_sheet(rows, SHEET_COLUMNS, SHEET_HEIGHT)
        write(self.out / "sheets" / f"{cell.key}.png", [sheet], Timing.constant(1), force=True)
        self.cells.keep(cell)

    def _keep_clip(self, name: str, clip: Clip) -> None:
        path = self.out / "clips" / f"{name}.mp4"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            # Another process of the same bench may be as far at the same moment, with the same clip.
            write(path, subject_on_black(clip), clip.timing, force=True)

    def tables(self) -> Tables:
        """Put every cell of the folder together and write the three files."""
        cells = self.cells.all()
        if not cells:
            raise InputError(f"{self.out} has no finished cell")
        found = build_tables(cells, table_notes(cells, self.by))
        replace_file(self.out / "table.csv", as_csv(found).encode())
        replace_file(self.out / "table.json", as_json(found).encode())
        replace_file(self.out / "table.html", bench_page(self.out, cells, found).encode())
        return found


def bench_page(out: Path, cells: Sequence[Cell], found: Tables) -> str:
    """The page of a bench with the sheets of each row's first seed."""
    first = {}
    for c in reversed(cells):
        first[(c.scene, c.direction, c.method, c.variant, c.preset, c.config)] = c

    sheets: dict[str, bytes] = {}
    for place, cell in sorted(first.items()):
        path = out / "sheets" / f"{cell.key}.png"
        if path.is_file():
            sheets[", ".join(part for part in place[:5] if part)] = path.read_bytes()
    lead = f"{len(cells)} cells: puppets whose true retargeting is known, each result against it."
    return tables_page("Bench", lead, found, sheets)


def table_notes(cells: Sequence[Cell], by: MetricNetworks) -> list[str]:
    """What a person should know of the tables."""
    notes = [
        "± is half of Student's 95 % interval over seeds; a row with one seed has none.",
        "best still and warped silhouette were chosen knowing the truth; same time was not.",
    ]
    measured: set[str] = set()
    for cell in cells:
        measured.update(cell.figures)

    for name, why in by.missing.items():
        if name not in measured:
            notes.append(f"{name} was not measured: {why}")

    return notes


def subject_on_black(clip: Clip) -> Tensor:
    """The subject on black, uint8 [T, 3, H, W]."""
    if clip.mattes is None:
        return clip.pixels
    return (clip.pixels.float() * (clip.mattes.float() / 255)).round().to(torch.uint8)


def describe_machine() -> str:
    """Where this runs, in a few words."""
    return f"{platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
