"""Settings of this process that make a training fast, on for its length and put back afterwards."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psutil
import torch

# Of glibc's malloc.h: name, value while training, its own default.
_TRIM_THRESHOLD = (-1, -1, 128 * 1024)
_TOP_PAD = (-2, 64 * 1024 * 1024, 128 * 1024)
_MMAP_MAX = (-4, 0, 65536)

_keepers: list[None] = []
"""One for each `keep_memory` that is on, one inside the other or in several threads."""

LOOK = 0.3
"""Seconds over which the load of the machine is measured."""


@contextmanager
def fast_kernels() -> Iterator[None]:
    """Let cuDNN time its kernels and keep the fastest, as the shapes of a stage do not change; take numbers under
    1e-38, which the tails of softmax and Gaussians are full of and a processor is slow with, for 0; keep memory.
    """
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True

    flushed = _flushes_denormals()
    torch.set_flush_denormal(True)
    try:
        with keep_memory():
            yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.backends.cudnn.benchmark = before


@contextmanager
def keep_memory() -> Iterator[None]:
    """Keep what a step frees for the next one, where the C library is glibc; elsewhere nothing changes.

    Otherwise glibc hands tensors of megabytes back to the system at once, which blanks every page again before the
    next use: up to a fifth of a step.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    mallopt = getattr(libc, "mallopt", None)
    if libc is None or mallopt is None:
        yield
        return

    # The thresholds are of the whole process and cannot be asked for: whoever came first puts them back.
    _keepers.append(None)
    if len(_keepers) == 1:
        for name, value, _ in (_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX):
            mallopt(name, value)
    try:
        yield
    finally:
        _keepers.pop()
        if not _keepers:
            for name, _, default in (_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX):
                mallopt(name, default)
            libc.malloc_trim(0)


@contextmanager
def suit_threads(before: int | None = None) -> Iterator[str | None]:
    """As many threads as suit the machine while inside, and the sentence that says so, None where nothing changes.

    Two threads that wait for each other at every sum are many times slower than one, as soon as another program has
    one of their cores: a step waits for whichever comes last. So a new training takes the cores that are free when it
    begins. One that goes on takes the number that it was `before` made with, or its sums would round otherwise.

    Who sets OMP_NUM_THREADS has decided. Nothing is raised above what PyTorch has now, but for a run that goes on.
    """
    now = torch.get_num_threads()
    told = None

    if "OMP_NUM_THREADS" in os.environ:
        chosen = now
    elif before is not None:
        chosen = min(before, os.cpu_count() or 1)
    else:
        chosen = min(now, _free_cores()) if now > 1 else now
        if chosen < now:
            told = (
                f"other programs are busy here: trains with {_threads(chosen)} of {now}, which is faster than to wait "
                f"for them. OMP_NUM_THREADS={now} takes all"
            )

    torch.set_num_threads(chosen)
    try:
        yield told
    finally:
        torch.set_num_threads(now)


class CoreWatch:
    """How many cores other programs leave to this process: what it uses itself counts as free.

    seconds  how long one answer holds
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.found = os.cpu_count() or 1
        self.seen = _spent()

    def count(self) -> int:
        """At least one; half of one counts as free. Until something has been seen, all."""
        now = _spent()
        passed = now.clock - self.seen.clock
        if passed < self.seconds:
            return self.found

        others = (now.busy - self.seen.busy) - (now.own - self.seen.own)
        self.found = max(1, int((os.cpu_count() or 1) - others / passed + 0.5))
        self.seen = now
        return self.found


class _Spent(NamedTuple):
    """Seconds: of the clock, of all cores at work, and of this process."""

    clock: float
    busy: float
    own: float


def _spent() -> _Spent:
    times = psutil.cpu_times()
    waiting = times.idle + getattr(times, "iowait", 0.0)
    return _Spent(time.monotonic(), sum(times[:8]) - waiting, time.process_time())


def _free_cores() -> int:
    """How many cores have had nothing to do in the last moment, at least one; half of one counts as free."""
    free = sum(100 - busy for busy in psutil.cpu_percent(LOOK, percpu=True)) / 100
    return max(1, int(free + 0.5))


def thread_warning(before: int | None) -> str | None:
    """What to tell a person who resumes with another number of threads than the run was made `before`; else None."""
    now = torch.get_num_threads()
    if before is None or before == now:
        return None
    return (
        f"this run was made with {_threads(before)} and goes on with {now}: sums round otherwise, so its weights will "
        f"not be bit for bit those of an unbroken training. OMP_NUM_THREADS={before} keeps the number"
    )


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _flushes_denormals() -> bool:
    """Whether this thread takes such numbers for 0 already."""
    return not bool(torch.tensor(1e-39) * 1)
