"""The studio's side of the process that draws while a person drags."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from muybridge.errors import MuybridgeError

LINE = 1 << 26
"""Longest line of an answer, bytes: all keypoints of a long pair."""
LONGEST = 120.0
"""Seconds after which a drawing is given up."""


class Easel:
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
            except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ValueError) as e:
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
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _asked(self, order: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "muybridge.studio.painting",
                self.device,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE,
                start_new_session=True,
            )
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(dict(order)).encode() + b"\n")
        await stdin.drain()
        head = json.loads(await stdout.readline() or b"x")
        return head, await stdout.readexactly(int(head["bytes"]))
