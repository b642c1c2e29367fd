"""The studio's side of the process that draws while a person drags."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from muybridge.errors import MuybridgeError
from muybridge.studio.child_process import BROKEN, answer, end, start

LONGEST = 120.0
"""Seconds after which a drawing is given up."""


class PoseClient:
    """One painting process for all pages; it answers in the order of the questions, and is replaced when it dies."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.process: asyncio.subprocess.Process | None = None
        self.turn = asyncio.Lock()

    async def ask(self, order: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Head and body of the answer; MuybridgeError says what went wrong."""
        async with self.turn:
            try:
                head, body = await asyncio.wait_for(self._asked(order), LONGEST)
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
        process, self.process = self.process, None
        await end(process)

    async def _asked(self, order: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        if self.process is None or self.process.returncode is not None:
            self.process = await start("muybridge.studio.pose_worker", self.device)
        return await answer(self.process, json.dumps(dict(order)).encode() + b"\n")
