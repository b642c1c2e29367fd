"""A JOKR whose process is killed for good goes on as if nothing had happened."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from killed_training import CONFIG, made, trained

from muybridge.methods.jokr.data import PairData
from muybridge.run import Run

HERE = Path(__file__).parent
SOURCE = str(HERE.parents[2] / "src")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": SOURCE, "MUYBRIDGE_CHECK_SHAPES": "0"}


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_killed_and_resumed_it_ends_bit_for_bit(tmp_path: Path) -> None:
    whole, broken = (Run.create(tmp_path / n, "jokr", CONFIG.model_dump(mode="json")) for n in ("whole", "broken"))
    command = [sys.executable, str(HERE / "killed_training.py"), str(broken.path)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    assert (broken.record.status, broken.status) == ("training", "interrupted")
    assert (broken.load_checkpoint().done, broken.read_log()[-1]["done"]) == (3, 4)
    other, _ = made(seed=1)  # other first weights, for all must come from the run
    assert trained(other, PairData.restore(broken.load_data()), broken, resume=True).finished
    assert trained(*made(), whole).finished
    a, b = whole.load_weights(), broken.load_weights()
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert [x["losses"] for x in whole.read_log()] == [x["losses"] for x in broken.read_log()]
