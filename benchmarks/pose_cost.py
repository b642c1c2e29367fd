"""What a picture costs while people drag: processor time a pose, in a process like that of the studio.

    python benchmarks/pose_cost.py muybridge-studio/runs/ID/out/run --threads 1

Processor time of the whole process, which other programs change little. One table: poses at once, milliseconds of one
core a pose, and the share of that time in which more than one core worked, if there are several threads.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.studio.pose_worker import PoseWorker

ROUNDS = 7


def order(run: Path, number: int, full: bool) -> dict[str, Any]:
    """One of the poses of a crowd: each drags another keypoint of another frame."""
    moves = {str(number % 4): [0.02 + 0.002 * number, 0.01]}
    asked = {"side": "ab", "frame": number % 20, "moves": moves, "background": "contrast", "full": full}
    return {"do": "pose", "run": str(run), **asked}


def cost(worker: PoseWorker, run: Path, count: int, full: bool) -> tuple[float, float]:
    """Seconds of one core a pose (median of several rounds), and of the wall's clock."""
    spent, passed = [], []
    for turn in range(ROUNDS + 1):
        orders = [order(run, turn + number, full) for number in range(count)]
        began, then = time.process_time(), time.perf_counter()
        head, _ = worker.answer(orders)
        assert all("message" not in each for each in head["answers"]), head
        spent.append((time.process_time() - began) / count)
        passed.append((time.perf_counter() - then) / count)
    # The first round fetches own frames and plans convolutions.
    return statistics.median(spent[1:]), min(passed[1:])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    worker = PoseWorker("cpu")
    began = time.process_time()
    worker.load_run(str(asked.run))
    print(f"loading it: {time.process_time() - began:.2f} s of one core")
    for turn in ("first", "second"):
        began = time.process_time()
        worker.find_handles(str(asked.run))
        print(f"its keypoints, {turn} time: {time.process_time() - began:.2f} s of one core")
    print("| poses at once | of one core, each | by the clock, each, at best |\n|---|---|---|")
    with fast_kernels():
        for count, full in ((1, False), (4, False), (10, False), (20, False), (1, True)):
            spent, passed = cost(worker, asked.run, count, full)
            print(f"| {count}{' whole' if full else ''} | {1000 * spent:.1f} ms | {1000 * passed:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
