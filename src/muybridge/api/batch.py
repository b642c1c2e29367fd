"""Many jobs at once: a list of them, a folder for what comes out, and an engine that runs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from muybridge.api.animate import animate
from muybridge.api.retarget import retarget
from muybridge.batches.addresses import fetch_input, is_address, tag_addresses
from muybridge.batches.engines import open_engine
from muybridge.batches.folder import BatchFolder, Outcome
from muybridge.batches.jobs import Job, list_addresses, name_jobs, order_job, read_jobs, read_order
from muybridge.batches.progress import RecordProgress
from muybridge.batches.recording import make_ticket, record_job, run_tickets
from muybridge.batches.tables import write_tables
from muybridge.batches.ticket import Share
from muybridge.disk import hold_lock
from muybridge.errors import UsageError

WORKER = "import sys; from muybridge.api.batch import run_job; run_job(*sys.argv[1:3])"
"""What a job's own process runs."""


def batch(
    jobs: str | Path | Sequence[Job | Mapping[str, Any]],
    out: str | Path,
    *,
    on: str = "local",
    at_most: int | None = None,
    cores: int = 1,
    gpus: float | int = 0.0,
) -> Iterator[Outcome]:
    """Do many jobs, and yield what became of each as it ends.

    A job that fails says why and does not stop the others. The same call continues where it was stopped: finished jobs
    are skipped, started ones continue from their last checkpoint, and only what changed (inputs by their contents,
    settings, version) is done again. The table `batch.csv` and the gallery `batch.html` are written as jobs end.

    Args:
        jobs: A CSV, JSON lines or YAML file, a folder whose clips are paired all with all, or `Job`s, or mappings.
        out: The folder: one folder a job by its name, and the table and the page over all.
        on: "local", "ray", "ray://head:10001" or "slurm", see `docs/batch.md`.
        at_most: Jobs at a time. Default: as many as fit.
        cores: Processor cores per job, at least.
        gpus: GPUs of each job, by which a cluster places it; 0.5 lets two jobs of Ray share one.

    Yields:
        An `Outcome` a job: its name, status (done, failed, skipped), folder, seconds, error and figures.

    Raises:
        InputError: The list cannot be read.
        UsageError: There is no such engine, or two jobs have one name.
        OutputExistsError: `out` is something else than a batch.

    Example:
        >>> for outcome in muybridge.batch([{"a": "cat.mp4", "b": "fox.mp4", "preset": "smoke"}], "results"):
        ...     print(outcome.name, outcome.status)
    """
    listed = read_jobs(jobs) if isinstance(jobs, str | Path) else name_jobs([_as_job(job) for job in jobs])
    if not listed:
        raise UsageError("a batch has at least one job")

    # A Path has one slash of the two.
    if is_address(str(out).replace(":/", "://", 1)):
        raise UsageError(f"results go to a folder, not to {str(out)[:200]}", "Copy them there when the batch is done.")

    share = Share(cores, gpus)
    folder = BatchFolder(Path(out))
    engine = open_engine(on, folder.path.absolute(), at_most)
    folder.open()
    # Two runs of one batch would start the same jobs twice.
    with hold_lock(folder.path / ".lock"):
        outcomes: dict[str, Outcome] = {}
        tickets = []
        # What is in an input decides whether its job is done anew, also where it lies elsewhere.
        known = tag_addresses(list_addresses(listed))
        for job in listed:
            fingerprint = order_job(folder, job, known)
            if folder.is_done(job.name, fingerprint):
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


def run_job(path: str | Path, name: str) -> None:
    """Do one job of a batch, in the process of its own that an engine started.

    Args:
        path: The batch's folder.
        name: The job.
    """
    folder = BatchFolder(Path(path))
    job, fingerprint = read_order(folder, name)
    record_job(folder, name, fingerprint, lambda goes_on: _do(folder, job, goes_on))


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
