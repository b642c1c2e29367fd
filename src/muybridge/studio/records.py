"""What all stored records share: every change goes through their keeper, which tells the pages and does the work."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from muybridge.studio.events import Events
from muybridge.studio.messages import describe_failure
from muybridge.studio.names import clean_name
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Missing, Storage
from muybridge.studio.worker_pool import OnEvent, Outcome, WorkerPool

CLOSED = "the studio was closed before this was done"
SAVING = 5.0
"""Seconds that it takes at most to keep how far something came, when the studio closes."""
ATTEMPTS = 3
"""Studios that may end while they work on the same file, before it is left alone."""

Record = dict[str, Any]


class Records:
    """The keeper of one kind of records. `state` says where each of them is."""

    kind: ClassVar[str]
    """Where storage keeps them."""
    event: ClassVar[str]
    """What pages are told a change as."""

    def __init__(self, storage: Storage, pool: WorkerPool, events: Events, settings: Settings) -> None:
        self.storage = storage
        self.pool = pool
        self.events = events
        self.settings = settings
        self.tasks: dict[str, asyncio.Task[Any]] = {}
        """What is done for each, by its number and, where it is one of several things, a word."""

    def begin(self) -> None:
        """Go on with what an earlier studio left half done."""
        for record in reversed(self.storage.all(self.kind)):
            self.resume(record)

    def resume(self, record: Record) -> None:
        """Go on with one of them, where something was left half done."""
        raise NotImplementedError

    def describe(self, record: Mapping[str, Any]) -> Record:
        """A record as pages see it."""
        return dict(record)

    def all(self) -> list[Record]:
        """Those that can be read, the newest first."""
        return self.storage.all(self.kind)

    def load(self, number: str) -> Record:
        """One of them; Missing where there is none."""
        return self.storage.load(self.kind, number)

    def folder(self, number: str) -> Path:
        """Where one lies; Missing where there is none."""
        return self.storage.folder(self.kind, number)

    def add(self, fields: Mapping[str, Any]) -> Record:
        """Make a new one, as of now."""
        record = self.storage.new(self.kind, {**fields, "created": now("milliseconds")})
        self.events.tell(self.event, self.describe(record))
        return record

    def save(self, record: Mapping[str, Any]) -> Record:
        """Keep a change, and tell the pages."""
        saved = self.storage.save(self.kind, record)
        self.events.tell(self.event, self.describe(saved))
        return saved

    def rename(self, number: str, name: str) -> Record:
        """Call one something else; files keep their names."""
        record = self.load(number)
        return self.save({**record, "name": clean_name(name) or record["name"]})

    def save_outcome(self, record: Mapping[str, Any], outcome: Outcome) -> None:
        """Keep why it failed; what was stopped because the studio closes is left to the next one."""
        if outcome.state == "stopped" and self.pool.closing:
            self.save({**record, "attempts": 0})
        else:
            self.save({**record, "state": "failed", "message": outcome.message or CLOSED, "hint": outcome.hint})

    def count_attempt(self, record: Mapping[str, Any]) -> Record | None:
        """A record that is worked on again, or None where several studios have ended over it: then it has failed."""
        attempts = record.get("attempts", 0) + 1
        if attempts < ATTEMPTS:
            return self.save({**record, "attempts": attempts})

        message = f"the studio ended {ATTEMPTS} times while it worked on this"
        self.save({**record, "state": "failed", "message": message, "hint": "Delete it, and try another file."})
        return None

    def start(self, number: str, work: Coroutine[Any, Any, None], part: str = "") -> None:
        """Do something for a record, behind what a page has asked for."""
        key = f"{number} {part}".strip()
        task = asyncio.create_task(self._do_work(number, work))
        self.tasks[key] = task

        def forget(done: asyncio.Task[Any]) -> None:
            work.close()  # of one that was cancelled before it began
            if self.tasks.get(key) is done:
                del self.tasks[key]

        task.add_done_callback(forget)

    async def run_task(self, key: str, lane: str, order: Mapping[str, Any], on_event: OnEvent | None = None) -> Outcome:
        """Have a worker do something, once it can read all that is known of it."""
        await self.storage.writer.flush()
        return await self.pool.run(key, lane, order, on_event or ignore_event)

    async def stop_tasks(self, number: str) -> None:
        """Stop all that is done for a record."""
        going = []
        for key in list(self.tasks):
            if key.split()[0] == number:
                going.append(self.tasks.pop(key))

        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    async def delete(self, number: str) -> None:
        """Stop what is done for a record, and take it away."""
        await self.stop_tasks(number)
        await asyncio.to_thread(self.storage.remove, self.kind, number)
        self.events.tell("gone", {"kind": self.kind, "id": number})

    async def close(self) -> None:
        """Forget what is under way; `begin` takes it up again."""
        going = [*self.tasks.values()]
        if going and self.pool.closing:
            # Their workers have ended, and they keep how far they came.
            await asyncio.wait(going, timeout=SAVING)
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    async def _do_work(self, number: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Missing:
            return  # it was deleted meanwhile
        except Exception as e:
            # Nobody waits for this, so that it is said on the record.
            self.save({**self.load(number), "state": "failed", **describe_failure(e)})


def ignore_event(event: dict[str, Any]) -> None:
    """Nobody wants to know."""


def now(precision: str = "seconds") -> str:
    """The time, as records keep it."""
    return datetime.now(UTC).isoformat(timespec=precision)
