"""Settings of this process that make a training fast, on for its length and put back afterwards."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Of glibc's malloc.h: name, value while training, its own default.
_TRIM_THRESHOLD = (-1, -1, 128 * 1024)
_TOP_PAD = (-2, 64 * 1024 * 1024, 128 * 1024)
_MMAP_MAX = (-4, 0, 65536)


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

    # The thresholds are of the whole process, so they are put back at the end.
    for name, value, _ in (_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX):
        mallopt(name, value)
    try:
        yield
    finally:
        for name, _, default in (_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX):
            mallopt(name, default)
        libc.malloc_trim(0)


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
