"""SLURM, through submitit: tickets become an array; what is pre-empted or out of time is queued again."""

from __future__ import annotations

import math
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from muybridge.batches.ticket import Ticket, run_ticket, stop_processes
from muybridge.errors import MissingExtraError, UsageError

POLL = 2.0
"""Seconds between two looks at the results."""
LOOK = 30.0
"""Seconds between two questions to SLURM, which is one for all users of a cluster."""
LARGEST_ARRAY = 1000
"""Jobs of one array; SLURM takes 1,001 unless its MaxArraySize says otherwise."""
REQUEUES = 1000
"""Times that a job may run out of its time and go on from its checkpoint in the next turn."""


class SlurmWorker:
    """What submitit calls on the node with a ticket; on a warning of SLURM it stops in order and is queued again."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def __call__(self, ticket: Ticket) -> int:
        return run_ticket(ticket, self._remember)

    def checkpoint(self, ticket: Ticket) -> Any:
        """Called by submitit where the time is nearly over or the node is taken away."""
        import submitit

        if self.process is not None:
            stop_processes([self.process])
        # A new one, because a process cannot travel to another node.
        return submitit.helpers.DelayedSubmission(SlurmWorker(), ticket)

    def _remember(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process


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
        self._looked = time.monotonic()
        self._gone: set[str] = set()

    def run(self, tickets: Sequence[Ticket]) -> Iterator[tuple[str, int]]:
        """(name, exit code) of each ticket as it ends."""
        if not tickets:
            return

        submitit = import_submitit()
        try:
            shared = submitit.AutoExecutor(folder=self.folder, cluster="slurm", slurm_max_num_timeout=REQUEUES)
        except RuntimeError as e:
            raise UsageError(f"there is no SLURM here: {e}", "Run this where sbatch is, or choose local.") from e

        # What is pre-empted, or whose node fails, is queued again by SLURM itself.
        defaults: dict[str, Any] = {"timeout_min": 24 * 60, "slurm_additional_parameters": {"requeue": True}}
        # One array of jobs has one size, so the largest ticket decides it.
        widest = max(ticket.threads for ticket in tickets)
        gpus = math.ceil(max(ticket.gpus for ticket in tickets))
        if gpus:
            defaults["gpus_per_node"] = gpus
        shared.update_parameters(
            name="muybridge",
            slurm_array_parallelism=self.at_most or LARGEST_ARRAY,
            **{"cpus_per_task": widest, **defaults, **self.options},
        )
        waiting: dict[str, Any] = {}
        try:
            for first in range(0, len(tickets), LARGEST_ARRAY):
                # Each array counts its own jobs, so that several beside one another would be more than `at_most`.
                while waiting and self.at_most is not None:
                    yield from self._collect(waiting)
                part = tickets[first : first + LARGEST_ARRAY]
                jobs = shared.map_array(SlurmWorker(), part)
                waiting |= {ticket.name: job for ticket, job in zip(part, jobs, strict=True)}
                # submitit writes each script twice, and leaves both.
                for script in self.folder.glob(".submission_file_*.sh"):
                    script.unlink()

            while waiting:
                yield from self._collect(waiting)
        finally:
            for job in waiting.values():
                job.cancel(check=False)

    def _collect(self, waiting: dict[str, Any]) -> Iterator[tuple[str, int]]:
        """Those that have ended by now; where there is none, wait a little."""
        ended = [name for name, job in waiting.items() if job.done()] or self._find_lost(waiting)
        for name in ended:
            job = waiting.pop(name)
            yield name, _exit_code(job)
            _forget(job)
        if not ended:
            # A look at each of thousands of jobs is work for a shared disk.
            time.sleep(max(POLL, len(waiting) / 500))

    def _find_lost(self, waiting: Mapping[str, Any]) -> list[str]:
        """Jobs that SLURM has no longer and that left no result, as after `scancel`. submitit learns that from
        SLURM's accounting, which many clusters have not: without this they would be waited for for ever."""
        now = time.monotonic()
        if now - self._looked < LOOK:
            return []

        self._looked = now
        queued = _list_queue({job.job_id.partition("_")[0] for job in waiting.values()})
        if queued is None:
            return []
        gone = {name for name, job in waiting.items() if job.job_id not in queued}
        # Twice in a row, because a result may be seen later than it was written, on a disk of another machine.
        lost = [name for name in waiting if name in gone & self._gone]
        self._gone = gone
        return lost


def _list_queue(arrays: set[str]) -> set[str] | None:
    """Ids of the jobs of these arrays that wait or run; None where SLURM does not answer."""
    command = ("squeue", "-h", "-r", "-o", "%A|%F_%K|%F", "-j", ",".join(sorted(arrays)))
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=LOOK, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None

    # It says this where all of them were forgotten long ago.
    if answer.returncode and "Invalid job id" not in answer.stderr:
        return None
    return {word for line in answer.stdout.split() for word in line.split("|")}


def _exit_code(job: Any) -> int:
    # submitit itself would wait for a result that never comes.
    if not job.paths.result_pickle.exists():
        return -signal.SIGKILL
    return int(job.result()) if job.exception() is None else 1


def _forget(job: Any) -> None:
    """Take away submitit's own files of a job: five for each of thousands."""
    for path in (job.paths.submitted_pickle, job.paths.result_pickle, job.paths.stdout, job.paths.stderr):
        path.unlink(missing_ok=True)


def import_submitit() -> Any:
    """submitit, or MissingExtraError with how to install it."""
    try:
        import submitit
    except ImportError as e:
        raise MissingExtraError("submitit is not installed", "Install it with: pip install 'muybridge[slurm]'") from e
    return submitit
