"""How far a batch is whose results go to an address, seen from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from muybridge.batches.far_results import listed_jobs, read_mark, read_object
from muybridge.batches.folder import Seen, Status
from muybridge.batches.storage import Storage


class BatchView:
    """What an address tells of a batch that runs elsewhere; files that have not changed are not read again."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._seen: dict[str, str] = {}
        self._read: dict[str, Mapping[str, Any]] = {}
        self._left: int | None = None

    def exists(self) -> bool:
        """Whether a batch is there."""
        return read_mark(self.storage) is not None

    def is_worked_on(self) -> bool:
        """Whether jobs were left at the last look. An address has no lock that could tell more."""
        return self._left != 0

    def states(self, seen: Seen | None = None) -> Iterator[tuple[str, Status, Mapping[str, Any]]]:
        """(name, status, state) of each job, as it stands there now."""
        mark = read_mark(self.storage) or {}
        self._look()
        left = 0
        for name, fingerprint in listed_jobs(mark).items():
            results = self._read.get(f"{name}/results.json", {})
            state = self._read.get(f"{name}/state.json", {})
            if results.get("fingerprint") == fingerprint:
                yield name, Status.DONE, results
            elif state.get("turn") == mark.get("turn") and str(state.get("status")) in set(Status):
                left += state["status"] != Status.FAILED
                yield name, Status(str(state["status"])), state
            else:
                left += 1
                yield name, Status.WAITING, {}
        self._left = left

    def progress(self, name: str) -> Mapping[str, Any]:
        """How far a job was when it last said so."""
        return self._read.get(f"{name}/state.json", {})

    def _look(self) -> None:
        changed = {}
        for path, (_, tag) in self.storage.list_files(".jobs").items():
            if self._seen.get(path) != tag:
                changed[path] = tag
        with ThreadPoolExecutor(self.storage.at_once) as pool:
            contents = pool.map(self.storage.read, [f".jobs/{path}" for path in changed])
            for path, content in zip(changed, contents, strict=True):
                kept = read_object(content)
                # Lists of files are not for watching, and thousands of them would fill the memory.
                self._read[path] = {key: value for key, value in kept.items() if key not in ("files", "tags")}
        self._seen |= changed
