"""Many jobs at once: a list of them, a folder for what comes out, and an engine that runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from muybridge.api.animate import animate
from muybridge.api.retarget import retarget
from muybridge.batches.addresses import fetch_input, is_address, tag_addresses
from muybridge.batches.engines import open_engine
from muybridge.batches.far_folder import FarFolder, work_folder
from muybridge.batches.folder import BatchFolder, Outcome
from muybridge.batches.jobs import Job, list_addresses, name_jobs, order_job, read_jobs, read_order
from muybridge.batches.progress import RecordProgress
from muybridge.batches.recording import make_ticket, record_job, run_tickets
from muybridge.batches.storage import Storage, check_writable
from muybridge.batches.tables import write_tables
from muybridge.batches.ticket import Share
from muybridge.disk import hold_lock, parse_json
from muybridge.errors import MuybridgeError, UsageError
from muybridge.jobs.training import Notify

WORKER = "import sys; from muybridge.api.batch import run_job; sys.exit(run_job(*sys.argv[1:]))"
"""What a job's own process runs."""


def batch(
    jobs: str | Path | Sequence[Job | Mapping[str, Any]],
    out: str | Path,
    *,
    on: str = "local",
    at_most: int | None = None,
    cores: int = 1,
    gpus: float | int = 0.0,
    work: str | Path | None = None,
    notify: Notify | None = None,
) -> Iterator[Outcome]:
    """Do many jobs, and yield what became of each as it ends.

    A job that fails says why and does not stop the others. The same call continues where it was stopped: finished jobs
    are skipped, started ones continue from their last checkpoint, and only what changed (inputs by their contents,
    settings, version) is done again. At the end, or where it is stopped, the table `batch.csv` and the gallery
    `batch.html` are written.

    Args:
        jobs: A CSV, JSON lines or YAML file, a folder whose clips are paired all with all, or `Job`s, or mappings.
        out: The folder: one folder a job by its name, and the table and the page over all. Or an address of fsspec,
            as s3://bucket/folder: each job's process then works in `work` and brings its results there, whole or not at
            all; what is done there already is not done again, from whichever machine.
        on: "local", "ray", "ray://head:10001" or "slurm", see `docs/batch.md`.
        at_most: Jobs at a time. Default: as many as fit.
        cores: Processor cores per job, at least.
        gpus: GPUs of each job, by which a cluster places it; 0.5 lets two jobs of Ray share one.
        work: The folder in which the jobs are done where `out` is an address, on each machine. Default: one in the
            cache of addresses.
        notify: Told, in one sentence each, what a person should know of the engine.

    Yields:
        An `Outcome` a job: its name, status (done, failed, skipped), folder, seconds, error and figures.

    Raises:
        InputError: The list cannot be read.
        UsageError: There is no such engine, or two jobs have one name.
        OutputExistsError: `out` is something else than a batch.
        MissingExtraError: An address, or the engine, needs a package that is not installed.
        MuybridgeError: An address cannot be read or written.

    Example:
        >>> for outcome in muybridge.batch([{"a": "cat.mp4", "b": "fox.mp4", "preset": "smoke"}], "results"):
        ...     print(outcome.name, outcome.status)
    """
    listed = read_jobs(jobs) if isinstance(jobs, str | Path) else name_jobs([_as_job(job) for job in jobs])
    if not listed:
        raise UsageError("a batch has at least one job")

    share = Share(cores, gpus)
    folder = _open_folder(out, work)
    engine = open_engine(on, folder.path.absolute(), at_most, notify)
    folder.open()
    # Two runs of one batch would start the same jobs twice.
    with hold_lock(folder.path / ".lock"):
        outcomes: dict[str, Outcome] = {}
        tickets = []
        # What is in an input decides whether its job is done anew, also where it lies elsewhere.
        known = tag_addresses(list_addresses(listed))
        folder.recall([job.name for job in listed])
        fingerprints = {job.name: order_job(folder, job, known) for job in listed}
        folder.announce(fingerprints)
        for job in listed:
            if folder.is_done(job.name, fingerprints[job.name]):
                outcomes[job.name] = folder.outcome(job.name, skipped=True)
                yield outcomes[job.name]
            else:
                folder.expect(job.name)
                tickets.append(make_ticket(folder, job.name, WORKER, share))

        try:
            for outcome in run_tickets(folder, engine, tickets):
                outcomes[outcome.name] = outcome
                yield outcome
        # Also where the caller stops early or Ctrl-C comes: the table then holds what has ended so far.
        finally:
            write_tables(folder, [outcomes[job.name] for job in listed if job.name in outcomes])


