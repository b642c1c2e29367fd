"""Ctrl-C in a process of its own: exit code 130, the command to go on with, and a run that goes on."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from tiny_jobs import TINY, Pair

from muybridge.run import Run

PROGRAM = "import sys; from muybridge.cli import main; sys.exit(main())"


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if k != "MUYBRIDGE_CHECK_SHAPES"} | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stderr=subprocess.PIPE, text=True, env=environment
    )


def test_ctrl_c_then_resume(pair: Pair, tmp_path: Path) -> None:
    out = tmp_path / "the job"
    arguments = ["retarget", str(pair.a), str(pair.b), "--out", str(out), *TINY, "--set", "shape.steps=300"]
    process = start(*arguments)
    log = out / "run" / "log.jsonl"
    until = time.monotonic() + 120
    while not (log.exists() and log.stat().st_size) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert shlex.join(["muybridge", *arguments, "--resume"]) in said
    run = Run.open(out / "run")
    assert run.status == "interrupted"
    assert 0 < run.record.done < 302
    assert not list(out.glob("*.mp4"))

    resumed = start(*arguments, "--resume")
    said = resumed.communicate(timeout=240)[1]
    assert resumed.returncode == 0, said
    assert "resumed after" in said
    assert Run.open(out / "run").status == "finished"
    assert (out / "report.html").is_file()
