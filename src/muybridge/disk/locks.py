"""Locks that end with their process, as POSIX has them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from muybridge.disk.explain import explain_disk_errors
from muybridge.errors import RunError


@contextlib.contextmanager
def hold_lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the file alone; RunError where another process or thread does, unless it is waited for."""
    handle = take_lock(path, wait=wait)
    try:
        yield
    finally:
        os.close(handle)


def take_lock(path: Path, *, wait: bool = False) -> int:
    """`hold_lock` without an end: the descriptor, which gives the lock back when it is closed."""
    with explain_disk_errors(path.parent):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)

    try:
        if wait:
            fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            _try_lock(handle, path)
    # Ctrl-C may come while it waits: a program that goes on must not keep the file open, nor the lock.
    except BaseException:
        os.close(handle)
        raise
    return handle


def _try_lock(handle: int, path: Path) -> None:
    # A few tries, for `is_locked` holds it for a moment.
    for left in reversed(range(5)):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if not left:
                raise RunError(f"another training is writing {path.parent}", "Wait for it, or stop it.") from error
            time.sleep(0.1)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the file by `hold_lock`; works in a folder that can only be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False

    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    # Only looked at: a shared lock needs no right to write, and fails while a writer holds it.
    except BlockingIOError:
        return True
    finally:
        os.close(handle)

    return False
