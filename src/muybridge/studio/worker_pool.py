"""Worker processes of the studio: started, fed, told to stop, and listened to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from muybridge.errors import MuybridgeError

Hear = Callable[[dict[str, Any]], None]
LINE = 1 << 20
"""Longest line of a worker, bytes."""
PATIENCE = {"training": 60.0}
"""Seconds that a worker of a lane has to stop, before it is killed: a training has something to save."""
IMPATIENCE = 5.0
"""The same for all others."""


@dataclass(frozen=True)
class Outcome:
    """How a task ended: done, failed or stopped."""

    state: str
    result: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    hint: str | None = None


@dataclass(eq=False)
class Worker:
    """One process; it does one task."""

    process: asyncio.subprocess.Process
    patience: float = IMPATIENCE
    stopped: bool = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """Ask it to stop as Ctrl-C would; asked again, it is left to what it saves."""
        if self.process.returncode is None and not self.stopped:
            self.stopped = True
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    async def end(self) -> None:
        """Stop it, and be sure that it has."""
        self.stop()
        try:
            await asyncio.wait_for(self.process.wait(), self.patience)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


class WorkerPool:
    """Lanes, so that what takes long does not keep a person waiting: in each, tasks are done one after the other.

    training   trainings
    moving     animations
    clips      what makes a clip usable: puppets, decoding, silhouettes
    hand       what else a person asked for: costs, renders, packs, imports
    One spare process has its imports behind it and waits, so that a task begins at once.
    """

    def __init__(self) -> None:
        self.lanes = {name: asyncio.Lock() for name in ("training", "moving", "clips", "hand")}
        self.working: dict[str, Worker] = {}
        self.spares: list[asyncio.Task[Worker]] = []
        self.closing = False

    async def do(self, key: str, lane: str, order: Mapping[str, Any], hear: Hear) -> Outcome:
        """Wait for the lane, do one task, and say how it ended. `stop(key)` stops it, and so does cancelling this."""
        async with self.lanes[lane]:
            if self.closing:
                return Outcome("stopped")
            worker = await self._take()
            worker.patience = PATIENCE.get(lane, IMPATIENCE)
            self.working[key] = worker
            try:
                return Outcome("stopped") if self.closing else await self._follow(worker, order, hear)
            finally:
                self.working.pop(key, None)
                if worker.process.returncode is None:
                    await worker.end()

    def stop(self, key: str) -> bool:
        """Ask the worker of a task to stop; False where it has none."""
        worker = self.working.get(key)
        if worker is not None:
            worker.stop()
        return worker is not None

    async def close(self) -> None:
        """End every worker; trainings keep their checkpoints."""
        self.closing = True
        workers = [*self.working.values()]
        for spare in self.spares:
            with contextlib.suppress(MuybridgeError, asyncio.CancelledError):
                workers.append(await spare)
        await asyncio.gather(*(worker.end() for worker in workers))

    def warm(self) -> None:
        """Have a spare process get ready."""
        if not self.closing and not self.spares:
            self.spares.append(asyncio.create_task(_started()))

    async def _take(self) -> Worker:
        self.warm()
        spare = self.spares.pop()
        try:
            worker = await asyncio.shield(spare)
        except asyncio.CancelledError:
            self.spares.append(spare)  # whoever comes next takes it
            raise
        if worker.process.returncode is not None:
            worker = await _started()
        self.warm()
        return worker

    async def _follow(self, worker: Worker, order: Mapping[str, Any], hear: Hear) -> Outcome:
        process = worker.process
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(json.dumps(dict(order)).encode() + b"\n")
            await process.stdin.drain()
        last: dict[str, Any] = {}
        while line := await process.stdout.readline():
            last = _read(line) or last
            if last.get("event") not in ("done", "failed", "stopped"):
                hear(last)
        await process.wait()
        return _outcome(last, process.returncode or 0)


async def _started() -> Worker:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "muybridge.studio.task_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE,
        env=environment,
        start_new_session=True,
    )
    return Worker(process)


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None  # a line that a kill has cut off
    return told if isinstance(told, dict) else None


def _outcome(last: Mapping[str, Any], code: int) -> Outcome:
    event = last.get("event")
    if event == "done":
        return Outcome("done", last.get("result") or {})
    if event == "failed":
        return Outcome("failed", message=str(last.get("message")), hint=last.get("hint"))
    if event == "stopped" or code == -signal.SIGTERM:
        return Outcome("stopped")
    if code == -signal.SIGXCPU:
        return Outcome("failed", message="this took too long and was given up", hint="Try a shorter or smaller video.")
    return Outcome(
        "killed",
        message=f"the process that did this was ended from outside ({_named(code)})",
        hint="Perhaps memory ran out: close other programs or choose a smaller preset, and go on.",
    )


def _named(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
