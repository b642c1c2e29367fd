"""Processes of this machine: as many at once as its cores and memory allow, the cores shared out between them."""

from __future__ import annotations

import os
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from muybridge.batches.ticket import Ticket, hold_signals, start_ticket, stop_processes

POLL = 0.02
"""Seconds between two looks at what is running."""


class LocalEngine:
    """Run tickets as processes of this machine.

    at_most  so many at once; None: one a core, as far as memory goes. The cores are shared out between them
    """

    def __init__(self, at_most: int | None = None) -> None:
        self.at_most = at_most

    def count(self, tickets: Sequence[Ticket]) -> int:
        """How many of these run at once."""
        # Imported here, because what waits beside a job on a node of a cluster shall not load PyTorch for this.
        from muybridge.video.memory import find_memory_limit

        need = max(ticket.memory for ticket in tickets)
        fits = max(1, find_memory_limit() // need)
        by_cores = max(1, _count_cores() // max(ticket.threads for ticket in tickets))
        return max(1, min(self.at_most or by_cores, fits, len(tickets)))

    def run(self, tickets: Sequence[Ticket]) -> Iterator[tuple[str, int]]:
        """(name, exit code) of each ticket as it ends."""
        if not tickets:
            return

        slots = self.count(tickets)
        # Each job would else take all cores, and several would slow one another down.
        threads = max(1, _count_cores() // slots)
        waiting = deque(replace(ticket, threads=threads) for ticket in tickets)
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < slots:
                    ticket = waiting.popleft()
                    with hold_signals():
                        running[ticket.name] = start_ticket(ticket)

                ended = [name for name, process in running.items() if process.poll() is not None]
                for name in ended:
                    yield name, running.pop(name).returncode

                # Only when nothing ended: whoever reads the outcomes should not wait for the clock.
                if not ended:
                    time.sleep(POLL)
        finally:
            stop_processes(list(running.values()))


def _count_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
