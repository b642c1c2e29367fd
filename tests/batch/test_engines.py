"""Tickets on each engine: all end, a failure is told, a stopped engine leaves nothing running."""

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from muybridge.batches import ticket as ticket_module
from muybridge.batches.engines import open_engine
from muybridge.batches.local import LocalEngine
from muybridge.batches.ray_cluster import RayEngine, run_remotely
from muybridge.batches.ticket import Share, Ticket, read_last_words, run_ticket
from muybridge.errors import UsageError

SAY = """
import os, sys
print("said", os.environ["OMP_NUM_THREADS"])
open(sys.argv[1], "a").write("x")
sys.exit(int(sys.argv[2]))
"""
WAIT = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"


STOP = """
import os, signal, sys
from muybridge.batches.local import LocalEngine
from muybridge.batches.ticket import Ticket, run_ticket

def stop(number, frame):
    raise KeyboardInterrupt

signal.signal(signal.SIGTERM, stop)
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
ticket = Ticket("job", (sys.executable, "-c", "import time; time.sleep(60)"))
try:
    list(LocalEngine(1).run([ticket])) if sys.argv[1] == "local" else run_ticket(ticket)
except KeyboardInterrupt:
    print("stopped")
"""


def ticket(folder: Path, name: str, code: int = 0) -> Ticket:
    return Ticket(name, (sys.executable, "-c", SAY, str(folder / name), str(code)), str(folder / f"{name}.log"))


def test_a_ticket_says_how_it_ended(tmp_path: Path) -> None:
    assert run_ticket(ticket(tmp_path, "good")) == 0
    assert run_ticket(ticket(tmp_path, "bad", 3)) == 3
    assert read_last_words(tmp_path / "good.log") == "said 1"
    assert read_last_words(tmp_path / "none.log") == ""


def test_the_local_engine_ends_all_and_shares_out_the_cores(tmp_path: Path) -> None:
    tickets = [ticket(tmp_path, f"job{i}", code=i % 2) for i in range(5)]
    assert dict(LocalEngine(2).run(tickets)) == {f"job{i}": i % 2 for i in range(5)}
    assert all((tmp_path / f"job{i}").read_text() == "x" for i in range(5))
    assert read_last_words(tmp_path / "job0.log") == f"said {max(1, (os.cpu_count() or 1) // 2)}"


def test_memory_limits_how_many_run_at_once() -> None:
    large = [Ticket(f"job{i}", ("true",), memory=2**60) for i in range(4)]
    assert LocalEngine().count(large) == 1
    assert LocalEngine(3).count([Ticket(f"job{i}", ("true",), memory=1) for i in range(9)]) == 3
    wide = [Ticket(f"job{i}", ("true",), threads=10**6, memory=1) for i in range(9)]
    assert LocalEngine().count(wide) == 1
    for wrong in ({"cores": 0}, {"gpus": -1}, {"gpus": float("nan")}):
        with pytest.raises(UsageError, match="at least one core"):
            Share(**wrong)


@pytest.mark.parametrize("where", ["local", "ticket"])
def test_a_stop_that_comes_while_a_job_starts_is_heard(where: str) -> None:
    """Python's logging has a hook of `fork`, and what a signal's handler raised in there was lost: the job ran on."""
    done = subprocess.run([sys.executable, "-c", STOP, where], capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.stderr, done.returncode) == ("stopped\n", "", 0)


