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


def test_an_import_of_torch_would_be_seen() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import torch\n" + PROGRAM, "--version"], capture_output=True, text=True, timeout=120
    )
    assert run.stderr.split() == ["0", "torch"]
