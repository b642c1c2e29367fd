"""The comparison of methods at an equal budget: the shape of table 1 of the JOKR paper, on puppets with a known answer.

    python benchmarks/comparison.py WORK [--pair ../shared/data/jokr/cat ../shared/data/jokr/fox]
                                         [--scenes ...] [--methods ...] [--threads N] [--write] [--preset bench]
                                         [--vgg FILE] [--on local|ray|ray://HOST:PORT|slurm] [--at-most N]

Trains preset `bench` of every method on every scene (`muybridge bench`, in WORK/bench) and on the pair of real videos
(`real_pair.py`, in WORK/pair), each finished cell kept: the same command goes on where it was, and the table grows by
more scenes. With --vgg, the file of VGG-16 or one of the same tensors, and LPIPS's channel weights in the cache folder,
LPIPS is measured too. WORK/bench/table.html holds the sheets, WORK/pair/sheet.png those of the real pair. --write keeps
the tables in comparison.md; what they say is told in docs/evaluation.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import torch
from budgeted import machine, table

import muybridge
from muybridge.engine import RichCallback
from muybridge.evaluation.cells import Cell, Cells

METHODS = ("jokr", "fomm", "cyclegan", "recyclegan", "tsnet")
TRIVIAL = ("best still", "warped silhouette", "same time")
SCENES = ("cat-horse", "dog-cat", "horse-giraffe", "birds", "facing", "rotated", "dancers")
FIGURES: Mapping[str, tuple[str, bool]] = {
    "iou": ("Silhouette IoU with the truth", True),
    "l1": ("L1 of the colours on the subject", False),
    "ssim": ("SSIM", True),
    "joint_error": ("Error of the joints", False),
    "random_features": ("Appearance: distance of random features from the source's own video", False),
    "lpips": ("LPIPS with VGG-16, published weights", False),
}
"""Name of a figure -> its title, and whether more is better."""
Found = dict[tuple[str, str, str], Cell]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("work", type=Path)
    arguments.add_argument("--scenes", nargs="+", default=list(SCENES))
    arguments.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    arguments.add_argument("--pair", type=Path, nargs=2, help="two real videos with silhouettes beside them")
    arguments.add_argument("--preset", default="bench", help="another than bench only tries whether all of it runs")
    arguments.add_argument("--vgg", type=Path, help="VGG-16's file, for LPIPS")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--write", action="store_true", help="keep the tables in comparison.md")
    arguments.add_argument("--on", help="where the trainings on puppets run; else all in this process")
    arguments.add_argument("--at-most", type=int, help="with --on: trainings at once")
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    out = given.work / "bench"
    muybridge.bench(
        out,
        methods=given.methods,
        scenes=given.scenes,
        preset=given.preset,
        device="cpu",
        callback=RichCallback() if given.on is None else None,
        notify=print,
        weights=None if given.vgg is None else {"vgg": given.vgg},
        on=given.on,
        at_most=given.at_most,
    )
    parts = [told(out, given.methods, given.scenes, given.preset)]
    if given.pair:
        pairs = [name for name in given.methods if name != "tsnet"]
        command = [sys.executable, str(Path(__file__).with_name("real_pair.py")), *map(str, given.pair)]
        subprocess.run([*command, "--out", str(given.work / "pair"), "--methods", ",".join(pairs)], check=True)
        parts.append(real(given.work / "pair" / "real_pair.json", [each.stem for each in given.pair]))
    text = "\n".join(parts)
    print(text)
    if given.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


def told(out: Path, methods: Sequence[str], scenes: Sequence[str], preset: str) -> str:
    """The tables of a bench's cells: over all scenes, then each figure scene by scene."""
    found: Found = {}
    for cell in Cells(out / "cells").all():
        if cell.seed == 0 and cell.scene in scenes and cell.preset in (preset, ""):
            found[cell.method, cell.scene, cell.direction] = cell
    # Only a bench that was given the network has this figure.
    names = [name for name in FIGURES if any(name in cell.figures for cell in found.values())]
    shared = [scene for scene in scenes if all((m, scene, "ab") in found for m in methods if m != "tsnet")]
    lines = [
        "# Methods beside each other at an equal budget, on puppets with a known answer",
        "",
        f"`python benchmarks/comparison.py WORK`, preset `{preset}`, seed 0, {machine()}, {datetime.now(UTC).date()}.",
        "What a training costs each: [equal_budget.md](equal_budget.md). `a / b`: a's appearance with b's motion, and",
        "the reverse. The best method is bold; beside them are answers that need none, of which the first knows the",
        "truth.",
        "",
        f"## Mean over {len(shared)} scenes: {', '.join(shared)}",
        "",
        overall(found, [m for m in methods if m != "tsnet"], shared, names),
    ]
    for name in names:
        title, more = FIGURES[name]
        lines += [
            "",
            f"## {title} ({'more' if more else 'less'} is better)",
            "",
            by_scene(found, name, more, methods, scenes),
        ]
    return "\n".join(lines) + "\n"


def overall(found: Found, methods: Sequence[str], scenes: Sequence[str], names: Sequence[str]) -> str:
    """A row a method, the mean of both directions of all scenes; and how often it beats the best still frame."""
    rows = []
    for method in (*methods, *TRIVIAL):
        cells = [(scene, way) for scene in scenes for way in ("ab", "ba")]
        figures = [fmean(value(found[method, *cell], name) for cell in cells) for name in names]
        beats = sum(value(found[method, *c], "iou") > value(found["best still", *c], "iou") for c in cells)
        last = "" if method in TRIVIAL else f"{beats} of {len(cells)}"
        rows.append((method, *(f"{x:.3f}" for x in figures), last))
    return table(("method", *(name.replace("_", " ") for name in names), "beats the best still frame"), rows)


def by_scene(found: Found, name: str, more: bool, methods: Sequence[str], scenes: Sequence[str]) -> str:
    """A row a scene: a / b of each method, the best of each direction bold, then the trivial answers."""
    rows = []
    for scene in scenes:
        cells = [scene]
        for method in (*methods, *TRIVIAL):
            shown = []
            for way in ("ab", "ba"):
                there = {m: value(found[m, scene, way], name) for m in methods if (m, scene, way) in found}
                if (method, scene, way) not in found or not there:
                    continue
                best = (max if more else min)(there.values())
                x = value(found[method, scene, way], name)
                shown.append(f"**{x:.3f}**" if method in there and x == best else f"{x:.3f}")
            cells.append(" / ".join(shown))
        rows.append(tuple(cells))
    return table(("scene", *methods, *TRIVIAL), rows)


def value(cell: Cell, name: str) -> float:
    """A figure, not a number where it is not there."""
    x = cell.figures.get(name)
    return float("nan") if x is None else x


def real(path: Path, names: Sequence[str]) -> str:
    """The table of two real videos, where there is no truth: what can be measured without."""
    figures = json.loads(path.read_text(encoding="utf-8"))
    heads = [name for name in next(iter(figures.values())) if name != "minutes"]
    rows = [(method, *(f"{each.get(h, float('nan')):.3f}" for h in heads)) for method, each in figures.items()]
    title = f"## {names[0]} (a) and {names[1]} (b), filmed: no truth is known"
    return "\n".join([title, "", table(("method", *(h.replace("_", " ") for h in heads)), rows), ""])


if __name__ == "__main__":
    main()
