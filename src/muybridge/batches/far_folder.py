"""A batch whose results lie at an address, while each machine works in a folder of its own.

batch.json               what makes this a batch: its turn, and what each of its jobs is to do
NAME/, .jobs/NAME/       a job's results, see `far_results`
.jobs/NAME/state.json    for people: whether it runs, how far it is, and why it failed, in this turn
batch.csv, batch.html    the table, and a gallery that plays

A turn is one call of the command: what an earlier one said of a job that is to be done does not count.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muybridge.batches.addresses import cache_folder
from muybridge.batches.far_results import (
    KIND,
    are_whole,
    publish_results,
    read_mark,
    read_object,
    read_results,
    state_path,
)
from muybridge.batches.folder import BatchFolder, Outcome, Status
from muybridge.batches.storage import Storage
from muybridge.batches.ticket import read_last_words
from muybridge.disk import hold_lock
from muybridge.errors import CHOOSE_ANOTHER, MuybridgeError, OutputExistsError

TELL_EVERY = 30.0
"""Seconds between two words at the address on how far a job is: each is a request that costs."""
SHOWN = (".mp4", ".html")
"""Files of a job that the page shows."""


def work_folder(address: str) -> Path:
    """Where the jobs of a batch at this address are done, unless told."""
    return cache_folder() / ".work" / hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Known:
    """What the driver keeps of a job's results: ten thousand of them fit easily."""

    fingerprint: str
    seconds: float
    figures: Mapping[str, float]
    tags: Mapping[str, str]
    shown: tuple[str, ...]


