"""The studio's side of the process that draws while a person drags."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from muybridge.errors import MuybridgeError
from muybridge.studio.child_process import BROKEN, LARGEST_PICTURE, ChildProcess
from muybridge.studio.messages import Head

LONGEST = 120.0
"""Seconds after which a drawing is given up."""


class PoseClient:
    """One process for all pages; it answers in the order of the questions, and is replaced when it dies."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.process: ChildProcess | None = None
        self.turn = asyncio.Lock()

    async def ask(self, order: Mapping[str, Any]) -> tuple[Head, bytes]:
        """Head and body of the answer; MuybridgeError says what went wrong."""
        async with self.turn:
            try:
                head, body = await asyncio.wait_for(self._ask_process(order), LONGEST)
            except BROKEN as e:
                await self.close()
                raise MuybridgeError(
                    "the process that draws has ended", "Move the keypoint again: another one starts."
                ) from e
            except asyncio.CancelledError:
                # Its answer would be taken for that to the next question.
                await asyncio.shield(self.close())
                raise

        if "message" in head:
            raise MuybridgeError(str(head["message"]), head.get("hint"))
        return head, body

    async def close(self) -> None:
        """End the process."""
        process = self.process
        self.process = None
        if process is not None:
            await process.end()

    async def _ask_process(self, order: Mapping[str, Any]) -> tuple[Head, bytes]:
        if self.process is None or not self.process.is_running:
            module = "muybridge.studio.pose_worker"
            self.process = await ChildProcess.start(module, self.device, largest_picture=LARGEST_PICTURE)
        return await self.process.ask(order)
