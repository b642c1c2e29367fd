"""SLURM, through submitit: tickets become an array; what is pre-empted or out of time is queued again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from muybridge.batches.ticket import Ticket, run_ticket, stop_processes
from muybridge.errors import MissingExtraError, UsageError

POLL = 2.0
"""Seconds between two looks at the queue."""


class SlurmTicket:
    """A ticket as submitit runs it: called on the node; on a warning of SLURM it stops in order and is queued again."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        return run_ticket(self.ticket, self._remember)

    def checkpoint(self) -> Any:
        """Called by submitit where the time is nearly over or the node is taken away."""
        import submitit

        if self.process is not None:
            stop_processes([self.process])
            self.process = None
        return submitit.helpers.DelayedSubmission(SlurmTicket(self.ticket))

    def _remember(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def __getstate__(self) -> Mapping[str, Any]:
        # A process cannot travel to another node.
        return {"ticket": self.ticket, "process": None}


class SlurmEngine:
    """Run tickets as arrays of SLURM jobs.

    folder   for submitit's own files, on a disk that all nodes see
    at_most  so many at once; None: as the partition allows
    options  of `sbatch` by submitit's names: {"slurm_partition": "gpu", "timeout_min": 120}
    """

    def __init__(self, folder: Path, at_most: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.at_most = at_most
        self.options = dict(options or {})

    def run(self, tickets: Sequence[Ticket]) -> Iterator[tuple[str, int]]:
        """(name, exit code) of each ticket as it ends."""
        if not tickets:
            return

        submitit = import_submitit()
        try:
            shared = submitit.AutoExecutor(folder=self.folder, cluster="slurm")
        except RuntimeError as e:
            raise UsageError(f"there is no SLURM here: {e}", "Run this where sbatch is, or choose local.") from e

        # A job of submitit's is queued again only so often; pre-emption may be frequent.
        defaults = {"timeout_min": 24 * 60, "slurm_additional_parameters": {"requeue": True}}
        # One array of jobs has one size, so the largest ticket decides it.
        widest = max(ticket.threads for ticket in tickets)
        shared.update_parameters(
            cpus_per_task=widest,
            name="muybridge",
            slurm_array_parallelism=self.at_most or 1000,
            **{**defaults, **self.options},
        )
        waiting = dict(zip((ticket.name for ticket in tickets), shared.map_array(SlurmTicket, tickets), strict=True))
        yield from self._follow(waiting)

    def _follow(self, waiting: dict[str, Any]) -> Iterator[tuple[str, int]]:
        try:
            while waiting:
                ended = [name for name, job in waiting.items() if job.done()]
                for name in ended:
                    yield name, _exit_code(waiting.pop(name))
                if not ended:
                    time.sleep(POLL)
        finally:
            for job in waiting.values():
                job.cancel()


def _exit_code(job: Any) -> int:
    error = job.exception()
    return int(job.result()) if error is None else 1


def import_submitit() -> Any:
    """submitit, or MissingExtraError with how to install it."""
    try:
        import submitit
    except ImportError as e:
        raise MissingExtraError("submitit is not installed", "Install it with: pip install 'muybridge[slurm]'") from e
    return submitit