class FarFolder(BatchFolder):
    """A batch at an address.

    path     where this machine does its jobs
    storage  the address
    turn     of whoever began this; a new one unless told
    """

    def __init__(self, path: Path, storage: Storage, turn: str | None = None) -> None:
        super().__init__(path)
        self.storage = storage
        self.turn = turn or secrets.token_hex(4)
        self.near = BatchFolder(path)
        """The same work without the address: what a job's own process records."""
        self._known: dict[str, _Known] = {}
        self._failed: dict[str, str] = {}
        self._teller: threading.Thread | None = None
        self._told = 0.0

    def open(self) -> None:
        """Make the folder of this machine; OutputExistsError where something else is at the address."""
        if read_mark(self.storage) is None and not self.storage.is_empty():
            raise OutputExistsError(
                f"{self.storage.address[:200]} is not a batch: nothing there is replaced", CHOOSE_ANOTHER
            )
        super().open()

    def announce(self, jobs: Mapping[str, str]) -> None:
        mark = {"kind": KIND, "version": 1, "turn": self.turn, "jobs": jobs}
        self.storage.write("batch.json", json.dumps(mark).encode())

    def recall(self, names: Sequence[str]) -> None:
        with ThreadPoolExecutor(self.storage.at_once) as pool:
            for name, known in zip(names, pool.map(self._find, names), strict=True):
                if known is not None:
                    self._known[name] = known

    def _find(self, name: str) -> _Known | None:
        results = read_results(self.storage, name)
        if results is None or not are_whole(self.storage, name, results):
            return None
        shown = []
        for path in sorted(results.files):
            if "/" not in path and path.endswith(SHOWN):
                shown.append(f"{name}/{results.folder}/{path}")
        return _Known(results.fingerprint, results.seconds, results.figures, results.tags, tuple(shown))

    def tags(self, name: str) -> Mapping[str, str]:
        return self._known[name].tags if name in self._known else super().tags(name)

    def expect(self, name: str) -> None:
        """Nothing: what an earlier turn said does not count, and what waits here to be sent is kept."""

    def is_done(self, name: str, fingerprint: str) -> bool:
        return name in self._known and self._known[name].fingerprint == fingerprint

    def worker_arguments(self, name: str) -> tuple[str, ...]:
        # A machine that shares no folder with this one cannot read the order there.
        return (*super().worker_arguments(name), self.storage.address, self.turn, json.dumps(self.order(name)))

    def settle(self, name: str, code: int) -> None:
        """Ask the address what became of a job: its process may have run on another machine."""
        fingerprint = str(self.order(name)["fingerprint"])
        self._failed.pop(name, None)
        try:
            self.recall([name])
            if not self.is_done(name, fingerprint):
                self._failed[name] = self._find_reason(name, code)
        # The job may be done, and the same command will see it: a lost network must not end the others.
        except MuybridgeError as e:
            self._failed[name] = e.message

    def _find_reason(self, name: str, code: int) -> str:
        state = read_object(self.storage.read(state_path(name)))
        if state.get("turn") == self.turn and state.get("status") == Status.FAILED:
            return str(state.get("error"))[:500]
        if code < 0:
            return f"it was ended by signal {-code}"
        words = read_last_words(self.place(name, "log.txt")).splitlines()
        return (words[-1] if words else f"it ended with exit code {code}, and has no results there")[:500]

    def outcome(self, name: str, *, skipped: bool = False) -> Outcome:
        address = self.storage.at(name)
        if name in self._failed:
            return Outcome(name, Status.FAILED, self.results(name), error=self._failed[name], address=address)
        known = self._known[name]
        status = Status.SKIPPED if skipped else Status.DONE
        return Outcome(name, status, self.results(name), known.seconds, "", known.figures, address)

    def shown_files(self, name: str) -> list[str]:
        return [] if name in self._failed else list(self._known[name].shown)

    def write_page(self, file: str, content: bytes) -> None:
        self.storage.write(file, content)

    @property
    def title(self) -> str:
        return self.storage.address.rpartition("/")[2]

    def deliver(self, name: str, do: Callable[[], None]) -> None:
        """In a job's own process: do it, unless another machine has by now, and bring its results to the address.

        do  records what became of the job in `near`

        Raises MuybridgeError where the address does not take them; they wait on this machine, and the same job then
        only sends them.
        """
        fingerprint = str(self.order(name)["fingerprint"])
        # A job of a lost node may begin here while its first process still sends.
        with hold_lock(self.place(name, "delivery.lock"), wait=True):
            self.recall([name])
            if self.is_done(name, fingerprint):
                return
            self.tell(name, status=Status.RUNNING)
            try:
                do()
                self._hand_over(name, fingerprint)
            except KeyboardInterrupt:
                self.tell(name, status=Status.WAITING)
                raise
            except MuybridgeError as e:
                self.tell(name, status=Status.FAILED, error=e.message)
                raise

    def _hand_over(self, name: str, fingerprint: str) -> None:
        found = self.near.outcome(name)
        if found.status != Status.DONE:
            self.tell(name, status=Status.FAILED, error=found.error)
            return

        tags = self.near.tags(name)
        publish_results(
            self.storage,
            name,
            self.results(name),
            fingerprint=fingerprint,
            seconds=found.seconds,
            figures=found.figures,
            tags=tags,
        )
        # They are whole over there, and ten thousand of them would fill the disk here.
        shutil.rmtree(self.results(name))

    def tell(self, name: str, **told: Any) -> None:
        """Say at the address how a job is. Only for people: where that fails, the job goes on."""
        # What was said before must not arrive after this.
        if self._teller is not None:
            self._teller.join()
        self._say(name, told)

    def write_progress(self, name: str, **told: float | int | str) -> None:
        super().write_progress(name, **told)
        now = time.monotonic()
        if now - self._told >= TELL_EVERY and not (self._teller and self._teller.is_alive()):
            self._told = now
            # Beside the training, which must not wait for a slow network.
            self._teller = threading.Thread(
                target=self._say, args=(name, {"status": Status.RUNNING, **told}), daemon=True
            )
            self._teller.start()

    def _say(self, name: str, told: Mapping[str, Any]) -> None:
        try:
            self.storage.write(state_path(name), json.dumps({"turn": self.turn, **told}).encode())
        except MuybridgeError as e:
            print(f"note: {e.message}", flush=True)
