"""Monkey-Net, FOMM and articulated animation in two processes: the losses of one process with the whole batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from animation_family import NAMES, trained

from muybridge.run import Run

HERE = Path(__file__).parent
PYTHONPATH = os.pathsep.join([str(HERE), str(HERE.parents[1] / "src")])
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": PYTHONPATH, "MUYBRIDGE_CHECK_SHAPES": "0"}


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All three, trained by two processes."""
    folder = tmp_path_factory.mktemp("two")
    for name in NAMES:
        Run.create(folder / name, name, {})
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, str(HERE / "animation_family.py"), str(folder)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_have_the_losses_of_one(name: str, together: Path, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trained(name, tmp_path, 0, 1)
    finally:
        torch.set_num_threads(threads)
    two, one = (Run.open(folder / name) for folder in (together, tmp_path))
    assert [line["stage"] for line in two.read_log()] == [line["stage"] for line in one.read_log()]
    assert len(one.read_log()) in (4, 8), "four steps a stage"
    for a, b in zip(two.read_log(), one.read_log(), strict=True):
        assert len(b["losses"]) >= 1
        assert a["losses"] == pytest.approx(b["losses"], rel=1e-6, abs=1e-9), f"{b['stage']} {b['step']}"
