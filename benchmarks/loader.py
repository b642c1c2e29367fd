"""What a batch of a folder's frames costs, beside the training step that it is for.

    python benchmarks/loader.py [--methods monkeynet fomm articulated] [--sizes 64 256] [--threads N]

Batches are those of `ClipsData` on puppets: frames decoded from the packed cache, flipped and jittered. `64` has the
steps of the draft presets; at `256` there is the batch alone (30 pairs, PNG and JPEG), for a GPU's step to be compared
with. There the processor decodes the next batch while the GPU still computes and augments, so that the GPU is busy as
long as decoding takes less time than a step. The figures are kept in loader.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from budgeted import machine, table

from muybridge import catalogue
from muybridge.data.clips import ClipsData
from muybridge.engine import Callback, train
from muybridge.method import Stage
from muybridge.puppets import scene

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Asked:
    """A batch of pairs."""

    name: str
    batch: int


class Clock(Callback):
    """When each step ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step(self, stage: Stage, step: int, losses: object, rate: float, eta: float) -> None:
        self.times.append(time.perf_counter())


def milliseconds(act: Callable[[], object], repeats: int) -> float:
    """The median, after two calls."""
    taken = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken[2:])


def batch_of(data: ClipsData, count: int, repeats: int) -> float:
    """Milliseconds for a batch."""
    generator = torch.Generator().manual_seed(0)
    return milliseconds(lambda: data.batch(Asked("learn", count), generator, CPU), repeats)


def step_of(method: str, repeats: int) -> tuple[float, float]:
    """Milliseconds of a draft step's batch, and of the whole step with it."""
    kind = catalogue.find(method)
    built = kind(kind.card.presets["draft"])
    drawn = scene("dog-cat", 24, 64)
    data = built.prepare([drawn.a, drawn.b])
    clock = Clock()
    train(built, data, device="cpu", callback=clock, log_every=1, stop_after=repeats + 3)
    gaps = [1000 * (b - a) for a, b in zip(clock.times[2:], clock.times[3:], strict=False)]
    return batch_of(data, built.stages()[0].batch, repeats), statistics.median(gaps)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--methods", nargs="+", default=["monkeynet", "fomm", "articulated"])
    arguments.add_argument("--sizes", nargs="+", type=int, default=[64, 256])
    arguments.add_argument("--repeats", type=int, default=8)
    arguments.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--write", action="store_true", help="keep the tables in loader.md")
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    parts = ["# What a batch costs", machine()]
    if 64 in given.sizes:
        rows = []
        for method in given.methods:
            batch, step = step_of(method, given.repeats)
            rows.append((method, f"{batch:.1f}", f"{step:.0f}", f"{100 * batch / step:.1f} %"))
        parts.append(table(("draft, 64 px", "batch, ms", "step, ms", "share"), rows))
    for size in (s for s in given.sizes if s > 64):
        drawn = scene("dog-cat", 16, size)
        rows = []
        for cache in ("exact", "small"):
            data = ClipsData.from_clips([drawn.a, drawn.b], (size, size), cache=cache)  # type: ignore[arg-type]
            frame = data.cache.packed.numel() / len(data.cache) / 1024
            chosen = [i % len(data.cache) for i in range(60)]
            decoding = milliseconds(lambda data=data, chosen=chosen: data.cache.frames(chosen), given.repeats)
            rows.append((cache, f"{frame:.0f}", f"{decoding:.0f}", f"{batch_of(data, 30, given.repeats):.0f}"))
        parts.append(table((f"30 pairs, {size} px", "kB a frame", "decoding, ms", "with augmentation here, ms"), rows))
    text = "\n\n".join(parts) + "\n"
    print(text)
    if given.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