def test_a_stopped_engine_leaves_nothing_running(tmp_path: Path) -> None:
    short = ticket(tmp_path, "short")
    long = Ticket("long", (sys.executable, "-c", WAIT, str(tmp_path / "pid")))
    # As where a shell has started all of this in the background.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        running = LocalEngine(2).run([short, long])
        assert next(running)[0] == "short"
    finally:
        signal.signal(signal.SIGINT, before)
    end = time.monotonic() + 20
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)

    began = time.monotonic()
    running.close()
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_task_of_ray_hears_that_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = ticket_module.start_ticket

    def begin(ticket: Ticket) -> subprocess.Popen[bytes]:
        started.append(start(ticket))
        # As Ray cancels a task: its main thread is told, and no signal is sent.
        threading.Timer(0.3, _thread.interrupt_main).start()
        return started[0]

    monkeypatch.setattr(ticket_module, "start_ticket", begin)
    # As where a shell has started the node in the background.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As Ray's workers do.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        began = time.monotonic()
        assert run_remotely(Ticket("long", (sys.executable, "-c", "import time; time.sleep(60)"))) == -signal.SIGINT
        assert time.monotonic() - began < 30
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        signal.signal(signal.SIGINT, before)
    assert started[0].returncode == -signal.SIGINT


def test_a_killed_ticket_is_told(tmp_path: Path) -> None:
    kill = Ticket("killed", (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
    assert dict(LocalEngine(1).run([kill])) == {"killed": -signal.SIGKILL}


class FakeRay:
    """What the engine asks Ray before it sends anything."""

    def __init__(self, **node: float) -> None:
        self.node = node
        self.asked: list[dict] = []

    def init(self, **told: object) -> None:
        self.asked.append(told)

    def cluster_resources(self) -> dict[str, float]:
        return self.node

    def nodes(self) -> list[dict]:
        return [
            {"Alive": True, "Resources": self.node},
            {"Alive": False, "Resources": {"CPU": 64.0, "memory": 2.0**60}},
        ]


def test_ray_is_a_cluster_of_our_own_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = FakeRay(CPU=2.0, memory=2.0**33)
    told: list[str] = []
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    # Somebody else's cluster on this machine would be found without an address.
    RayEngine("ray", notify=told.append)._connect(ray)
    RayEngine("ray://head:10001", notify=told.append)._connect(ray)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    RayEngine("ray", notify=told.append)._connect(ray)
    assert [each["address"] for each in ray.asked] == ["local", "ray://head:10001", "auto"]
    assert told == [
        "Ray: a cluster of this machine, for this batch alone (cores: 2, GPUs: 0, memory: 8.0 GiB)",
        "Ray: the cluster at ray://head:10001 (cores: 2, GPUs: 0, memory: 8.0 GiB)",
        "Ray: the cluster at 10.0.0.1:6379 (cores: 2, GPUs: 0, memory: 8.0 GiB)",
    ]


def test_a_job_that_no_node_of_ray_can_hold_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    ray = FakeRay(CPU=2.0, memory=2.0**33)
    fits = [Ticket("one", ("true",)), Ticket("two", ("true",), threads=2)]
    too_large = [*fits, Ticket("three", ("true",), gpus=0.5), Ticket("four", ("true",), gpus=0.5)]
    told: list[str] = []
    named = RayEngine("ray://head:10001", notify=told.append)
    named._check_size(ray, fits)
    assert told == []
    # A cluster may grow.
    named._check_size(ray, too_large)
    assert told == [
        "no node of the cluster at ray://head:10001 has what a job needs (cores: 1, GPUs: 0.5, memory: 2.0 GiB), "
        "which waits for one"
    ]
    RayEngine()._check_size(ray, fits)
    with pytest.raises(UsageError, match=r"needs more \(cores: 1, GPUs: 0\.5, .*\) than this machine has \(cores: 2, "):
        RayEngine()._check_size(ray, too_large)


def test_engines_are_known_by_name(tmp_path: Path) -> None:
    assert open_engine("local", tmp_path, 3).at_most == 3
    assert open_engine("ray://head:10001", tmp_path).address == "ray://head:10001"
    assert open_engine("slurm:partition=gpu,timeout_min=30", tmp_path).options == {
        "slurm_partition": "gpu",
        "timeout_min": 30,
    }
    for wrong in ("cloud", "ray://", "slurm:gpu"):
        with pytest.raises(UsageError):
            open_engine(wrong, tmp_path)
    with pytest.raises(UsageError, match="at least one"):
        open_engine("local", tmp_path, 0)
