"""What only prints what is known starts without torch, whose import takes seconds of a processor."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from muybridge.cli.main import main

code = main(sys.argv[1:])
print(code, *(name for name in ("torch", "cv2", "av") if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [["methods"], ["fetch", "--list"], ["--help"], ["--version"], ["retarget", "--help"], ["motion", "--help"]],
    ids=" ".join,
)
def test_it_imports_no_torch(words: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stderr.split() == ["0"]
    assert run.stdout.strip()


def test_a_worker_of_the_studio_imports_what_it_works_with() -> None:
    """One is begun behind every task, and takes its imports from whoever waits for something else."""
    program = "import sys, muybridge.studio.task_worker; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    there = set(run.stdout.split())
    assert "torch" in there
    assert there.isdisjoint({"fastapi", "uvicorn", "torchmetrics"})


def test_an_import_of_torch_would_be_seen() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import torch\n" + PROGRAM, "--version"], capture_output=True, text=True, timeout=120
    )
    assert run.stderr.split() == ["0", "torch"]
