"""Authors' released programs against this package: the same weights, clip and batch, in turn in one run.

    python benchmarks/peers.py --fomm FOLDER [--tsnet FOLDER] [--what animate train memory] [--frames 24 72]
                               [--rounds N] [--threads N] [--batch N] [--fomm-config FILE]

A folder is a copy of a released program as its authors publish it; none is part of this repository, and nothing is
fetched. What each has to hold is in peers_released.py. Each program lives in a process of its own, at the default sizes
that it was released with, with random weights; ours gets them by `import_checkpoint`.

animate  frames per second of the program's own loop and of our `animate`, start and checks included, and how far the
         worst frame is from theirs, of pictures in [0, 1]
train    a step of training on one batch: the program's in float32, ours in float32 and in bfloat16, with the same
         random weights of VGG-19 (FOMM only)
memory   the most memory of a process that does nothing but animate the first count of frames

Seconds of the processor are told beside the clock's, because those stay true on a busy machine. Medians of the rounds.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import peers_released
import torch
from peers_released import NEEDED, WARM, Seconds, Side, Task

# peers_ours is imported by our processes alone: it would be in the memory of theirs.

WAYS = ("theirs", "ours")
_here: list[Side] = []
"""What lives in this process, where it is one of the workers."""


# -- in the workers ----------------------------------------------------------------------------------------------------


def _leave_tables_alone() -> None:
    """What programs print goes where their warnings go."""
    sys.stdout = sys.stderr


def _save_weights(task: Task) -> None:
    peers_released.open_released(task).save_weights()  # type: ignore[attr-defined]


def _draw_clip(task: Task) -> None:
    import peers_ours

    peers_ours.draw_clip(task)


def _import_weights(task: Task, counts: list[int]) -> None:
    import peers_ours

    peers_ours.import_weights(task, counts)


def _open(way: str, task: Task) -> None:
    if way == "theirs":
        _here.append(peers_released.open_released(task))
        return
    import peers_ours

    _here.append(peers_ours.open_ours(task))


def _animate(frames: int, kept: Path | None = None) -> Seconds:
    made, seconds = peers_released.measured(lambda: _here[0].animate(frames))
    if kept is not None:
        np.save(kept, made)
    return seconds


def _step() -> tuple[dict[str, float], Seconds]:
    return peers_released.measured(_here[0].step)


def _most_memory(way: str, task: Task, frames: int) -> float:
    _open(way, task)
    _here[0].animate(frames)
    return peers_released.most_memory()


# -- here --------------------------------------------------------------------------------------------------------------


@contextmanager
def worker() -> Iterator[Callable[..., Any]]:
    """A fresh process; calls wait for what comes of them."""
    with ProcessPoolExecutor(1, get_context("spawn"), _leave_tables_alone) as pool:
        yield lambda work, *given: pool.submit(work, *given).result()


def alone(work: Callable[..., Any], *given: Any) -> Any:
    """What comes of it in a process that ends with it."""
    with worker() as ask:
        return ask(work, *given)


def prepare(task: Task, counts: list[int]) -> None:
    """The clip, the program's weights, and our import of them."""
    alone(_draw_clip, task)
    alone(_save_weights, task)
    alone(_import_weights, task, [WARM, *counts])


def compare_animations(task: Task, counts: list[int], rounds: int) -> list[list[str]]:
    """A row for each count of frames."""
    rows = []
    with ExitStack() as open_workers:
        ask = {way: open_workers.enter_context(worker()) for way in WAYS}
        for way in WAYS:
            ask[way](_open, way, task)
            ask[way](_animate, WARM)

        for count in counts:
            taken: dict[str, list[Seconds]] = {way: [] for way in WAYS}
            kept = {way: task.file(f"{way}.npy") for way in WAYS}
            for _ in range(rounds):
                for way in WAYS:
                    taken[way].append(ask[way](_animate, count, kept[way]))
            clock, processor = ([count / middle(taken[way], i) for way in WAYS] for i in (0, 1))
            row = [f"{task.program}, {count} frames"]
            row += [f"{x:.2f}" for x in (*clock, *processor)]
            row += [f"{clock[1] / clock[0]:.2f}", f"{processor[1] / processor[0]:.2f}"]
            rows.append([*row, f"{worst_noise(*kept.values()):.1f}"])
    return rows


