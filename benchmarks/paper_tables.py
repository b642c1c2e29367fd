"""Rows of the papers' tables on Shapes, small: the same steps for every row of a table, kept cell by cell.

    tar xf shapes.tar -C WORK
    python benchmarks/paper_tables.py WORK/shapes WORK/rows [--tables monkeynet-2 monkeynet-7 articulated-1]
        [--steps N] [--train-clips N] [--test-clips N]

Monkey-Net: table 2 (parts taken away) and figure 7 (the number of keypoints). Articulated animation: tables 1 and 3 (5,
10 and 20 regions, without skips, without principal axes, without a background). Each row is a training of the preset
draft with --steps steps, then `muybridge reconstruct` on the first --test-clips test clips: L1 beside that of copying
the source. A row that is finished is not done again; a training that was stopped goes on; --rows names some of them, so
that the rows can be made in several sittings. With --seeds 0 1 each row is made twice. --train-clips learns from the
first so many clips alone: every row reads all that it learns from, which of a short training is most of the time.
WORK/rows/tables.md holds what there is.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from budgeted import STEPS, WITHOUT, machine, table

import muybridge
from muybridge.data.folders import clips_in
from muybridge.engine import RichCallback


@dataclass(frozen=True)
class Row:
    """A row of a paper's table: its name, the settings that make it, and what the paper has, lower is better."""

    name: str
    changes: Mapping[str, Any]
    paper: str


@dataclass(frozen=True)
class PaperTable:
    """A table of a paper, on our data."""

    method: str
    title: str
    rows: tuple[Row, ...]
    steps: int


TABLES: Mapping[str, PaperTable] = {
    "monkeynet-2": PaperTable(
        "monkeynet",
        "Monkey-Net, table 2: parts taken away (paper: L1 on Tai-Chi)",
        (
            Row("No F", {"motion.flow": False}, "0.057"),
            Row("No F residual", {"motion.residual": False}, "0.051"),
            Row("No F coarse", {"motion.coarse": False}, "0.052"),
            Row("No Sigma", {"detector.covariance": 0.01}, "0.054"),
            Row("No x", {"motion.source": False}, "0.051"),
            Row("Full", {}, "0.050"),
        ),
        800,
    ),
    "monkeynet-7": PaperTable(
        "monkeynet",
        "Monkey-Net, figure 7: the number of keypoints, 10 in full (paper: the error falls with it)",
        (
            Row("1 keypoint", {"keypoints": 1}, ""),
            Row("2 keypoints", {"keypoints": 2}, ""),
            Row("5 keypoints", {"keypoints": 5}, ""),
            Row("Full", {}, ""),
            Row("20 keypoints", {"keypoints": 20}, ""),
        ),
        800,
    ),
    "articulated-1": PaperTable(
        "articulated",
        "Articulated animation, tables 1 and 3 (paper: L1 on TaiChiHD)",
        (
            Row("5 regions", {"regions": 5}, "0.048"),
            Row("10 regions", {}, "0.048"),
            Row("20 regions", {"regions": 20}, "0.046"),
            Row("without skips or background", {"generator.skips": False, "background.kind": "none"}, "0.058"),
            Row("no pca", {"frames": "regression"}, "0.049"),
            Row("no bg model", {"background.kind": "none"}, "0.059"),
            Row("no pca or bg model", {"frames": "regression", "background.kind": "none"}, "0.060"),
        ),
        500,
    ),
}
BASE: Mapping[str, Mapping[str, Any]] = {"monkeynet": {"keypoints": 10}, "articulated": {"regions": 10}}
"""What every row of a method's tables has in common beside the preset."""


def slug(name: str) -> str:
    """A row's name as a folder's."""
    return name.lower().replace(" ", "-")


