"""Steps per second of JOKR's presets on a processor: plain float32 PyTorch against what `engine.train` does.

    python benchmarks/presets.py [--presets draft standard] [--repeats N] [--threads N]

Measured as in shape_step.py. The figures of one run are kept in presets.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
from pathlib import Path

from rich.console import Console
from rich.table import Table
from shape_step import WARM, WAYS, Setting, alternate, machine

from muybridge.methods.jokr.presets import CARD


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--presets", nargs="+", default=["draft", "standard"], choices=CARD.presets)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    given = arguments.parse_args()
    heads = ("preset", "stage", *(f"{way}, steps a second" for way in WAYS), "times faster")
    table = Table(*heads)
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---:|---:|---:|"]
    for preset in given.presets:
        for stage, name in enumerate(("shape", "texture")):
            taken = alternate(Setting("plain", preset, stage, threads=given.threads), given.repeats, WARM)
            seconds = {way: statistics.median(s for s, _ in steps[WARM[way] :]) for way, steps in taken.items()}
            ratio = seconds["plain"] / seconds["default"]
            cells = (preset, name, *(f"{1 / seconds[way]:.2f}" for way in WAYS), f"{ratio:.2f}")
            table.add_row(*cells)
            lines.append("| " + " | ".join(cells) + " |")
    Console().print(table)
    title = "# Steps per second of JOKR's presets, texture loss without weights"
    Path(__file__).with_suffix(".md").write_text("\n".join([title, "", machine(), "", *lines, ""]))


if __name__ == "__main__":
    main()
