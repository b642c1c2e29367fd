"""Both sides of a job: what its own process records of it, and what whoever waits makes of that."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from muybridge.batches.folder import BatchFolder, Outcome, Status
from muybridge.batches.ticket import Engine, Share, Ticket
from muybridge.disk import hold_lock
from muybridge.errors import MuybridgeError

ASKED = (signal.SIGINT, signal.SIGTERM)
"""Signals by which somebody asks a job to end."""


def make_ticket(folder: BatchFolder, name: str, worker: str, share: Share) -> Ticket:
    """A job as an engine runs it: the Python program `worker` with the batch's folder and the job's name."""
    command = (sys.executable, "-c", worker, *folder.worker_arguments(name))
    log = str(folder.place(name, "log.txt").absolute())
    return Ticket(name, command, log, threads=share.cores, gpus=share.gpus)


def run_tickets(folder: BatchFolder, engine: Engine, tickets: Sequence[Ticket]) -> Iterator[Outcome]:
    """What became of each job, as it ends. Closing the iterator stops those that run.

    A job whose process was killed, as where memory ran out, is begun once more when the others have ended: it goes on
    from its last checkpoint.
    """
    by_name = {ticket.name: ticket for ticket in tickets}
    killed = []
    for name, code in engine.run(tickets):
        outcome = _end_job(folder, name, code)
        if code < 0 and -code not in ASKED and outcome.status == Status.FAILED:
            killed.append(by_name[name])
        else:
            yield outcome

    for ticket in killed:
        folder.expect(ticket.name)
    for name, code in engine.run(killed):
        yield _end_job(folder, name, code)


def record_job(folder: BatchFolder, name: str, fingerprint: str, work: Callable[[bool], Mapping[str, float]]) -> None:
    """Do a job in the process of its own, and record what became of it; no error leaves this function.

    work  does it and returns figures; told whether exactly this job was begun before
    """
    # A job of a lost node begins elsewhere while its first process may still be writing its checkpoint.
    with hold_lock(folder.place(name, "lock"), wait=True):
        if not folder.is_done(name, fingerprint):
            _record(folder, name, fingerprint, work)


def _record(folder: BatchFolder, name: str, fingerprint: str, work: Callable[[bool], Mapping[str, float]]) -> None:
    before = folder.state(name)
    # Seconds of an earlier try count only where it was the same job; with other inputs it is a new one.
    goes_on = before.get("fingerprint") == fingerprint
    seconds = float(before.get("seconds") or 0.0) if goes_on else 0.0
    started = time.monotonic()
    state: dict[str, Any] = {"fingerprint": fingerprint, "status": Status.RUNNING, "seconds": seconds}
    folder.write_state(name, state)

    try:
        state |= {"figures": dict(work(goes_on)), "status": Status.DONE}
    except MuybridgeError as e:
        state |= {"status": Status.FAILED, "error": str(e.message)}
    except KeyboardInterrupt:
        # Asked to stop: it is not running any more, and not at its end.
        state |= {"status": Status.WAITING}
        raise
    # The batch goes on without this job, so a bug in it must end as a sentence in the table too.
    except Exception as e:
        traceback.print_exc()
        state |= {"status": Status.FAILED, "error": f"something went wrong inside: {type(e).__name__}: {e}"[:500]}
    finally:
        state["seconds"] = seconds + time.monotonic() - started
        folder.write_state(name, state)


def _end_job(folder: BatchFolder, name: str, code: int) -> Outcome:
    folder.settle(name, code)
    folder.sweep(name)
    return folder.outcome(name)
