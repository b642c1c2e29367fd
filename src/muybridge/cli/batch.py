"""muybridge batch"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from muybridge.cli.console import note, print_table, stderr, stdout
from muybridge.errors import MuybridgeError, Option, Sentence, UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from muybridge.batches.folder import Outcome, Seen, Watched

Cores = Annotated[int, Parameter(name="--cores", help="Processor cores per job, at least.")]
Gpus = Annotated[
    float, Parameter(name="--gpus", help="GPUs per job on a cluster; with Ray, 0.5 lets two jobs share one.")
]
SHOWN = 12
"""Running jobs that fit a terminal."""
LOOKING = 0.1
"""The share of its time that whoever watches a batch reads its files."""


def batch(
    jobs: Path | None = None,
    /,
    *,
    out: Annotated[
        str | None,
        Parameter(name="--out", help="Where the results go, one folder per job: a folder, or s3://bucket/folder."),
    ] = None,
    on: Annotated[
        str, Parameter(name="--on", help="local, ray, ray://HOST:PORT, slurm, or slurm:partition=gpu,timeout_min=120.")
    ] = "local",
    at_most: Annotated[int | None, Parameter(name="--at-most", help="Jobs at a time. Default: as many as fit.")] = None,
    cores: Cores = 1,
    gpus: Gpus = 0.0,
    work: Annotated[
        Path | None,
        Parameter(name="--work", help="Where each machine works when --out is an address. Default: in the cache."),
    ] = None,
    watch: Annotated[
        str | None,
        Parameter(
            name="--watch", help="Show the progress of the batch in that folder or at that address, from any machine."
        ),
    ] = None,
    fetch: Annotated[
        str | None, Parameter(name="--fetch", help="Fetch the results from that address into the folder --out.")
    ] = None,
) -> None:
    """Run many jobs: on this machine, on a Ray cluster, or on SLURM.

    The list is a CSV, JSON lines or YAML file with one job per row, or a folder whose clips are all paired with each
    other. A pair has the columns a and b; a picture or subject that follows a video has run, driving and source. The
    other columns are options by their names: preset, method, masks_a, masks_b, flip, background, seed, max_frames,
    how, mode, name, and set.SETTING, as in set.shape.steps.

    A job that fails says why and does not stop the others. The same command continues where it was stopped, and repeats
    only what changed. The table batch.csv and the gallery batch.html are written beside the results.

    --out may be an address, such as s3://bucket/folder: each finished job is sent there, whole or not at all, by the
    machine that did it. What is done there is not done again, from whichever machine the command is run.

    For example:

        muybridge batch pairs.csv --out results

        muybridge batch clips --out all-with-all --at-most 2

        muybridge batch pairs.csv --out results --on ray://head:10001 --gpus 1

        muybridge batch pairs.csv --out s3://bucket/results

        muybridge batch --watch results

        muybridge batch --fetch s3://bucket/results --out results

    Parameters
    ----------
    jobs
        The list, or a folder of clips.
    """
    if watch is not None:
        _watch(watch)
        return
    if fetch is not None and out is not None:
        _fetch(fetch, Path(out))
        return
    if jobs is None or out is None:
        raise UsageError(
            "a batch needs a list of jobs and a folder", Sentence("Name it with ", Option("out", "DIR"), ".")
        )

    _do(jobs, out, {"on": on, "at_most": at_most, "cores": cores, "gpus": gpus, "work": work, "notify": note})


def _do(jobs: Path, out: str, where: Mapping[str, Any]) -> None:
    from muybridge import api

    ended = []
    try:
        with show_progress(_find_watched(out), stderr(), transient=True):
            for outcome in api.batch(jobs, out, **where):
                ended.append(outcome)
                _tell_failure(outcome)
    except KeyboardInterrupt:
        # Said here, because the engine below only knows of processes and not of the command.
        stderr().print("stopped. What is done is kept: the same command goes on from here.")
        raise
    _tell_end(ended, f"{out.rstrip('/')}/batch.html")


def _fetch(address: str, out: Path) -> None:
    from muybridge.batches.far_fetch import fetch_batch

    ended = []
    for outcome in fetch_batch(address, out):
        ended.append(outcome)
        _tell_failure(outcome)
    _tell_end(ended, str(out / "batch.html"))


def _tell_failure(outcome: Outcome) -> None:
    from muybridge.batches.folder import Status

    if outcome.status == Status.FAILED:
        stderr().print(f"{outcome.name}: {outcome.error}", markup=False)


def _tell_end(ended: Sequence[Outcome], page: str) -> None:
    """The table; MuybridgeError where a job failed, for the exit code has to tell a script that."""
    from muybridge.batches.folder import Status

    rows = {}
    for outcome in ended:
        rows[outcome.name] = f"{outcome.status}  {outcome.seconds:.0f} s  {outcome.error}".strip()
    print_table("Batch", rows, ("job", "status"))
    stdout().print(page, markup=False)

    failed = [outcome.name for outcome in ended if outcome.status == Status.FAILED]
    if failed:
        raise MuybridgeError(f"{len(failed)} of {len(ended)} jobs failed", "Mend what they say and run the same again.")


def _find_watched(place: str) -> Watched:
    """What can be asked how far a batch is, in a folder or at an address."""
    from muybridge.batches.addresses import is_address
    from muybridge.batches.far_view import BatchView
    from muybridge.batches.folder import BatchFolder
    from muybridge.batches.storage import Storage

    return BatchView(Storage(place)) if is_address(place) else BatchFolder(Path(place))


def _watch(place: str) -> None:
    """Show a batch that somebody else runs, until it is done; Ctrl-C only ends the watching."""
    from muybridge.batches.folder import Status

    watched = _find_watched(place)
    if not watched.exists():
        raise UsageError(f"{place} is not a batch", Sentence("Name what was its ", Option("out"), "."))

    with show_progress(watched, stdout()) as looks:
        while watched.is_worked_on():
            time.sleep(1)

    left = looks.counts.get(Status.WAITING, 0) + looks.counts.get(Status.RUNNING, 0)
    if left:
        stdout().print(f"nobody works on it now, and {left} jobs are left: the command that began it goes on from here")


@contextmanager
def show_progress(watched: Watched, console: Console, *, transient: bool = False) -> Iterator[_Looks]:
    """The table, kept up to date while the block is open."""
    from rich.live import Live

    looks = _Looks(watched)
    with Live(get_renderable=looks.newest, console=console, refresh_per_second=1, transient=transient):
        try:
            yield looks
        finally:
            # What is shown last stays there, and has to tell the end.
            looks.due = 0.0
    # In a terminal, this is done already.
    if not transient and not console.is_terminal:
        console.line()


class _Looks:
    """Looks at the jobs of a batch, never so often that they are more than a small share of the time: with ten
    thousand jobs, or on a slow disk that others use too, a look takes long."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.seen: Seen = {}
        self.counts: dict[Any, int] = {}
        """Status -> jobs, in the last look."""
        self.due = 0.0
        self.table: Table | None = None

    def newest(self) -> Table:
        """The table of the last look, or of a new one where it is time."""
        began = time.monotonic()
        if self.table is None or began >= self.due:
            try:
                self.table, self.counts = _look(self.watched, self.seen)
            # The batch goes on, whether or not its address answers whoever watches.
            except MuybridgeError as e:
                self.table = _empty_table(e.message)
            now = time.monotonic()
            self.due = now + (now - began) / LOOKING
        return self.table


