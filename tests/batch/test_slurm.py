"""A real SLURM on this machine: one job of an array is pre-empted, one is lost, and all of it ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from slurm_cluster import CORES, find_missing_programs, start_slurm

from muybridge.batches import slurm
from muybridge.batches.engines import open_engine
from muybridge.batches.ticket import Ticket

pytest.importorskip("submitit", reason="submitit is not installed: pip install '.[slurm]'")
missing = find_missing_programs()
pytestmark = pytest.mark.skipif(
    bool(missing),
    reason=f"SLURM is not installed ({', '.join(missing)}): apt install slurmctld slurmd slurm-client munge",
)

# Says that it has begun, waits until it may go on, and keeps a checkpoint where it is stopped.
WORK = """
import os, pathlib, sys, time
out = pathlib.Path(sys.argv[1])
with open(str(out) + ".begun", "a") as file:
    file.write(str(os.getpid()) + chr(10))
end = time.monotonic() + 90
try:
    while not (out.parent / "go").exists() and time.monotonic() < end:
        time.sleep(0.05)
except KeyboardInterrupt:
    pathlib.Path(str(out) + ".checkpoint").touch()
    sys.exit(130)
out.write_text("done")
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    # The address of a socket is short, and the folders of tests are deep.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    try:
        with start_slurm(folder) as environment, pytest.MonkeyPatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tickets(folder: Path, count: int) -> list[Ticket]:
    made = []
    for index in range(count):
        command = (sys.executable, "-c", WORK, str(folder / f"job{index}"))
        made.append(Ticket(f"job{index}", command, str(folder / f"job{index}.log")))
    return made


def begun(folder: Path) -> int:
    return sum(len(path.read_text().split()) for path in folder.glob("*.begun"))


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 80
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def list_queue() -> list[str]:
    command = ["squeue", "--noheader", "--array", "--states=R,PD", "--format=%i"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.split()


@pytest.mark.timeout(240)
def test_a_preempted_job_keeps_a_checkpoint_and_is_done_again(cluster: None, tmp_path: Path) -> None:
    def preempt() -> None:
        wait_until(lambda: begun(tmp_path) == CORES)
        # More important, and there is no room: SLURM has to take it from one of the four.
        subprocess.run(["srun", "--partition=high", "--ntasks=1", "true"], check=True, timeout=80)
        wait_until(lambda: begun(tmp_path) == CORES + 1)
        (tmp_path / "go").touch()

    other = threading.Thread(target=preempt)
    other.start()
    engine = open_engine("slurm:partition=low,timeout_min=60", tmp_path)
    ended = dict(engine.run(tickets(tmp_path, CORES)))
    other.join()

    assert ended == {f"job{index}": 0 for index in range(CORES)}
    assert all((tmp_path / name).read_text() == "done" for name in ended)
    assert begun(tmp_path) == CORES + 1
    assert len(list(tmp_path.glob("*.checkpoint"))) == 1
    # Of submitit's own files only the script of the array is left.
    assert [path.suffix for path in (tmp_path / "slurm").iterdir() if path.is_file()] == [".sh"]


@pytest.mark.timeout(240)
def test_a_job_that_leaves_no_result_is_not_waited_for(
    cluster: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "LOOK", 1.0)
    # In arrays of two, one after the other.
    monkeypatch.setattr(slurm, "LARGEST_ARRAY", 2)

    def lose_one() -> None:
        wait_until(lambda: begun(tmp_path) == 2)
        # What waits beside one of the two is gone without a word, as where a node runs out of memory.
        pid = next(tmp_path.glob("*.begun")).read_text().strip()
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        os.kill(int(parent), signal.SIGKILL)
        wait_until(lambda: len(list_queue()) == 1)
        (tmp_path / "go").touch()

    other = threading.Thread(target=lose_one)
    other.start()
    ended = dict(open_engine("slurm:partition=low,timeout_min=60", tmp_path, 2).run(tickets(tmp_path, 3)))
    other.join()
    assert sorted(ended.values()) == [-9, 0, 0]
    assert list(ended)[-1] == "job2"


@pytest.mark.timeout(240)
def test_a_stopped_engine_leaves_nothing_in_the_queue(cluster: None, tmp_path: Path) -> None:
    running = open_engine("slurm:partition=low,timeout_min=60", tmp_path).run(
        [*tickets(tmp_path, 2), Ticket("short", ("true",))]
    )
    assert next(running) == ("short", 0)
    wait_until(lambda: begun(tmp_path) == 2)
    running.close()

    pids = [int(path.read_text()) for path in tmp_path.glob("*.begun")]
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    assert list_queue() == []
