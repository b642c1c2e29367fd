"""The promise of `demo --preset smoke`: the whole job, better than standing still, in under 90 seconds on two cores."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PROMISED = 2 * 90
"""Seconds of work on all cores together. The clock itself would measure what else the machine does."""


def work() -> float:
    """Processor seconds of all ended children of this process."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_smoke_demo_keeps_its_promise(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    # One thread: threads that wait for each other on a busy machine would count as work.
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "MUYBRIDGE_CHECK_SHAPES": "0"}
    line = [sys.executable, "-m", "muybridge", "demo", "--preset", "smoke", "--device", "cpu", "--out", str(out)]
    before = work()
    ended = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=1100, check=False)
    took = work() - before
    assert ended.returncode == 0, ended.stderr[-3000:]
    told = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert {p.name for p in out.iterdir()} == {*told["files"], "run"}
    assert {"cat-moving-like-horse.mp4", "horse-moving-like-cat.mp4", "report.html"} <= set(told["files"])
    figures = told["figures"]
    for side in "ab":
        assert figures[f"truth_iou_{side}"] > figures[f"truth_still_iou_{side}"] + 0.02, figures
    # One direction alone may fall by as much on a processor that rounds otherwise; both together should not.
    result, still = (sum(figures[f"truth_{name}_{side}"] for side in "ab") for name in ("iou", "best_still_iou"))
    assert result > still, figures
    assert took < PROMISED, f"{took:.0f} processor seconds, and {PROMISED} are 90 seconds of two cores"