def run_job(path: str | Path, name: str, address: str = "", turn: str = "", order: str = "{}") -> int:
    """Do one job of a batch, in the process of its own that an engine started; its exit code.

    Args:
        path: The batch's folder, or that in which its jobs are done.
        name: The job.
        address: Where the results go, of a batch that has an address.
        turn: Of that batch, see `batches.far_folder`.
        order: What the job is to do, as JSON, for a machine that shares no folder with the one that asks.
    """
    if not address:
        folder = BatchFolder(Path(path))
        _record(folder, folder, name)
        return 0

    far = FarFolder(Path(path), Storage(address), turn)
    far.write_order(name, parse_json(order))
    try:
        far.deliver(name, lambda: _record(far, far.near, name))
    except MuybridgeError as e:
        # The last line of its log is what the person is told.
        print(e.message, flush=True)
        return 1
    return 0


def _open_folder(out: str | Path, work: str | Path | None) -> BatchFolder:
    if is_address(str(out)):
        check_writable(str(out))
        return FarFolder(Path(work) if work else work_folder(str(out)), Storage(str(out)))
    if re.match("[a-z][a-z0-9+.-]+:/", str(out)):
        raise UsageError(f"{str(out)[:200]} is no address", "Give an address as text: a Path has one slash of the two.")
    if work is not None:
        raise UsageError(
            f"jobs are done in {str(out)[:200]} itself, where their results stay",
            "Leave out the folder to work in: it is for results that go to an address.",
        )
    return BatchFolder(Path(out))


def _record(folder: BatchFolder, near: BatchFolder, name: str) -> None:
    job, fingerprint = read_order(near, name)
    record_job(near, name, fingerprint, lambda goes_on: _do(folder, job, goes_on))


def _do(folder: BatchFolder, job: Job, goes_on: bool) -> dict[str, float]:
    """The job itself; figures that were measured."""
    out = folder.results(job.name)
    told = RecordProgress(folder, job.name)
    if job.verb == "retarget":
        # A job killed before its first record has nothing to resume, and `resume` would refuse it.
        begun = (out / "run" / "run.json").is_file()
        results = retarget(
            _local(job.a),
            _local(job.b),
            out,
            resume=begun and goes_on,
            force=begun and not goes_on,
            callback=told,
            notify=told.say,
            **_local_masks(job.options),
        )
        return dict(results.figures)

    source = job.source if job.source in ("a", "b", None) else _local(job.source)
    options = _local_masks(job.options)
    # The source is passed by name below, after an address was fetched.
    options.pop("source", None)
    if "masks" in options:
        options["masks"] = options["masks"][0]
    out.mkdir(exist_ok=True)
    animate(_local(job.run), _local(job.driving), source=source, out=out / f"{job.name}.mp4", force=True, **options)
    return {}


def _as_job(job: Job | Mapping[str, Any]) -> Job:
    if isinstance(job, Job):
        return job
    try:
        return Job.model_validate(job)
    except ValueError as e:
        raise UsageError(
            f"this is no job: {dict(job)}"[:300], f"A job has some of: {', '.join(Job.model_fields)}."
        ) from e


def _local(value: str | None) -> str:
    assert value is not None
    return str(fetch_input(value)) if is_address(value) else value


def _local_masks(options: Mapping[str, Any]) -> dict[str, Any]:
    local = dict(options)
    if "masks" in local:
        masks = []
        for mask in local["masks"]:
            masks.append(None if mask is None else _local(mask))
        local["masks"] = masks

    return local
