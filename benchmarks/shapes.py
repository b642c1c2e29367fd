"""The animation family on the Shapes of Monkey-Net, 64 px: test clips made again from their first frames.

    tar xf shapes.tar -C WORK
    python benchmarks/shapes.py WORK/shapes WORK/runs [--methods monkeynet fomm articulated] [--minutes 25]

Each method is trained within the minutes (preset draft), and measured by the papers' protocol (`muybridge reconstruct`)
on the test part: L1 beside that of copying the source frame. Stopped, it goes on where it was; finished parts are not
done again. Sheets of reconstructions and animations lie in WORK/runs. The figures are kept in shapes.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from budgeted import animation_sheet, fit_within, machine, save, table

import muybridge
from muybridge.data.folders import ClipFolder

HEADS = ("method", "steps", "minutes", "test L1", "copying the source", "times lower", "clips")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("runs", type=Path)
    arguments.add_argument("--methods", nargs="+", default=["monkeynet", "fomm", "articulated"])
    arguments.add_argument("--minutes", type=float, default=25)
    arguments.add_argument("--preset", default="draft")
    arguments.add_argument("--steps", type=int, help="instead of as many as the minutes hold")
    arguments.add_argument("--test-clips", type=int, help="the first so many; all of them unless told")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--set", nargs="*", default=[], help="NAME=JSON, for every method named")
    arguments.add_argument("--write", action="store_true", help="keep the table in shapes.md")
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    changes = {name: json.loads(value) for name, _, value in (pair.partition("=") for pair in given.set)}
    rows = []
    for method in given.methods:
        out = given.runs / method
        done = fit_within(method, given.folder, out, given.minutes, given.preset, changes, given.steps)
        again = out.with_name(f"{method}-again")
        if not (again / "figures.json").is_file():
            muybridge.reconstruct(
                done.fitted, given.folder, again, max_clips=given.test_clips, force=True, notify=print
            )
            clips = ClipFolder(given.folder, "test")[:8]
            pairs = [(clips[i], clips[i + 4]) for i in range(4)]
            for mode in ("relative", "standard"):
                save(animation_sheet(done.fitted, pairs, mode), again / f"{mode}.png")
        found = json.loads((again / "figures.json").read_text())["overall"]
        figures = (f"{found['l1']:.4f}", f"{found['copy_l1']:.4f}", f"{found['times']:.1f}", f"{found['clips']:.0f}")
        rows.append((method, str(done.steps), f"{done.minutes:.1f}", *figures))
        print(table(HEADS, rows), flush=True)
    if given.write:
        title = "# Shapes at 64 px: L1 of test clips made again from their first frame"
        text = "\n".join([title, "", machine(), "", table(HEADS, rows), ""])
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
