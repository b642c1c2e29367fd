"""What each part of JOKR is worth (figures 7 to 9 of the paper), in figures: each part taken away, on the scenes where
it matters, by the measure that it is there for.

    python benchmarks/ablations.py --out DIR [--preset bench] [--seeds 0,1] [--only "no temporal"] [--set shape.steps=9]
                                   [--on local|ray|ray://HOST:PORT|slurm] [--at-most N]

The cells are those of `muybridge bench` and are kept: the same command goes on where it was stopped, and the whole
method is trained once for all of them. ablations.md and ablations.json stand in DIR beside the table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from muybridge.api import bench
from muybridge.benchmark.folder import Plan
from muybridge.cli.values import parse_names, parse_settings, parse_whole_numbers
from muybridge.engine import RichCallback
from muybridge.evaluation import Cells
from muybridge.evaluation.ablations import WHOLE, Ablation, Worth, worth
from muybridge.jobs.settings import make_config
from muybridge.methods.jokr.method import Jokr
from muybridge.metrics import keypoint_step
from muybridge.puppets import scene

PAPER_LOSSES = {
    "losses.thin": 0.0,
    "losses.align": 0.0,
    "losses.cyc": 0.0,
    "losses.cover": 0.0,
    "losses.read": 0.0,
    "losses.sep": 1.0,
    "losses.tmp": 14.0,
    "losses.dc_warmup": 0,
    "augment.flat": 0.0,
}
"""Without the terms that are ours, and with the paper's weights of its own (as the preset `paper` has them)."""

HEADS = ("taken away", "figure", "with", "without", "worse by", "times", "cells", "costs")


