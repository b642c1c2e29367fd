"""The folder of a batch: a folder a job, what became of each, and the table and the page over all.

batch.json     what makes this a batch
NAME/          the results of a job, whole or not there
.jobs/NAME/    job.json (what is to be done), state.json (what became of it), progress.json, log.txt
batch.csv, batch.html   the table, and a gallery that plays
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from muybridge.batches.ticket import read_last_words
from muybridge.disk import is_blank, is_locked, read_json, replace_file, sweep
from muybridge.errors import CHOOSE_ANOTHER, OutputExistsError

MARK = b'{"kind": "batch", "version": 1}'


class Status(StrEnum):
    """What became of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Done by an earlier call: the same inputs, settings and version."""


class Watched(Protocol):
    """Whatever can be asked how far the jobs of a batch are."""

    def states(self, seen: Seen | None = None) -> Iterator[tuple[str, Status, Mapping[str, Any]]]:
        """(name, status, state) of each job, as it stands now; what is in `seen` need not be read again."""

    def progress(self, name: str) -> Mapping[str, Any]:
        """How far a job was when it last said so: stage, done, steps, left (seconds)."""

    def exists(self) -> bool:
        """Whether a batch is there."""

    def is_worked_on(self) -> bool:
        """Whether somebody works on it, as far as that can be told from outside."""


@dataclass(frozen=True)
class Outcome:
    """A job that has ended.

    seconds  its own wall time; of a skipped job that of the call which did it
    error    one sentence, for a failed one
    figures  what was measured of it
    address  where the results lie, of a batch that has an address; `folder` is then only where the job was done
    """

    name: str
    status: Status
    folder: Path
    seconds: float = 0.0
    error: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    address: str = ""


class BatchFolder:
    """One batch on disk. Everything in it is written whole, so that a killed driver or job leaves nothing half."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> None:
        """Make the folder, or go on with it; OutputExistsError where it is something else."""
        mark = self.path / "batch.json"
        if self.path.exists() and not mark.is_file() and not is_blank(self.path):
            raise OutputExistsError(f"{self.path} exists and is not a batch: nothing there is replaced", CHOOSE_ANOTHER)
        self.path.mkdir(parents=True, exist_ok=True)
        replace_file(mark, MARK)

    def announce(self, jobs: Mapping[str, str]) -> None:
        """Say what the jobs are and what each would do, for whoever watches; here the folder itself tells."""

    def recall(self, names: Sequence[str]) -> None:
        """Look what is done of these jobs already, where that is not on this disk."""

    def results(self, name: str) -> Path:
        """Where a job's results lie."""
        return self.path / name

    def place(self, name: str, file: str) -> Path:
        """One of the batch's own files of a job."""
        return self.path / ".jobs" / name / file

    def names(self) -> list[str]:
        """Every job that this folder knows."""
        inside = self.path / ".jobs"
        if not inside.is_dir():
            return []
        # The kind of an entry comes along with its name: thousands need no look of their own.
        with os.scandir(inside) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir())

    def write_order(self, name: str, order: Mapping[str, Any]) -> None:
        """Write what a job's own process is to do."""
        # Not brought to the disk at once: where the machine fails, the same command writes it again, and ten thousand
        # jobs would wait minutes for that.
        self._write_lightly(name, "job.json", json.dumps(order, indent=1))

    def order(self, name: str) -> Mapping[str, Any]:
        """What `write_order` wrote."""
        return _read_object(self.place(name, "job.json"))

    def tags(self, name: str) -> Mapping[str, str]:
        """Address of an input -> what it told of itself when the job was last ordered."""
        return dict(self.order(name).get("tags") or {})

    def worker_arguments(self, name: str) -> tuple[str, ...]:
        """What a job's own process is told."""
        return (str(self.path.absolute()), name)

    def expect(self, name: str) -> None:
        """Say that a job is to be done: what an earlier try came to must not pass for the end of the next one."""
        state = dict(self.state(name))
        if state.get("status") in (Status.DONE, Status.FAILED):
            for told in ("error", "figures"):
                state.pop(told, None)
            self.write_state(name, state | {"status": Status.WAITING})

    def state(self, name: str) -> Mapping[str, Any]:
        """What became of a job so far; empty where nothing is known, or only nonsense."""
        return _read_object(self.place(name, "state.json"))

    def write_state(self, name: str, state: Mapping[str, Any]) -> None:
        """Replace what is known of a job."""
        replace_file(self.place(name, "state.json"), json.dumps(state).encode())

    def write_notes(self, name: str, notes: Sequence[str]) -> None:
        """Keep what a job has told, for whoever waits for it."""
        replace_file(self.place(name, "notes.json"), json.dumps({"notes": list(notes)}).encode())

    def notes(self, name: str) -> list[str]:
        """What `write_notes` wrote last."""
        return [str(note) for note in _read_object(self.place(name, "notes.json")).get("notes") or []]

    def write_progress(self, name: str, **told: float | int | str) -> None:
        """How far a job is: for people, so that it need not reach the disk."""
        self._write_lightly(name, "progress.json", json.dumps(told | {"at": time.time()}))

    def _write_lightly(self, name: str, file: str, text: str) -> None:
        """Replace a file whole, but for where the machine itself fails."""
        place = self.place(name, file)
        place.parent.mkdir(parents=True, exist_ok=True)
        # One name for all tries, so that what a kill leaves is taken by the next one.
        part = place.with_name(f".{file}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(place)

    def progress(self, name: str) -> Mapping[str, Any]:
        """What `write_progress` wrote last."""
        return _read_object(self.place(name, "progress.json"))

    def sweep(self, name: str) -> None:
        """Take away what a job that has ended, or was killed, left of files in the making."""
        inside = self.place(name, "")
        sweep(inside)
        for part in inside.glob(".*.part"):
            part.unlink(missing_ok=True)

    def is_done(self, name: str, fingerprint: str) -> bool:
        """Whether exactly this was done before, and its results are still there."""
        state = self.state(name)
        same = state.get("fingerprint") == fingerprint and state.get("status") == Status.DONE
        return same and self.results(name).exists()

    def settle(self, name: str, code: int) -> None:
        """A process that was killed could not say so: what it left as running has failed."""
        state = dict(self.state(name))
        if state.get("status") not in (Status.DONE, Status.FAILED):
            why = f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"
            self.write_state(name, state | {"status": Status.FAILED, "error": why})

    def outcome(self, name: str, *, skipped: bool = False) -> Outcome:
        """What became of a job, by its state; a job that ended without a word failed."""
        state = self.state(name)
        status = Status.SKIPPED if skipped else Status.DONE if state.get("status") == Status.DONE else Status.FAILED
        error = ""
        if status == Status.FAILED:
            # A process that was killed could not record why: its last line is the best hint.
            words = read_last_words(self.place(name, "log.txt")).splitlines()
            error = str(state.get("error") or (words[-1] if words else "it ended without a word"))[:500]

        figures = {}
        for key, value in dict(state.get("figures") or {}).items():
            # The state is a file that others may have edited.
            if isinstance(value, int | float) and math.isfinite(value):
                figures[str(key)] = float(value)

        return Outcome(name, status, self.results(name), float(state.get("seconds") or 0.0), error, figures)

    def shown_files(self, name: str) -> list[str]:
        """Paths in the batch of a job's videos and its report."""
        inside = self.results(name)
        if not inside.is_dir():
            return []
        files = sorted([*inside.glob("*.mp4"), *inside.glob("*.html")])
        return [file.relative_to(self.path).as_posix() for file in files]

    def write_page(self, file: str, content: bytes) -> None:
        """Write the table or the page over all jobs."""
        replace_file(self.path / file, content)

    @property
    def title(self) -> str:
        """What the page is called."""
        return self.path.name

    def states(self, seen: Seen | None = None) -> Iterator[tuple[str, Status, Mapping[str, Any]]]:
        """`iter_states` of this folder."""
        return iter_states(self, seen)

    def exists(self) -> bool:
        """Whether a batch, or a bench, is there."""
        return any((self.path / mark).is_file() for mark in ("batch.json", "bench.json"))

    def is_worked_on(self) -> bool:
        """Whether a process holds the lock, on this machine or another one that sees the folder."""
        return is_locked(self.path / ".lock")


Seen = dict[str, tuple[int, Mapping[str, Any]]]
"""Job -> when its state was written, and the state: what whoever looks again and again has read already."""


def iter_states(folder: BatchFolder, seen: Seen | None = None) -> Iterator[tuple[str, Status, Mapping[str, Any]]]:
    """(name, status, state) of each job, as it stands on the disk now; what is in `seen` is not read again."""
    seen = {} if seen is None else seen
    for name in folder.names():
        place = folder.place(name, "state.json")
        try:
            written = os.stat(place).st_mtime_ns
        except OSError:
            written = 0
        # Every state is a file of its own, replaced whole, so that its time changes with it.
        if name not in seen or seen[name][0] != written:
            seen[name] = (written, folder.state(name))

        state = seen[name][1]
        status = state.get("status")
        yield name, Status(status) if status in set(Status) else Status.WAITING, state


def _read_object(path: Path) -> Mapping[str, Any]:
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
