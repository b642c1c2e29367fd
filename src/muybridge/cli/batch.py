"""muybridge batch"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from muybridge.cli.console import print_table, stderr, stdout
from muybridge.errors import MuybridgeError, Option, Sentence, UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from muybridge.batches.folder import BatchFolder, Seen

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
    out: Annotated[Path | None, Parameter(name="--out", help="Where the results go: one folder per job.")] = None,
    on: Annotated[
        str, Parameter(name="--on", help="local, ray, ray://HOST:PORT, slurm, or slurm:partition=gpu,timeout_min=120.")
    ] = "local",
    at_most: Annotated[int | None, Parameter(name="--at-most", help="Jobs at a time. Default: as many as fit.")] = None,
    cores: Cores = 1,
    gpus: Gpus = 0.0,
    watch: Annotated[
        Path | None, Parameter(name="--watch", help="Show how far the batch in that folder is, from any machine.")
    ] = None,
) -> None:
    """Run many jobs: on this machine, on a Ray cluster, or on SLURM.

    The list is a CSV, JSON lines or YAML file with one job per row, or a folder whose clips are all paired with each
    other. A pair has the columns a and b; a picture or subject that follows a video has run, driving and source. The
    other columns are options by their names: preset, method, masks_a, masks_b, flip, background, seed, max_frames,
    how, mode, name, and set.SETTING, as in set.shape.steps.

    A job that fails says why and does not stop the others. The same command continues where it was stopped, and repeats
    only what changed. The table batch.csv and the gallery batch.html are written beside the results.

    For example:

        muybridge batch pairs.csv --out results

        muybridge batch clips --out all-with-all --at-most 2

        muybridge batch pairs.csv --out results --on ray://head:10001 --gpus 1

        muybridge batch --watch results

    Parameters
    ----------
    jobs
        The list, or a folder of clips.
    """
    if watch is not None:
        _watch(watch)
        return
    if jobs is None or out is None:
        raise UsageError(
            "a batch needs a list of jobs and a folder", Sentence("Name it with ", Option("out", "DIR"), ".")
        )

    _do(jobs, out, {"on": on, "at_most": at_most, "cores": cores, "gpus": gpus})


def _do(jobs: Path, out: Path, where: Mapping[str, Any]) -> None:
    from muybridge import api
    from muybridge.batches.folder import BatchFolder, Status

    folder = BatchFolder(out)
    ended = []
    try:
        with show_progress(folder, stderr(), transient=True):
            for outcome in api.batch(jobs, out, **where):
                ended.append(outcome)
                if outcome.status == Status.FAILED:
                    stderr().print(f"{outcome.name}: {outcome.error}", markup=False)
    except KeyboardInterrupt:
        # Said here, because the engine below only knows of processes and not of the command.
        stderr().print("stopped. What is done is kept: the same command goes on from here.")
        raise

    rows = {}
    for outcome in ended:
        rows[outcome.name] = f"{outcome.status}  {outcome.seconds:.0f} s  {outcome.error}".strip()
    print_table("Batch", rows, ("job", "status"))
    stdout().print(str(out / "batch.html"), markup=False)

    failed = [outcome.name for outcome in ended if outcome.status == Status.FAILED]
    if failed:
        # The exit code has to tell a script that the batch is not whole.
        raise MuybridgeError(f"{len(failed)} of {len(ended)} jobs failed", "Mend what they say and run the same again.")


def _watch(path: Path) -> None:
    """Show a batch that somebody else runs, until it is done; Ctrl-C only ends the watching."""
    from muybridge.batches.folder import BatchFolder, Status, iter_states
    from muybridge.disk import is_locked

    if not any((path / mark).is_file() for mark in ("batch.json", "bench.json")):
        raise UsageError(f"{path} is not a batch", Sentence("Name the folder of its ", Option("out"), "."))

    folder = BatchFolder(path)
    with show_progress(folder, stdout()):
        # Nothing is sent from there: the lock and the files of the jobs are all that can be seen from outside.
        while is_locked(path / ".lock"):
            time.sleep(1)

    left = sum(status in (Status.WAITING, Status.RUNNING) for _, status, _ in iter_states(folder))
    if left:
        stdout().print(f"nobody works on it now, and {left} jobs are left: the command that began it goes on from here")


@contextmanager
def show_progress(folder: BatchFolder, console: Console, *, transient: bool = False) -> Iterator[None]:
    """The table, kept up to date while the block is open."""
    from rich.live import Live

    looks = _Looks(folder)
    with Live(get_renderable=looks.newest, console=console, refresh_per_second=1, transient=transient):
        try:
            yield
        finally:
            # What is shown last stays there, and has to tell the end.
            looks.due = 0.0


class _Looks:
    """Looks at the jobs of a batch, never so often that they are more than a small share of the time: with ten
    thousand jobs, or on a slow disk that others use too, a look takes long."""

    def __init__(self, folder: BatchFolder) -> None:
        self.folder = folder
        self.seen: Seen = {}
        self.due = 0.0
        self.table: Table | None = None

    def newest(self) -> Table:
        """The table of the last look, or of a new one where it is time."""
        began = time.monotonic()
        if self.table is None or began >= self.due:
            self.table = _progress_table(self.folder, self.seen)
            now = time.monotonic()
            self.due = now + (now - began) / LOOKING
        return self.table


def _progress_table(folder: BatchFolder, seen: Seen) -> Table:
    """A line a running job, how many are left, and when it will be done."""
    from rich.table import Table

    from muybridge.batches.folder import Status, iter_states

    counts: dict[Any, int] = {}
    seconds = []
    table = Table(box=None, pad_edge=False)
    for head in ("job", "stage", "steps", "left"):
        table.add_column(head)

    for name, status, state in iter_states(folder, seen):
        counts[status] = counts.get(status, 0) + 1
        if status == Status.DONE:
            seconds.append(float(state.get("seconds") or 0.0))
        # A batch may run more jobs than a terminal has lines.
        elif status == Status.RUNNING and table.row_count < SHOWN:
            told = folder.progress(name)
            left = f"{float(told['left']):.0f} s" if "left" in told else ""
            table.add_row(name, str(told.get("stage", "")), f"{told.get('done', '')}/{told.get('steps', '')}", left)

    running = counts.get(Status.RUNNING, 0)
    waiting = counts.get(Status.WAITING, 0) + running
    line = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    # The mean of the finished jobs is the only estimate there is, and it holds for as many at once as now.
    if seconds and waiting and running:
        line += f", about {sum(seconds) / len(seconds) * waiting / running / 60:.0f} min left"
    table.caption = line
    table.caption_justify = "left"

    return table
