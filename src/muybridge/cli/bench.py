"""muybridge bench"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.batch import Cores, Gpus, show_progress
from muybridge.cli.console import PatientConsole, note, stderr, stdout
from muybridge.cli.values import parse_names, parse_settings, parse_weights, parse_whole_numbers
from muybridge.errors import Option, Sentence, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muybridge.evaluation import Row, Tables

SHOWN = (
    *("iou", "boundary_f", "l1", "ssim", "lpips", "joint_error", "flicker_ratio", "random_features"),
    *("fid", "svfid", "probe"),
)
"""Columns that fit a terminal; the files have all."""
_WHERE = Sentence("Say where with ", Option("on", "local"), ".")


def bench(
    *,
    out: o.Out,
    methods: Annotated[str, Parameter(name="--methods", help="Names, separated by commas.")] = "jokr",
    scenes: Annotated[str, Parameter(name="--scenes", help="Puppet scenes, separated by commas, or all.")] = "all",
    seeds: Annotated[str, Parameter(name="--seeds", help="Seeds of the trainings, separated by commas.")] = "0",
    preset: Annotated[str, Parameter(name="--preset", help="A preset that each of the methods has.")] = "bench",
    set: o.Set = (),
    trivial: Annotated[bool, Parameter(name="--trivial", help="Include trivial answers, which need no method.")] = True,
    frames: Annotated[int | None, Parameter(name="--frames", help="Frames per clip. Default: the scene's own.")] = None,
    size: Annotated[int, Parameter(name="--size", help="Side of the frames in pixels.")] = 128,
    drawing: Annotated[int, Parameter(name="--drawing", help="Seed for drawing the scenes.")] = 0,
    weights: o.Weights = (),
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    checkpoint_seconds: o.CheckpointSeconds = 60,
    on: Annotated[
        str | None,
        Parameter(
            name="--on",
            help="Run each training in its own process: local, ray, ray://HOST:PORT, slurm.",
        ),
    ] = None,
    at_most: Annotated[
        int | None, Parameter(name="--at-most", help="With --on: trainings at a time. Default: as many as fit.")
    ] = None,
    cores: Cores = 1,
    gpus: Gpus = 0.0,
) -> None:
    """Train methods on puppets whose true retargeting is known, and print how close to it each one gets.

    Every finished training is kept in --out: the same command continues where it was stopped, and scenes, seeds and
    methods can be added. The table is also written as table.csv, table.json and table.html, with sheets.

    For example:

        muybridge bench --methods jokr --scenes cat-horse,birds --seeds 0,1 --out bench

        muybridge bench --methods jokr,cyclegan --seeds 0,1,2 --out bench --on ray://head:10001 --gpus 1
    """
    if at_most is not None and on is None:
        raise UsageError("trainings at once are counted where they run beside one another", _WHERE)

    from muybridge.api import bench as run_bench
    from muybridge.batches.folder import BatchFolder
    from muybridge.benchmark.folder import Plan
    from muybridge.engine import RichCallback

    chosen = [] if scenes == "all" else parse_names(scenes)
    # What runs in processes of its own is seen in their files, and not by a callback.
    shown = nullcontext() if on is None else show_progress(BatchFolder(out), stderr(), transient=True)
    try:
        with shown:
            tables = run_bench(
                out,
                methods=parse_names(methods),
                scenes=chosen,
                seeds=parse_whole_numbers(seeds, "--seeds"),
                preset=preset,
                set=parse_settings(set),
                trivial=trivial,
                plan=Plan(frames, size, drawing),
                device=device,
                precision=precision,
                weights=parse_weights(weights),
                checkpoint_seconds=checkpoint_seconds,
                callback=RichCallback() if on is None else None,
                notify=note,
                on=on,
                at_most=at_most,
                cores=cores,
                gpus=gpus,
            )
    except KeyboardInterrupt:
        stderr().print("stopped. What is finished is kept: the same command goes on from here.")
        # The exit code of Ctrl-C stays 130.
        raise
    show(tables, out / "table.html")


def show(found: Tables, page: Path) -> None:
    """Print the tables and where the page is."""
    from rich.text import Text

    grid("Mean over scenes and directions", found.overall, found.columns, place=False)
    grid("By scene", found.scenes, found.columns, place=True)
    for label, (count, seconds) in found.costs.items():
        stdout().print(Text(f"{label}: {count} cells, {seconds:.0f} s, {seconds / count:.1f} s a cell"))
    for text in found.notes:
        stdout().print(Text(text))
    stdout().print(Text(str(page), style="bold"))


def grid(title: str, rows: Sequence[Row], columns: Sequence[str], *, place: bool) -> None:
    """One of the tables: those columns that fit, and behind each mean half of its interval."""
    from rich.table import Table
    from rich.text import Text

    shown = []
    for name in SHOWN:
        if name in columns:
            shown.append(name)

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for head in (*(("scene", "") if place else ()), "method", "cells", "worst", *shown):
        table.add_column(head, justify="left" if head in ("scene", "", "method") else "right", no_wrap=True)
    for row in rows:
        where = [row.scene, row.direction] if place else []
        worst = "" if row.worst is None else f"{row.worst:.3f}"
        values = []
        for name in shown:
            values.append(str(row.figures[name]) if name in row.figures else "")

        # As text, or rich would read a bracket in a name as markup.
        table.add_row(*(Text(cell) for cell in (*where, row.label, str(row.cells), worst, *values)))
    console = PatientConsole(highlight=False)
    # A table is as wide as it is, where nobody looks at it in a window.
    console.width = console.width if console.is_terminal else 240
    console.print(table)
    stdout().print()
