"""The studio's side of the process that draws while people drag."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muybridge.errors import MuybridgeError
from muybridge.studio.child_process import BROKEN, LARGEST_PICTURE, ChildProcess
from muybridge.studio.messages import Head

LONGEST = 120.0
"""Seconds after which a drawing is given up."""
TOGETHER = 32
"""Poses that are drawn at once, at most, so that those of another run need not wait for long."""
ENDED = {"message": "the process that draws has ended", "hint": "Move the keypoint again: another one starts."}

Answer = tuple[Head, bytes]


@dataclass(eq=False)
class _Question:
    order: Mapping[str, Any]
    answer: asyncio.Future[Answer]

    def goes_with(self, first: _Question) -> bool:
        """Whether both are drawn in one batch: of one run, and as large."""
        both = (self.order, first.order)
        if any(order["do"] != "pose" for order in both):
            return False
        return all(both[0][name] == both[1][name] for name in ("run", "full"))


class PoseClient:
    """One process for all pages. It is asked in turn, each time for all poses of a run that wait, and is replaced when
    it dies."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.process: ChildProcess | None = None
        self.waiting: list[_Question] = []
        self.asking: asyncio.Task[None] | None = None

    async def ask(self, order: Mapping[str, Any]) -> Answer:
        """Head and body of the answer; MuybridgeError says what went wrong."""
        question = _Question(order, asyncio.get_running_loop().create_future())
        self.waiting.append(question)
        if self.asking is None or self.asking.done():
            self.asking = asyncio.create_task(self._ask_in_turn())

        # A page that goes away cancels its own wait, and nobody else's.
        head, body = await question.answer
        if "message" in head:
            raise MuybridgeError(str(head["message"]), head.get("hint"))
        return head, body

    async def close(self) -> None:
        """End the process, and all that is waited for."""
        if self.asking is not None:
            self.asking.cancel()
            await asyncio.gather(self.asking, return_exceptions=True)
        for question in self.waiting:
            question.answer.cancel()
        await self._end_process()

    async def _ask_in_turn(self) -> None:
        while self.waiting:
            first = self.waiting[0]
            batch = [first, *(each for each in self.waiting[1:] if each.goes_with(first))][:TOGETHER]
            self.waiting = [each for each in self.waiting if each not in batch]
            # Pages that have gone meanwhile want nothing any more.
            batch = [each for each in batch if not each.answer.done()]
            if not batch:
                continue

            try:
                answers = await self._find_answers([each.order for each in batch])
            except asyncio.CancelledError:
                for question in batch:
                    question.answer.cancel()
                raise
            for question, answer in zip(batch, answers, strict=True):
                if not question.answer.done():
                    question.answer.set_result(answer)

    async def _find_answers(self, orders: list[Mapping[str, Any]]) -> list[Answer]:
        try:
            head, body = await asyncio.wait_for(self._ask_process({"orders": orders}), LONGEST)
            return _divide(head, body)
        except BROKEN:
            await self._end_process()
            return [(ENDED, b"")] * len(orders)

    async def _ask_process(self, message: Mapping[str, Any]) -> Answer:
        if self.process is None or not self.process.is_running:
            module = "muybridge.studio.pose_worker"
            self.process = await ChildProcess.start(module, self.device, largest_picture=LARGEST_PICTURE)
        return await self.process.ask(message)

    async def _end_process(self) -> None:
        process = self.process
        self.process = None
        if process is not None:
            await process.end()


def _divide(head: Head, body: bytes) -> list[Answer]:
    """The answers in a message, whose bodies lie one behind the other."""
    answers = []
    begin = 0
    for each in head["answers"]:
        answers.append((each, body[begin : begin + each["bytes"]]))
        begin += each["bytes"]
    return answers
