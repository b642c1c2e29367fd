"""What a training of each method's preset `bench` costs: is the comparison at an equal budget?

    python benchmarks/equal_budget.py [--methods jokr fomm cyclegan recyclegan tsnet] [--steps 12] [--write]

A few steps of every stage on the puppet dancers, timed by the processor's seconds, which another job on the machine
hardly changes, and multiplied by the stage's length. The figures of one run are kept in equal_budget.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from budgeted import machine, table

from muybridge import catalogue
from muybridge.benchmark.figures import clips_for, landmarks_for
from muybridge.engine import Callback, train
from muybridge.method import Data, Method, Stage
from muybridge.puppets import scene

METHODS = ("jokr", "fomm", "cyclegan", "recyclegan", "tsnet")
SIZE, WARM = 128, 3


class Watched(Callback):
    """Processor seconds at each step of each stage."""

    def __init__(self) -> None:
        self.at: dict[str, list[float]] = {}

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        self.at.setdefault(stage.name, []).append(time.process_time())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    arguments.add_argument("--steps", type=int, default=12, help="of each stage, after three that are not timed")
    arguments.add_argument("--write", action="store_true", help="keep the table in equal_budget.md")
    given = arguments.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in given.methods:
        kind = catalogue.find(name)
        method = kind(kind.card.presets["bench"])
        seconds = cost(method, prepared(method), given.steps)
        rows.append((name, *("; ".join(cells) for cells in zip(*seconds, strict=True)), f"{total(seconds):.0f}"))
        print(rows[-1], flush=True)
    shown = table(("method", "stage", "steps", "ms a step", "seconds in all"), rows)
    print(shown)
    if given.write:
        title = "# Processor seconds of a training with preset `bench`, one thread"
        Path(__file__).with_suffix(".md").write_text("\n".join([title, "", machine(), "", shown, ""]), encoding="utf-8")


def prepared(method: Method[Any, Any]) -> Data:
    """The puppet dancers as the method is given them by `muybridge bench`."""
    drawn, needs = scene("dancers", size=SIZE), method.card.needs
    more: dict[str, Any] = {"landmarks": landmarks_for(drawn)} if needs == "landmarks" else {}
    data: Data = method.prepare(clips_for(needs, drawn), **more)
    return data


def cost(method: Method[Any, Any], data: Data, steps: int) -> list[tuple[str, str, str]]:
    """(stage, its steps, milliseconds a step) of each stage."""
    whole, watched = method.stages(), Watched()
    short = tuple(replace(stage, steps=WARM + steps) for stage in whole)
    method.stages = lambda: short  # type: ignore[method-assign]
    train(method, data, device="cpu", callback=watched, log_every=1)
    found = []
    for stage in whole:
        at = watched.at[stage.name]
        apart = [b - a for a, b in zip(at[WARM - 1 :], at[WARM:], strict=False)]
        found.append((stage.name, str(stage.steps), f"{1000 * statistics.median(apart):.0f}"))
    return found


def total(found: list[tuple[str, str, str]]) -> float:
    """Seconds of all stages."""
    return sum(int(steps) * float(each) / 1000 for _, steps, each in found)


if __name__ == "__main__":
    main()
