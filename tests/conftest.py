"""Shape checks on for every test; the read-only material beside the repository, where it is there."""

import os
from pathlib import Path

os.environ.setdefault("MUYBRIDGE_CHECK_SHAPES", "1")

import pytest
import torch

import muybridge

assert muybridge  # its import puts the checks in place
if os.environ["MUYBRIDGE_CHECK_SHAPES"] == "1":
    # Programs that a test starts run as a person's do: the checks cost each of them six seconds before it begins.
    del os.environ["MUYBRIDGE_CHECK_SHAPES"]

THREADS = max(1, (os.cpu_count() or 2) // max(1, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))))
torch.set_num_threads(THREADS)
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Golden files and real videos; a test that asks for them is skipped where they are missing."""
    if not SHARED.is_dir():
        pytest.skip("needs the golden files and videos in ../shared, which are not on this machine")
    return SHARED
