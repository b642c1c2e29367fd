"""What an engine runs: a command in a process of its own. Every engine runs tickets by the same function."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from muybridge.errors import UsageError

GRACE = 60.0
"""Seconds that a stopped job has to write its checkpoint."""
AWAKE = 0.5
"""Seconds after which whoever waits for a job hears that it is to stop."""
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
LAST_WORDS = 4000
"""Characters of a job's output that are kept for the person who asks why it failed."""


@dataclass(frozen=True)
class Ticket:
    """One command.

    command  its program and arguments
    log      file for what it prints; "" throws that away
    threads  processor threads that it may use
    gpus     GPUs that it needs
    memory   bytes that it needs, for engines that place jobs by memory
    """

    name: str
    command: tuple[str, ...]
    log: str = ""
    threads: int = 1
    gpus: float | int = 0.0
    memory: int = 2 * 2**30
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """What each job of a batch is given of a machine.

    cores  processor cores, at least; where one machine has more of them than jobs, they are shared out
    gpus   GPUs; half of one lets two jobs share it, where the engine knows that
    """

    cores: int = 1
    gpus: float | int = 0.0

    def __post_init__(self) -> None:
        if self.cores < 1 or not 0 <= self.gpus <= 64:
            raise UsageError(f"a job has at least one core and 0 to 64 GPUs, not {self.cores} and {self.gpus}")


@runtime_checkable
class Engine(Protocol):
    """Whatever runs tickets somewhere."""

    def run(self, tickets: Sequence[Ticket]) -> Iterator[tuple[str, int]]:
        """(name, exit code) of each ticket as it ends, in any order; a negative code is the signal that ended it.

        Closing the iterator stops what is running: each job gets `GRACE` seconds to write its checkpoint.
        """


def run_ticket(ticket: Ticket, on_start: Callable[[subprocess.Popen[bytes]], None] | None = None) -> int:
    """Run a command to its end and return its exit code; negative: the signal that ended it."""
    with hold_signals():
        process = start_ticket(ticket)
        if on_start is not None:
            on_start(process)

    # Waited for beside: where a signal's handler stops the process, it waits too, and a wait that it has interrupted
    # would never let it see the end.
    waiter = threading.Thread(target=process.wait, daemon=True)
    waiter.start()
    # Now and then awake, because Ray asks to stop without a signal that would end a wait.
    while waiter.is_alive():
        waiter.join(AWAKE)
    return int(process.returncode)


@contextmanager
def hold_signals() -> Iterator[None]:
    """While a process starts and is noted, Ctrl-C and SIGTERM wait; they are heard at the end.

    What their handlers raise in a hook of `fork` is lost, and Python's own logging has one: the job would run on. Only
    the main thread hears signals; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    came: list[int] = []
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        # What is ignored, or ends the process at once, stays so.
        if callable(signal.getsignal(number)):
            before[number] = signal.signal(number, lambda sent, frame: came.append(sent))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for heard in came:
            signal.raise_signal(heard)


def start_ticket(ticket: Ticket) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, so that Ctrl-C in the terminal reaches it only through us."""
    threads = str(ticket.threads)
    environment = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = threads
    environment |= ticket.environment

    log = Path(ticket.log or os.devnull)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            ticket.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            preexec_fn=_prepare_child,
        )


def _prepare_child() -> None:
    """In the child: where the process that waits for it is killed, it stops in order too. A job of a lost worker must
    not run on beside the one that is begun again."""
    # A shell starts what runs in the background with SIGINT ignored, and a child would inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Ray's workers hold it back from their threads, and a child inherits that too.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    # SLURM warns every process of a job by one of these, which ends whoever does not know it. The one that waits
    # answers for the job, which is then asked to stop in order.
    for warning in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(warning, signal.SIG_IGN)
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def stop_processes(processes: Sequence[subprocess.Popen[bytes]], grace: float = GRACE) -> None:
    """Ask them to end, as Ctrl-C does; those that do not within `grace` seconds are killed with all they started."""
    for process in processes:
        signal_group(process, signal.SIGINT)

    end = time.monotonic() + grace
    for process in processes:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            process.wait()


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and to all that it started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return  # It has ended meanwhile.


def read_last_words(log: str | Path) -> str:
    """The end of what a job printed; "" where it printed nothing."""
    path = Path(log)
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_WORDS))
        return file.read().decode("utf-8", "replace").strip()
