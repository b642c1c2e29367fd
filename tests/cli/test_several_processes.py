"""The command under torchrun: one run, one log, one answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import write

SOURCE = Path(__file__).parents[2] / "src"
NET = {"width": 8, "max_width": 16, "blocks": 2}
SETTINGS = {
    "size": 32,
    "keypoints": 3,
    "detector": NET,
    "motion": {**NET, "group_blocks": 1},
    "generator": {**NET, "refinements": 1},
    "critic": NET,
    "losses": {"matching": [10, 10, 10]},
    "learn": {"steps": 3, "batch": 4, "lr": 1e-3},
    "prediction": {"steps": 0, "batch": 2, "lr": 1e-3},
}


@pytest.mark.slow
def test_two_processes_fit_one_run(tmp_path: Path) -> None:
    drawn = scene("dog-cat", 4, 64)
    (tmp_path / "clips").mkdir()
    for name, clip in (("a", drawn.a), ("b", drawn.b)):
        write(tmp_path / "clips" / f"{name}.mp4", clip.pixels, clip.timing)
    settings = [f"--set={name}={json.dumps(value)}" for name, value in SETTINGS.items()]
    asked = ["fit", "monkeynet", str(tmp_path / "clips"), "--out", str(tmp_path / "run"), "--device", "cpu", *settings]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "MUYBRIDGE_CHECK_SHAPES": "0"}

    def call(*more: str) -> subprocess.CompletedProcess:
        command = [*torchrun, "-m", "muybridge", *asked, *more]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)

    done = call()
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == [str(tmp_path / "run")]
    run = Run.open(tmp_path / "run", "monkeynet")
    assert (run.status, run.record.done) == ("finished", 3)
    assert [line["done"] for line in run.read_log()] == [3]
