"""Many jobs at once: a list of them, a folder for what comes out, and an engine that runs them."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from muybridge.api.animate import animate
from muybridge.api.retarget import retarget
from muybridge.batches import BatchFolder, Job, Outcome, Status, Ticket, open_engine, read_jobs
from muybridge.batches.addresses import fetch_input, is_address
from muybridge.batches.jobs import name_jobs
from muybridge.disk import hold_lock
from muybridge.engine import Callback
from muybridge.errors import MuybridgeError, UsageError
from muybridge.method import Stage

WORKER = "import sys; from muybridge.api.batch import run_job; run_job(*sys.argv[1:3])"
"""What a job's own process runs."""
EVERY = 2.0
"""Seconds between two words on how far a job is."""


def batch(
    jobs: str | Path | Sequence[Job | Mapping[str, Any]],
    out: str | Path,
    *,
    on: str = "local",
    at_most: int | None = None,
) -> Iterator[Outcome]:
    """Do many jobs, and yield what became of each as it ends.

    A job that fails says why and stops nobody. The same call goes on where it was stopped: what is done is skipped,
    what was begun goes on from its last checkpoint, and only what changed (inputs by their contents, settings, version)
    is done anew. The table `batch.csv` and the gallery `batch.html` are written as jobs end.

    Args:
        jobs: A CSV, JSON lines or YAML file, a folder whose clips are paired all with all, or `Job`s, or mappings.
        out: The folder: one folder a job by its name, and the table and the page over all.
        on: "local", "ray", "ray://head:10001" or "slurm", see `docs/batch.md`.
        at_most: Jobs at once; as many as fit unless told.

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

    folder = BatchFolder(Path(out))
    engine = open_engine(on, folder.path.absolute(), at_most)
    folder.open()
    # Two runs of one batch would start the same jobs twice.
    with hold_lock(folder.path / ".lock"):
        outcomes: dict[str, Outcome] = {}
        tickets = []
        for job in listed:
            fingerprint = folder.add(job)
            if folder.is_done(job.name, fingerprint):
                outcomes[job.name] = folder.outcome(job.name, skipped=True)
                yield outcomes[job.name]
            else:
                tickets.append(_make_ticket(folder, job.name))

        try:
            for name, code in engine.run(tickets):
                _settle_state(folder, name, code)
                outcomes[name] = folder.outcome(name)
                yield outcomes[name]
        # Also where the caller stops early or Ctrl-C comes: the table then holds what has ended so far.
        finally:
            folder.write_tables([outcomes[job.name] for job in listed if job.name in outcomes])


def run_job(path: str | Path, name: str) -> None:
    """Do one job of a batch, in the process of its own that an engine started.

    Args:
        path: The batch's folder.
        name: The job.
    """
    folder = BatchFolder(Path(path))
    job, fingerprint = folder.job(name)
    before = folder.state(name)
    # Seconds of an earlier try count only where it was the same job; with other inputs it is a new one.
    goes_on = before.get("fingerprint") == fingerprint
    seconds = float(before.get("seconds") or 0.0) if goes_on else 0.0
    started = time.monotonic()
    state: dict[str, Any] = {"fingerprint": fingerprint, "status": Status.RUNNING, "seconds": seconds}
    folder.write_state(name, state)

    try:
        figures = _do(folder, job, goes_on)
        state |= {"status": Status.DONE, "figures": figures}
    except MuybridgeError as e:
        state |= {"status": Status.FAILED, "error": str(e.message)}
    # The batch goes on without this job, so a bug in it must end as a sentence in the table too.
    except Exception as e:
        traceback.print_exc()
        state |= {"status": Status.FAILED, "error": f"something went wrong inside: {type(e).__name__}: {e}"[:500]}
    finally:
        state["seconds"] = seconds + time.monotonic() - started
        folder.write_state(name, state)


def _do(folder: BatchFolder, job: Job, goes_on: bool) -> dict[str, float]:
    """The job itself; figures that were measured."""
    out = folder.results(job.name)
    told = _Progress(folder, job.name)
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


def _make_ticket(folder: BatchFolder, name: str) -> Ticket:
    command = (sys.executable, "-c", WORKER, str(folder.path.absolute()), name)
    return Ticket(name, command, str(folder.place(name, "log.txt").absolute()))


def _settle_state(folder: BatchFolder, name: str, code: int) -> None:
    """A process that was killed could not say so: what it left as running has failed."""
    state = dict(folder.state(name))
    if state.get("status") not in (Status.DONE, Status.FAILED):
        why = f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"
        folder.write_state(name, state | {"status": Status.FAILED, "error": why})


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


class _Progress(Callback):
    """Writes how far a training is, now and then."""

    def __init__(self, folder: BatchFolder, name: str) -> None:
        self.folder = folder
        self.name = name
        self.last = 0.0
        self.steps = 0
        self.before: dict[str, int] = {}

    def say(self, text: str) -> None:
        """A note goes to the job's log."""
        print(f"note: {text}", flush=True)

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        for stage in stages:
            self.before[stage.name] = self.steps
            self.steps += stage.steps

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        now = time.monotonic()
        if now - self.last >= EVERY:
            self.last = now
            done = self.before[stage.name] + step
            self.folder.write_progress(self.name, stage=stage.name, done=done, steps=self.steps, left=eta)
