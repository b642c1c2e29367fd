"""Settings of the process: on while training, off afterwards, and with the same results."""

import os
import subprocess
import sys
import time

import pytest
import torch

from muybridge.engine import cpu_tuning
from muybridge.engine.cpu_tuning import CoreWatch, fast_kernels, suit_threads


def flushes() -> bool:
    return not (torch.full((4,), 1e-39) * 1).any()


@pytest.mark.parametrize("before", [False, True])
def test_settings_are_put_back(before: bool) -> None:
    benchmark = torch.backends.cudnn.benchmark
    torch.set_flush_denormal(before)
    try:
        with fast_kernels():
            assert torch.backends.cudnn.benchmark
            assert flushes()
        assert flushes() == before
        assert torch.backends.cudnn.benchmark == benchmark
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is kept with glibc alone")
def test_the_outermost_puts_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training inside a bench is over before the bench is."""
    told: list[tuple[int, int]] = []

    class Libc:
        def __init__(self, _: None) -> None:
            self.mallopt = lambda name, value: told.append((name, value))
            self.malloc_trim = lambda _: None

    monkeypatch.setattr(cpu_tuning.ctypes, "CDLL", Libc)
    with cpu_tuning.keep_memory():
        begun = list(told)
        with cpu_tuning.keep_memory():
            pass
        assert told == begun
    assert [name for name, _ in told] == [-1, -2, -4] * 2
    assert told[3:] != begun


@pytest.mark.parametrize(
    ("cores", "busy", "now", "chosen"),
    [
        (2, (3.0, 2.0), 2, 2),
        (2, (100.0, 8.0), 2, 1),
        (2, (100.0, 100.0), 2, 1),
        (8, (100.0, 100.0, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0), 8, 6),
        (8, (0.0,) * 8, 4, 4),
    ],
)
def test_a_new_training_takes_the_cores_that_are_free(
    cores: int, busy: tuple[float, ...], now: int, chosen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(cpu_tuning.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(cpu_tuning.psutil, "cpu_percent", lambda *_, **__: list(busy))
    before = torch.get_num_threads()
    torch.set_num_threads(now)
    try:
        with suit_threads() as told:
            assert torch.get_num_threads() == chosen
            assert (told is None) == (chosen == now)
        assert torch.get_num_threads() == now
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("others", "own", "free"), [(0.0, 0.0, 2), (0.0, 2.0, 2), (1.0, 1.0, 1), (2.0, 0.0, 1), (0.4, 1.0, 2)]
)
def test_what_a_process_uses_itself_is_free_to_it(
    others: float, own: float, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cores' worth of work of others and its own, for two seconds on two cores."""
    monkeypatch.setattr(cpu_tuning.os, "cpu_count", lambda: 2)
    told = iter([(10.0, 100.0, 5.0), (10.5, 101.0, 5.0), (12.0, 100 + 2 * (others + own), 5 + 2 * own)])
    monkeypatch.setattr(cpu_tuning, "_spent", lambda: cpu_tuning._Spent(*next(told)))
    watch = CoreWatch(1.0)
    assert watch.count() == 2, "nothing has been seen yet"
    assert watch.count() == free


def test_a_busy_neighbour_is_seen() -> None:
    watch = CoreWatch(0.5)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        time.sleep(1.0)
        assert watch.count() < max(2, os.cpu_count() or 1)
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_who_names_a_number_of_threads_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr(cpu_tuning.psutil, "cpu_percent", lambda *_, **__: [100.0, 100.0])
    now = torch.get_num_threads()

    with suit_threads(before=now + 1) as told:
        assert torch.get_num_threads() == now
    assert told is None


FAULTS = """
import resource
import torch
from muybridge.engine.cpu_tuning import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16, 1024, 1024)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults())
with keep_memory():
    for _ in range(3):  # until there is room for it
        faults()
    print(faults())
print(faults())
"""


def test_memory_is_kept_and_given_back() -> None:
    # In a process of its own: what others have left on the heap decides where the next tensor goes.
    pytest.importorskip("resource")
    ran = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    before, kept, after = map(int, ran.stdout.split())
    if before < 1000:
        pytest.skip("this C library keeps memory by itself")
    assert kept < 100
    assert after > 1000
