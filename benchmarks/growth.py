"""What a step of JOKR costs, and how that grows; how long a preset takes to draw its subjects well.

    python benchmarks/growth.py [--preset draft] [--threads N] [--reach bench draft] [--iou 0.9]

Seconds a step and the most memory of a process that makes nothing else, in the default way, with one value of the
preset changed at a time. Then each preset named by --reach is trained in the default way until the silhouettes that it
draws from a subject's own keypoints overlap by --iou. What plain float32 PyTorch would need is told by its seconds a
step, measured in the same run: the mathematics and so the steps are the same. The figures are kept in growth.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from shape_step import WARM, Setting, Stepper, alternate, machine, peak

from muybridge.engine import train
from muybridge.jobs.settings import make_config
from muybridge.methods.jokr.method import Jokr
from muybridge.puppets import scene
from muybridge.run import Run

STEPS, EVERY = 6, 20
"""Steps that are timed; steps between two looks at the overlap."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--preset", default="draft", choices=Jokr.card.presets)
    arguments.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--reach", nargs="*", default=["bench", "draft"], choices=Jokr.card.presets)
    arguments.add_argument("--iou", type=float, default=0.9)
    given = arguments.parse_args()
    base = Setting("default", given.preset, threads=given.threads)
    grown = Lines(("changed", "stage", "seconds a step", "times the preset's", "peak memory, MiB"))
    first: dict[int, float] = {}
    for said, setting in settings_of(base):
        for stage, name in enumerate(("shape", "texture")):
            seconds, memory = alone(replace(setting, stage=stage))
            first.setdefault(stage, seconds)
            grown.add(said, name, f"{seconds:.3f}", f"{seconds / first[stage]:.2f}", f"{memory / 2**20:.0f}")
    heads = ("preset", f"steps to an IoU of {given.iou}", "default, seconds", "plain float32, seconds", "times")
    reached = Lines(heads)
    for preset in given.reach:
        steps, seconds = to_overlap(preset, given.iou, given.threads)
        taken = alternate(Setting("plain", preset, threads=given.threads), 3, WARM)
        step = {way: statistics.median(s for s, _ in each[WARM[way] :]) for way, each in taken.items()}
        ratio = step["plain"] / step["default"]
        reached.add(preset, str(steps), f"{seconds:.0f}", f"{seconds * ratio:.0f}", f"{ratio:.2f}")
    title = f"# How the cost of JOKR's preset `{given.preset}` grows, and how long a pair takes to be drawn"
    text = "\n".join([title, "", machine(), "", *grown.lines, "", *reached.lines, ""])
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    Console().print(grown.table, reached.table)


def settings_of(base: Setting) -> list[tuple[str, Setting]]:
    """The preset, and each of its values changed alone."""
    config = make_config(Jokr, base.preset, {})
    assert isinstance(config, Jokr.Config)
    size, k, batch = config.size, config.keypoints, config.shape.batch
    return [
        ("nothing", base),
        (f"size {size} to {size * 3 // 2 // 32 * 32}", replace(base, changes=(("size", size * 3 // 2 // 32 * 32),))),
        (f"size {size} to {size * 2}", replace(base, changes=(("size", size * 2),))),
        (f"keypoints {k} to {k // 2}", replace(base, changes=(("keypoints", k // 2),))),
        (f"keypoints {k} to {k * 2}", replace(base, changes=(("keypoints", k * 2),))),
        (f"batch {batch} to {batch * 2}", replace(base, batch=batch * 2)),
        (f"batch {batch} to {batch * 4}", replace(base, batch=batch * 4)),
        (f"frames {base.frames} to 240", replace(base, frames=240)),
    ]


def alone(setting: Setting) -> tuple[float, int]:
    """Seconds of a step, and the most memory, in a process that makes nothing else."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_measured, setting).result()


def _measured(setting: Setting) -> tuple[float, int]:
    stepper = Stepper(setting)
    taken = [stepper.step()[0] for _ in range(WARM["default"] + STEPS)]
    return statistics.median(taken[WARM["default"] :]), peak()


def to_overlap(preset: str, wanted: float, threads: int) -> tuple[int, float]:
    """Steps of stage `shape` and seconds of training until both subjects' mean overlap is as wanted, or all of them."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = make_config(Jokr, preset, {})
    assert isinstance(config, Jokr.Config)
    clips = scene("cat-horse", size=128)
    method = Jokr(config)
    data = method.prepare([clips.a, clips.b])
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder) / "run", "jokr", config.model_dump(mode="json"))
        seconds = 0.0
        while run.record.done < config.shape.steps:
            began = time.perf_counter()
            train(method, data, run, resume=run.has_checkpoint, stop_after=EVERY)
            seconds += time.perf_counter() - began
            figures = method.eval().measure_quality(data)
            if (figures["iou_a"] + figures["iou_b"]) / 2 >= wanted:
                break
        return run.record.done, seconds


class Lines:
    """A table to print and to keep."""

    def __init__(self, heads: tuple[str, ...]) -> None:
        self.table = Table(*heads)
        self.lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]

    def add(self, *cells: str) -> None:
        """One more row."""
        self.table.add_row(*cells)
        self.lines.append("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
