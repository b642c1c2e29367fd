"""The results of a batch at an address, brought to a folder of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from muybridge.batches.far_results import Results, fetch_files, listed_jobs, read_mark, read_results
from muybridge.batches.folder import BatchFolder, Outcome, Status
from muybridge.batches.storage import Storage
from muybridge.batches.tables import write_tables
from muybridge.disk import hold_lock
from muybridge.errors import InputError, MuybridgeError


def fetch_batch(address: str, out: Path) -> Iterator[Outcome]:
    """Bring what is done of a batch to a folder, each job whole and by its checksums, and yield what became of each.

    A job without results is `waiting`, and one that is here already `skipped`. The folder is then a batch as any other,
    with a table and a page of its own; the same call goes on where it was stopped.

    Raises InputError where no batch is at the address, OutputExistsError where `out` is something else than a batch.
    """
    storage = Storage(address)
    mark = read_mark(storage)
    if mark is None:
        raise InputError(f"there is no batch at {address[:200]}", "Name the address that its results went to.")

    folder = BatchFolder(out)
    folder.open()
    with hold_lock(out / ".lock"):
        outcomes = []
        try:
            for name in listed_jobs(mark):
                outcomes.append(_fetch_job(storage, folder, name))
                yield outcomes[-1]
        finally:
            write_tables(folder, [each for each in outcomes if each.status != Status.WAITING])


def _fetch_job(storage: Storage, folder: BatchFolder, name: str) -> Outcome:
    try:
        results = read_results(storage, name)
        if results is None:
            return Outcome(name, Status.WAITING, folder.results(name))
        # Two trainings of the same job may differ in their bits, so that what it was to do is not enough.
        if folder.is_done(name, results.fingerprint) and folder.state(name).get("contents") == results.folder:
            return folder.outcome(name, skipped=True)
        fetch_files(storage, name, results, folder.results(name))
    except MuybridgeError as e:
        return Outcome(name, Status.FAILED, folder.results(name), error=e.message)

    _record(folder, name, results)
    return folder.outcome(name)


def _record(folder: BatchFolder, name: str, results: Results) -> None:
    folder.write_order(name, {"fingerprint": results.fingerprint, "tags": dict(results.tags)})
    told = {"fingerprint": results.fingerprint, "contents": results.folder, "status": Status.DONE}
    folder.write_state(name, {**told, "seconds": results.seconds, "figures": dict(results.figures)})
