"""A slice of the endurance benchmark."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "endurance.py"


@pytest.mark.slow
def test_kills_races_and_hostile_folders() -> None:
    asked = ["--kills", "20", "--races", "5", "--folders", "50", "--verbs", "5", "--full", "5", "--seed", "1"]
    asked += ["--media", "60", "--texts", "40"]
    run = subprocess.run([sys.executable, str(PROGRAM), *asked], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "20 of 20 left a whole folder" in run.stdout
    assert "5 of 5 had one winner" in run.stdout
    assert "50 of 50 read or said why" in run.stdout
    assert "verbs killed: 5 of 5" in run.stdout
    assert "verbs on a full disk: 5 of 5" in run.stdout
    assert "changed media files: 60 of 60" in run.stdout
    assert "changed text files: 40 of 40" in run.stdout