def ablations(steps: int) -> list[Ablation]:
    """The parts; `steps` of both stages together, which the way without stages has for its one."""
    return [
        Ablation(
            "no equivariance",
            {"losses.eq": 0.0},
            ("legs",),
            "limb_identity",
            "up",
            "figure 7c: a keypoint wanders from leg to leg",
        ),
        Ablation(
            "no augmentation",
            {"augment.share": 0.0},
            ("cat-horse", "horse-giraffe"),
            "iou",
            "up",
            "figure 7d: a few frames are learned by heart",
        ),
        Ablation(
            "no domain confusion",
            {"losses.dc": 0.0, "losses.align": 0.0, "losses.cyc": 0.0, "losses.read": 0.0},
            ("cat-horse", "horse-giraffe"),
            "iou",
            "up",
            "figure 7e: the driving subject's shape comes along; D and all that joins the two sets of keypoints here",
        ),
        Ablation(
            "no D",
            {"losses.dc": 0.0},
            ("cat-horse", "horse-giraffe"),
            "iou",
            "up",
            "the same without D alone: the distance between the sets and the cycle of keypoints stay",
        ),
        Ablation(
            "no temporal",
            {"losses.tmp": 0.0},
            ("cat-horse", "birds"),
            "own_step",
            "down",
            "figures 7f and 8: keypoints jump, 0.0055 against 0.0023 from frame to frame",
            ratio=2.0,
        ),
        Ablation(
            "one step",
            {"two_steps": False, "shape.steps": steps},
            ("cat-horse", "dancers"),
            "ssim",
            "up",
            "figure 7g: the texture is inferior",
        ),
        Ablation(
            "no affine", {"affine": False}, ("rotated",), "iou", "up", "figure 9: subjects that are turned and scaled"
        ),
        Ablation(
            "the paper's losses alone",
            PAPER_LOSSES,
            ("cat-horse", "horse-giraffe"),
            "iou",
            "up",
            "the paper's terms and weights: no distance between the sets, cycle, coverage, reading, flat colours",
        ),
        Ablation(
            "painted",
            {"appearance": "paint"},
            ("cat-horse", "horse-giraffe"),
            "sharpness",
            "up",
            "R paints every pixel, as in the paper, in place of the subject's own frames",
        ),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--preset", default="bench")
    arguments.add_argument("--seeds", default="0")
    arguments.add_argument("--only", action="append", help="one of the parts, as often as needed")
    arguments.add_argument("--set", action="append", default=[])
    arguments.add_argument("--frames", type=int)
    arguments.add_argument("--size", type=int, default=128)
    arguments.add_argument("--device", default="auto")
    arguments.add_argument("--on", help="local, ray, ray://HOST:PORT or slurm; else all in this process")
    arguments.add_argument("--at-most", type=int, help="with --on: trainings at once")
    given = arguments.parse_args()
    every = parse_settings(given.set)
    config = make_config(Jokr, given.preset, every)
    assert isinstance(config, Jokr.Config)
    chosen = ablations(config.shape.steps + config.texture.steps)
    if given.only:
        wanted = [name for text in given.only for name in parse_names(text)]
        unknown = set(wanted) - {a.name for a in chosen}
        if unknown:
            arguments.error(f"there is no part {', '.join(unknown)}: there are {', '.join(a.name for a in chosen)}")
        chosen = [a for a in chosen if a.name in wanted]
    try:
        measure(given, every, chosen)
    finally:
        # Also after Ctrl-C: what is finished says something already.
        tell(given.out, chosen)


def measure(given: argparse.Namespace, every: dict[str, Any], chosen: list[Ablation]) -> None:
    """Every cell that is missing, in one call: an engine then has all of them to share out."""
    union = dict.fromkeys(scene for ablation in chosen for scene in ablation.scenes)
    scenes: dict[str, Sequence[str]] = {WHOLE: tuple(union)}
    variants: dict[str, Mapping[str, Any]] = {WHOLE: {}}
    for ablation in chosen:
        scenes[ablation.name] = ablation.scenes
        variants[ablation.name] = ablation.changes

    bench(
        given.out,
        methods=("jokr",),
        scenes=scenes,
        seeds=parse_whole_numbers(given.seeds, "--seeds"),
        preset=given.preset,
        set=every,
        variants=variants,
        trivial=False,
        plan=Plan(given.frames, given.size),
        device=given.device,
        callback=RichCallback() if given.on is None else None,
        notify=print,
        on=given.on,
        at_most=given.at_most,
    )


def tell(out: Path, chosen: list[Ablation]) -> None:
    """Print what is known so far, and write it beside the table."""
    cells = Cells(out / "cells").all()
    found = [(ablation, worth(ablation, cells)) for ablation in chosen]
    table = Table(*HEADS)
    lines = ["| " + " | ".join(HEADS) + " |", "|---|---|---:|---:|---:|---:|---:|---|"]
    for _, each in found:
        if each is not None:
            table.add_row(*row(each))
            lines.append("| " + " | ".join(row(each)) + " |")
    Console().print(table)
    why = [f"* {ablation.name}: {ablation.why}" for ablation, _ in found]
    for ablation, each in found:
        if each is not None and ablation.figure == "own_step":
            true = fmean(joint_step(name, side) for name in ablation.scenes for side in "ab")
            why.append(f"* own_step: the subjects' own joints move by {true:.4f}; what is more than that is jitter")
    (out / "ablations.md").write_text("\n".join(["# What each part is worth", "", *lines, "", *why, ""]))
    told = [asdict(each) for _, each in found if each is not None]
    (out / "ablations.json").write_text(json.dumps(told, indent=1))


def joint_step(name: str, side: str) -> float:
    """How far a joint of a scene's subject truly moves from frame to frame, in the crops that its keypoints lie in."""
    drawn = scene(name, size=128)
    method = Jokr(make_config(Jokr, "bench", {}))
    boxes = getattr(method.prepare([drawn.a, drawn.b]), side).boxes[:, None]
    joints = (getattr(drawn, f"joints_{side}") + 1) / 2 * 128
    return float(keypoint_step((joints - boxes[..., :2]) / (boxes[..., 2:] / 2)))


def row(each: Worth) -> tuple[str, ...]:
    """The cells of one line."""
    times = "" if each.times is None else f"{each.times:.2f}"
    numbers = (f"{each.whole:.4f}", f"{each.without:.4f}", str(each.loss), times, str(each.pairs))
    return (each.name, each.figure, *numbers, "yes" if each.costs else "no")


if __name__ == "__main__":
    main()
