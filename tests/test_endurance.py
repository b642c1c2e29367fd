"""A slice of the endurance benchmark."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "endurance.py"


@pytest.mark.slow
def test_kills_races_and_hostile_folders() -> None:
    asked = ["--kills", "10", "--races", "3", "--folders", "30", "--verbs", "2", "--full", "2", "--seed", "1"]
    asked += ["--media", "20", "--texts", "20", "--checkpoints", "9"]
    run = subprocess.run([sys.executable, str(PROGRAM), *asked], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "10 of 10 left a whole folder" in run.stdout
    assert "3 of 3 had one winner" in run.stdout
    assert "30 of 30 read or said why" in run.stdout
    assert "verbs killed: 2 of 2" in run.stdout
    assert "verbs on a full disk: 2 of 2" in run.stdout
    assert "changed media files: 20 of 20" in run.stdout
    assert "changed text files: 20 of 20" in run.stdout
    assert "changed checkpoints: 9 of 9" in run.stdout
