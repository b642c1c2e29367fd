"""FOMM against articulated animation on puppets, the same minutes each: is the papers' order there?

    python benchmarks/puppet_family.py WORK [--minutes 15] [--kinds walkers-still walkers-moving dancers]

MRAA's paper says that regions are better than keypoints with Jacobians on articulated bodies, and that a model of the
background helps where the camera moves. Both methods learn each dataset of puppet_clips.py with the same networks,
batch and minutes (preset draft), and reconstruct its test clips. `articulated, still camera assumed` is the same method
without its background model. Stopped, it goes on where it was. The figures are kept in puppet_family.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from budgeted import animation_sheet, fit_within, machine, save, table
from puppet_clips import KINDS, write

import muybridge
from muybridge.data.folders import ClipFolder

ONE_WAY = {"augment.mirror": False}
"""All walkers look one way. Where they look both ways, a region of the forelegs would first have to tell the head from
the tail, and in minutes it does not: all regions stay in the middle of the body."""
RUNS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "fomm": ("fomm", ONE_WAY),
    "articulated": ("articulated", ONE_WAY),
    "articulated, still camera assumed": ("articulated", {**ONE_WAY, "background.kind": "none"}),
}
HEADS = ("puppets", "method", "steps", "minutes", "test L1", "copying the source", "times lower")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("work", type=Path)
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    arguments.add_argument("--runs", nargs="+", default=list(RUNS), choices=RUNS)
    arguments.add_argument("--train", type=int, default=160)
    arguments.add_argument("--test", type=int, default=32)
    arguments.add_argument("--steps", type=int, help="instead of as many as the minutes hold")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--set", nargs="*", default=[], help="NAME=JSON, for every method named")
    arguments.add_argument("--write", action="store_true", help="keep the table in puppet_family.md")
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    changes = {name: json.loads(value) for name, _, value in (pair.partition("=") for pair in given.set)}
    rows = []
    for kind in given.kinds:
        folder = write(given.work, kind, given.train, given.test)
        for name in given.runs:
            rows.append((kind, name, *_figures(given, folder, name, changes)))
            print(table(HEADS, rows), flush=True)
    if given.write:
        title = "# Puppets at 64 px: L1 of test clips made again from their first frame"
        text = "\n".join([title, "", machine(), "", table(HEADS, rows), ""])
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


def _figures(given: argparse.Namespace, folder: Path, name: str, changes: Mapping[str, Any]) -> tuple[str, ...]:
    """One run's row, trained and measured or as it was kept."""
    method, own = RUNS[name]
    out = given.work / "runs" / f"{folder.name}-{name.replace(', ', '-').replace(' ', '-')}"
    done = fit_within(method, folder, out, given.minutes, "draft", {**changes, **own}, given.steps)
    again = out.with_name(f"{out.name}-again")
    if not (again / "figures.json").is_file():
        muybridge.reconstruct(done.fitted, folder, again, notify=print)
        clips = ClipFolder(folder, "test")[:6]
        pairs = [(clips[i], clips[(i + 3) % len(clips)]) for i in range(min(3, len(clips)))]
        save(animation_sheet(done.fitted, pairs, "relative"), again / "relative.png")
    found = json.loads((again / "figures.json").read_text())["overall"]
    figures = (f"{found['l1']:.4f}", f"{found['copy_l1']:.4f}", f"{found['times']:.1f}")
    return str(done.steps), f"{done.minutes:.1f}", *figures


if __name__ == "__main__":
    main()