def _look(watched: Watched, seen: Seen) -> tuple[Table, dict[Any, int]]:
    """A table with a line a running job, how many are left, and when it will be done; and jobs of each status."""
    from muybridge.batches.folder import Status

    counts: dict[Any, int] = {}
    seconds = []
    table = _empty_table("")
    for name, status, state in watched.states(seen):
        counts[status] = counts.get(status, 0) + 1
        if status == Status.DONE:
            seconds.append(float(state.get("seconds") or 0.0))
        # A batch may run more jobs than a terminal has lines.
        elif status == Status.RUNNING and table.row_count < SHOWN:
            told = watched.progress(name)
            left = f"{float(told['left']):.0f} s" if "left" in told else ""
            table.add_row(name, str(told.get("stage", "")), f"{told.get('done', '')}/{told.get('steps', '')}", left)

    running = counts.get(Status.RUNNING, 0)
    waiting = counts.get(Status.WAITING, 0) + running
    line = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    # The mean of the finished jobs is the only estimate there is, and it holds for as many at once as now.
    if seconds and waiting and running:
        line += f", about {sum(seconds) / len(seconds) * waiting / running / 60:.0f} min left"
    table.caption = line
    return table, counts


def _empty_table(caption: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left")
    for head in ("job", "stage", "steps", "left"):
        table.add_column(head)
    return table