def make_cell(
    chosen: PaperTable, row: Row, folder: Path, out: Path, steps: int, clips: int | None, seed: int
) -> dict[str, float]:
    """Train a row, or go on, and measure it; a finished one is only read."""
    kept = out.with_suffix(".json")
    if kept.is_file():
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    settings = {**WITHOUT[chosen.method], **BASE[chosen.method], **row.changes, STEPS[chosen.method]: steps}
    fitted = muybridge.fit(
        chosen.method,
        folder,
        out=out,
        preset="draft",
        set=settings,
        seed=seed,
        device="cpu",
        resume=(out / "run.json").is_file(),
        callback=RichCallback(quiet=60),
    )
    figures = muybridge.reconstruct(fitted, folder, max_clips=clips)
    told = {**figures, "seconds": fitted.run.record.seconds, "steps": float(steps)}
    kept.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return told


def few_clips(folder: Path, out: Path, count: int) -> Path:
    """A folder of the first `count` clips that are learnt from, and of all that are tested on."""
    chosen = out / f"first-{count}"
    if not chosen.is_dir():
        draft = out / f"first-{count}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "train").mkdir(parents=True)
        for clip in clips_in(folder / "train")[:count]:
            shutil.copy(clip, draft / "train")
        shutil.copytree(folder / "test", draft / "test")
        draft.rename(chosen)
    return chosen


def show_table(chosen: PaperTable, found: Mapping[str, list[dict[str, float]]]) -> str:
    """The rows that there are, means over seeds."""
    rows = []
    for row in chosen.rows:
        cells = found.get(row.name, [])
        if cells:
            each = ", ".join(f"{cell['l1']:.5f}" for cell in cells)
            mean = fmean(cell["l1"] for cell in cells)
            times = f"{fmean(cell['times'] for cell in cells):.2f}"
            seconds = f"{fmean(cell['seconds'] for cell in cells):.0f}"
            rows.append((row.name, f"{mean:.5f}", each, times, f"{cells[0]['steps']:.0f}", seconds, row.paper))
    return table(("row", "test L1", "each seed", "times under copying", "steps", "seconds", "paper"), rows)


def main() -> None:
    """Make what is asked for, a row at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tables", nargs="+", choices=tuple(TABLES), default=list(TABLES))
    parser.add_argument("--rows", nargs="+", help="names of rows; all unless told")
    parser.add_argument("--steps", type=int, help="instead of each table's own")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--train-clips", type=int, help="the first so many; all unless told")
    parser.add_argument("--test-clips", type=int, default=400)
    parser.add_argument("--threads", type=int, default=1)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    folder = few_clips(told.folder, told.out, told.train_clips) if told.train_clips else told.folder

    parts = []
    for name in told.tables:
        chosen = TABLES[name]
        steps = told.steps or chosen.steps
        found: dict[str, list[dict[str, float]]] = {}
        for row in chosen.rows:
            for seed in told.seeds:
                kind = f"{chosen.method}-{steps}-{told.train_clips or 'all'}-{told.test_clips}"
                out = told.out / kind / f"{slug(row.name)}-{seed}"
                if told.rows is None or row.name in told.rows or out.with_suffix(".json").is_file():
                    out.parent.mkdir(parents=True, exist_ok=True)
                    cell = make_cell(chosen, row, folder, out, steps, told.test_clips, seed)
                    found.setdefault(row.name, []).append(cell)
                    print(f"{name}, {row.name}, seed {seed}: L1 {cell['l1']:.5f}", flush=True)
        parts += [f"## {chosen.title}", "", show_table(chosen, found), ""]

    text = "\n".join(parts)
    print(text)
    learnt = f"first {told.train_clips} clips learnt from" if told.train_clips else "all clips learnt from"
    head = ["# Rows of the papers' tables, on Shapes at 64 px", ""]
    head += [f"{machine()}, preset draft, {learnt}, first {told.test_clips} test clips", "", ""]
    (told.out / "tables.md").write_text("\n".join(head) + text, encoding="utf-8")


if __name__ == "__main__":
    main()
