"""Worker processes of the studio: each does one task, and is listened to while it does."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from muybridge.studio.child_process import BROKEN, ChildProcess

OnEvent = Callable[[dict[str, Any]], None]
ENDINGS = ("done", "failed", "stopped")
LANES = {
    "training": 1,
    "finishing": 1,
    "animating": 1,
    "reading": 2,
    "finding": 2,
    "puppets": 2,
    "measuring": 1,
    "looking": 1,
    "hand": 1,
}
"""How many tasks of a lane are done at a time."""
PATIENCE = {"training": 60.0, "finishing": 60.0}
"""Seconds that a worker of a lane has to stop, before it is killed: a training has something to save."""
IMPATIENCE = 5.0
"""The same for all others."""
REST = 3.0
"""Seconds before the next spare process begins its imports: what a person has just asked for goes first."""


@dataclass(frozen=True)
class Outcome:
    """How a task ended: done, failed, stopped or killed."""

    state: str
    result: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    hint: str | None = None


class WorkerPool:
    """Lanes, so that what takes long does not keep a person waiting: in each, tasks are done in turn.

    training   trainings
    finishing  results of trainings that were stopped and kept: they need not wait for the next training's end
    animating  animations
    reading    uploads: two at a time, so that a slow one does not hold the next
    finding    silhouettes, the same
    puppets    drawing the project's own, and what is done with them: they are quick, and pass all queues
    measuring  what presets cost here, where nobody has asked for it
    looking    what the segmentation network sees on a frame that somebody clicks on, who waits for it
    hand       what else a person asked for: costs, renders, packs, imports
    One spare process has its imports behind it and waits, so that a task begins at once. The next one begins them a
    little later, or when the task ends or another needs it: they take as much of the machine as a short task.
    """

    def __init__(self) -> None:
        self.lanes = {name: asyncio.Semaphore(most) for name, most in LANES.items()}
        self.working: dict[str, ChildProcess] = {}
        self.spares: list[asyncio.Task[ChildProcess]] = []
        self.rest: asyncio.TimerHandle | None = None
        """What will have the next spare process get ready."""
        self.closing = False

    async def run(self, key: str, lane: str, order: Mapping[str, Any], on_event: OnEvent) -> Outcome:
        """Wait for the lane, do one task, and say how it ended. `stop(key)` stops it, and so does cancelling this."""
        async with self.lanes[lane]:
            if self.closing:
                return Outcome("stopped")

            worker = await self._take_worker()
            worker.patience = PATIENCE.get(lane, IMPATIENCE)
            self.working[key] = worker
            try:
                # It may have been closed while the worker started.
                return Outcome("stopped") if self.closing else await _follow(worker, order, on_event)
            finally:
                self.working.pop(key, None)
                self.warm()
                if worker.is_running:
                    await worker.end()

    def is_full(self, lane: str) -> bool:
        """Whether the next task of a lane will have to wait."""
        return self.lanes[lane].locked()

    def stop(self, key: str) -> bool:
        """Ask the worker of a task to stop; False where it has none."""
        worker = self.working.get(key)
        if worker is not None:
            worker.stop()
        return worker is not None

    async def close(self) -> None:
        """End every worker; trainings keep their checkpoints."""
        self.closing = True
        if self.rest is not None:
            self.rest.cancel()
        workers = [*self.working.values()]
        for spare in self.spares:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                # It has nothing to save, may still be busy with its imports, and is not waited for.
                workers.append(await spare)
        await asyncio.gather(*(worker.end() for worker in workers))

    def warm(self) -> None:
        """Have a spare process get ready, unless there is one."""
        if self.rest is not None:
            self.rest.cancel()
            self.rest = None
        if not self.closing and not self.spares:
            self.spares.append(asyncio.create_task(ChildProcess.start("muybridge.studio.task_worker")))

    async def _take_worker(self) -> ChildProcess:
        self.warm()
        spare = self.spares.pop()
        try:
            worker = await asyncio.shield(spare)
        except asyncio.CancelledError:
            self.spares.append(spare)  # whoever comes next takes it
            raise

        # It may have been ended from outside while it waited.
        if not worker.is_running:
            worker = await ChildProcess.start("muybridge.studio.task_worker")
        if self.rest is None:
            self.rest = asyncio.get_running_loop().call_later(REST, self.warm)
        return worker


async def _follow(worker: ChildProcess, order: Mapping[str, Any], on_event: OnEvent) -> Outcome:
    last: dict[str, Any] = {}
    # Where it breaks off, the exit code says why.
    with contextlib.suppress(*BROKEN):
        await worker.send(order)
        while last.get("event") not in ENDINGS:
            last, _ = await worker.receive()
            if last.get("event") not in ENDINGS:
                on_event(last)

    code = await worker.process.wait()
    return _describe_outcome(last, code)


def _describe_outcome(last: Mapping[str, Any], code: int) -> Outcome:
    event = last.get("event")
    if event == "done":
        return Outcome("done", last.get("result") or {})
    if event == "failed":
        return Outcome("failed", message=str(last.get("message")), hint=last.get("hint"))
    # One that is stopped during its imports cannot say so itself.
    if event == "stopped" or code == -signal.SIGTERM:
        return Outcome("stopped")
    if code == -signal.SIGXCPU:
        return Outcome("failed", message="this took too long and was given up", hint="Try a shorter or smaller video.")

    return Outcome(
        "killed",
        message=f"the process that did this was ended from outside ({_describe_code(code)})",
        hint="Perhaps memory ran out: close other programs or choose a smaller preset, and go on.",
    )


def _describe_code(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