def compare_steps(task: Task, rounds: int) -> list[list[str]]:
    """Rows of the program, ours in float32, ours in bfloat16."""
    ways = {"theirs": ("theirs", task), "ours, float32": ("ours", task)}
    ways["ours, bfloat16"] = ("ours", replace(task, precision="bfloat16"))
    with ExitStack() as open_workers:
        ask, first = {}, {}
        taken: dict[str, list[Seconds]] = {name: [] for name in ways}
        for name, (way, its) in ways.items():
            ask[name] = open_workers.enter_context(worker())
            ask[name](_open, way, its)
            first[name], _ = ask[name](_step)  # the losses before weights part; its time does not count
        for _ in range(rounds):
            for name in ways:
                taken[name].append(ask[name](_step)[1])

    rows = []
    theirs = [middle(taken["theirs"], i) for i in (0, 1)]
    for name, seconds in taken.items():
        clock, processor = middle(seconds, 0), middle(seconds, 1)
        row = [f"{task.program}, {name}", f"{clock:.2f}", f"{processor:.2f}"]
        row += [f"{theirs[0] / clock:.2f}", f"{theirs[1] / processor:.2f}"]
        rows.append([*row, f"{first[name]['perceptual']:.4f}"])
    return rows


def compare_memory(task: Task, frames: int) -> list[str]:
    """A row."""
    most = [alone(_most_memory, way, task, frames) for way in WAYS]
    return [f"{task.program}, {frames} frames", *(f"{x:.0f}" for x in most), f"{most[1] / most[0]:.2f}"]


def middle(taken: list[Seconds], which: int) -> float:
    """The median of the clock's (0) or the processor's (1) seconds."""
    return statistics.median(seconds[which] for seconds in taken)


def worst_noise(theirs: Path, ours: Path) -> float:
    """dB of the frame that is farthest from theirs. Files of [T, H, W, 3], theirs in [0, 1], ours bytes."""
    wanted, made = np.load(theirs), np.load(ours)
    if wanted.shape != made.shape:
        raise ValueError(f"theirs are {wanted.shape}, ours {made.shape}: they are not the same frames")
    apart = wanted - made.astype(np.float32) / 255
    return float(-10 * np.log10(max(np.square(apart).mean((1, 2, 3)).max(), 1e-12)))


def show(head: list[str], rows: list[list[str]]) -> None:
    """A table in Markdown."""
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(row) + " |", flush=True)
    print(flush=True)


def read_arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The arguments; the process ends where they cannot be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for program in NEEDED:
        parser.add_argument(f"--{program}", type=Path, metavar="FOLDER")
    parser.add_argument("--fomm-config", default="config/vox-256.yaml", help="in the program's folder")
    parser.add_argument("--what", nargs="+", choices=("animate", "train", "memory"), default=["animate"])
    parser.add_argument("--frames", nargs="+", type=int, default=[24, 72])
    for name, value in {"rounds": 3, "threads": 1, "batch": 4}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    found = parser.parse_args(given)

    if not any(getattr(found, program) for program in NEEDED):
        parser.error("name the folder of one released program at least: --fomm FOLDER or --tsnet FOLDER")
    if min(*found.frames, found.rounds, found.threads, found.batch, 8) < 1 or min(found.frames) < 8:
        parser.error("frames are 8 or more, and rounds, threads and batch 1 or more")
    for program in NEEDED:
        folder = getattr(found, program)
        lacks = peers_released.missing_files(program, folder, found.fomm_config) if folder else []
        if lacks:
            parser.error(f"{folder} is not the released program of {program}: it has no {', '.join(lacks)}")
    return found


def main() -> None:
    """Print the tables."""
    given = read_arguments()
    print(f"{platform.machine()}, {given.threads} threads, torch {torch.__version__}\n", flush=True)
    for program in NEEDED:
        folder = getattr(given, program)
        if folder is None:
            continue
        with tempfile.TemporaryDirectory() as work:
            where = str(folder.resolve())
            task = Task(program, where, work, given.fomm_config, given.threads, max(given.frames), given.batch)
            prepare(task, given.frames)
            if "animate" in given.what:
                head = ["", "theirs, frames/s", "ours", "theirs, a processor's second", "ours"]
                head += ["times by the clock", "by the processor", "dB, worst frame"]
                show(head, compare_animations(task, given.frames, given.rounds))
            if "train" in given.what and program == "fomm":
                head = ["", "seconds a step", "of the processor", "times by the clock", "by the processor"]
                show([*head, "perceptual, first step"], compare_steps(task, given.rounds))
            if "memory" in given.what:
                head = ["", "theirs, MB", "ours", "share"]
                show(head, [compare_memory(task, given.frames[0])])


if __name__ == "__main__":
    main()
