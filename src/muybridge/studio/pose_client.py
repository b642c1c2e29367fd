"""The studio's side of the processes that draw while people drag."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muybridge.engine import resolve_device
from muybridge.errors import MuybridgeError
from muybridge.studio.child_process import BROKEN, LARGEST_PICTURE, ChildProcess
from muybridge.studio.messages import Head

LONGEST = 120.0
"""Seconds after which a drawing is given up."""
TOGETHER = {"cpu": 4}
"""Poses that are drawn at once, at most. On a processor twenty cost hardly less each than four, and what is dragged is
seen as it was when the batch began."""
MOST_TOGETHER = 32
"""The same on other devices, so that poses of another run need not wait for long."""
CROWD = 6
"""Poses of one run that wait at once, from which on a second process draws as well."""
IDLE = 60.0
"""Seconds without a crowd after which the second process is ended: it holds some hundred megabytes."""
ENDED = {"message": "the process that draws has ended", "hint": "Move the keypoint again: another one starts."}

Answer = tuple[Head, bytes]


@dataclass(eq=False)
class _Question:
    find_order: Callable[[], Mapping[str, Any]]
    """What is wanted now: while it waits, somebody who drags comes to want something else."""
    answer: asyncio.Future[Answer]

    def goes_with(self, first: Mapping[str, Any]) -> bool:
        """Whether it is drawn in one batch with an order: of one run, and as large."""
        order = self.find_order()
        if order["do"] != "pose" or first["do"] != "pose":
            return False
        return all(order[name] == first[name] for name in ("run", "full"))


@dataclass(eq=False)
class _Painter:
    """A process that draws, and what it does."""

    process: ChildProcess | None = None
    work: asyncio.Task[None] | None = None
    runs: set[str] = field(default_factory=set)
    """Which it has loaded, of a second one."""

    @property
    def is_free(self) -> bool:
        return self.work is None or self.work.done()


class PoseClient:
    """One process for all pages, asked each time for all poses of a run that wait; while a crowd drags, and where there
    are cores for it, a second one takes half of them. Both are replaced when they die."""

    def __init__(self, device: str, painters: int = 1, together: int = MOST_TOGETHER) -> None:
        """
        painters  processes that draw, at most; two want two cores, and do not share a GPU
        together  poses that one of them draws at once, at most
        """
        self.device = device
        self.together = together
        self.painters = [_Painter() for _ in range(painters)]
        self.waiting: list[_Question] = []
        self.ending: asyncio.TimerHandle | None = None

    async def ask(self, order: Mapping[str, Any]) -> Answer:
        """Head and body of the answer; MuybridgeError says what went wrong."""
        return await self.ask_newest(lambda: order)

    async def ask_newest(self, find_order: Callable[[], Mapping[str, Any]]) -> Answer:
        """The same for an order that may change while it waits: the one that `find_order` gave last was answered."""
        loop = asyncio.get_running_loop()
        question = _Question(find_order, loop.create_future())
        self.waiting.append(question)
        # A moment later, so that pages which ask together are drawn together.
        loop.call_soon(self._hand_out)

        # A page that goes away cancels its own wait, and nobody else's.
        head, body = await question.answer
        if "message" in head:
            raise MuybridgeError(str(head["message"]), head.get("hint"))
        return head, body

    async def close(self) -> None:
        """End the processes, and all that is waited for."""
        waiting, self.waiting = self.waiting, []
        for question in waiting:
            question.answer.cancel()
        if self.ending is not None:
            self.ending.cancel()
        for painter in self.painters:
            if painter.work is not None:
                painter.work.cancel()
                await asyncio.gather(painter.work, return_exceptions=True)
            await self._end_process(painter)

    def _hand_out(self) -> None:
        """Give what waits to the processes that are free."""
        # Pages that have gone meanwhile want nothing any more.
        self.waiting = [each for each in self.waiting if not each.answer.done()]
        while self.waiting:
            first = self.waiting[0].find_order()
            alike = [self.waiting[0], *(each for each in self.waiting[1:] if each.goes_with(first))]
            free = self._find_free(first)
            if len(alike) >= CROWD:
                self._call_help(str(first["run"]))
            if not free:
                return

            count = len(alike) if len(alike) < CROWD else math.ceil(len(alike) / len(free))
            batch = alike[: min(count, self.together)]
            self.waiting = [each for each in self.waiting if each not in batch]
            orders = [each.find_order() for each in batch]
            free[0].work = asyncio.create_task(self._serve(free[0], batch, orders))

    def _find_free(self, order: Mapping[str, Any]) -> list[_Painter]:
        """The processes that may do it now; the second one draws poses of runs that it has loaded, and nothing else."""
        free = []
        for painter in self.painters:
            may = painter is self.painters[0] or (order["do"] == "pose" and order["run"] in painter.runs)
            if may and painter.is_free:
                free.append(painter)

        return free

    def _call_help(self, run: str) -> None:
        """Have the second process draw a run, too, once it has loaded it, and until the crowd has gone."""
        for painter in self.painters[1:]:
            if run not in painter.runs and painter.is_free:
                painter.work = asyncio.create_task(self._prepare(painter, run))
        if self.ending is not None:
            self.ending.cancel()
        self.ending = asyncio.get_running_loop().call_later(IDLE, self._dismiss_help)

    def _dismiss_help(self) -> None:
        for painter in self.painters[1:]:
            # From now on the first one is asked alone.
            painter.runs.clear()
            painter.work = asyncio.create_task(self._end_when_free(painter, painter.work))

    async def _end_when_free(self, painter: _Painter, work: asyncio.Task[None] | None) -> None:
        if work is not None:
            await asyncio.wait([work])
        await self._end_process(painter)

    async def _prepare(self, painter: _Painter, run: str) -> None:
        (head, _), *_ = await self._find_answers(painter, [{"do": "load", "run": run}])
        if "message" not in head:
            painter.runs.add(run)

    async def _serve(self, painter: _Painter, batch: Sequence[_Question], orders: Sequence[Mapping[str, Any]]) -> None:
        try:
            answers = await self._find_answers(painter, orders)
        except asyncio.CancelledError:
            for question in batch:
                question.answer.cancel()
            raise
        for question, answer in zip(batch, answers, strict=True):
            if not question.answer.done():
                question.answer.set_result(answer)
        # Behind the pages that have their pictures now, and ask for the next ones.
        asyncio.get_running_loop().call_soon(self._hand_out)

    async def _find_answers(self, painter: _Painter, orders: Sequence[Mapping[str, Any]]) -> list[Answer]:
        shares = 2 if self.painters[-1].runs else 1
        try:
            head, body = await asyncio.wait_for(
                self._ask_process(painter, {"orders": orders, "shares": shares}), LONGEST
            )
            return _divide(head, body)
        except BROKEN:
            await self._end_process(painter)
            return [(ENDED, b"")] * len(orders)

    async def _ask_process(self, painter: _Painter, message: Mapping[str, Any]) -> Answer:
        if painter.process is None or not painter.process.is_running:
            module = "muybridge.studio.pose_worker"
            painter.process = await ChildProcess.start(module, self.device, largest_picture=LARGEST_PICTURE)
        return await painter.process.ask(message)

    async def _end_process(self, painter: _Painter) -> None:
        process = painter.process
        painter.process = None
        painter.runs.clear()
        if process is not None:
            await process.end()


def make_pose_client(device: str) -> PoseClient:
    """For a device: on a processor with two cores, two processes may draw at once."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    kind = resolve_device(device, "float32").device.type
    return PoseClient(device, 2 if kind == "cpu" and cores > 1 else 1, TOGETHER.get(kind, MOST_TOGETHER))


def _divide(head: Head, body: bytes) -> list[Answer]:
    """The answers in a message, whose bodies lie one behind the other."""
    answers = []
    begin = 0
    for each in head["answers"]:
        answers.append((each, body[begin : begin + each["bytes"]]))
        begin += each["bytes"]
    return answers
