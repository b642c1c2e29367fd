"""Processes that draw: started, asked, ended. An answer is a line of JSON with `bytes`, and so many bytes after it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Any

LINE = 1 << 26
"""Longest line of an answer, bytes: all keypoints of a long pair."""
LARGEST = 2**22
"""Pixels of a picture that such a process decodes, at most."""
BROKEN = (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ValueError)
"""What `answer` raises where the process has ended, or says what nobody understands."""


async def start(module: str, *arguments: str) -> asyncio.subprocess.Process:
    """A process of a module, in a session of its own."""
    # OpenCV reads its limit once, while it is imported, which is before any line of the module itself.
    environment = {**os.environ, "OPENCV_IO_MAX_IMAGE_PIXELS": str(LARGEST)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE,
        env=environment,
        start_new_session=True,
    )


async def answer(process: asyncio.subprocess.Process, question: bytes) -> tuple[dict[str, Any], bytes]:
    """Head and body of the answer to a question."""
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    stdin.write(question)
    await stdin.drain()
    head = json.loads(await stdout.readline() or b"x")
    return head, await stdout.readexactly(int(head["bytes"]))


async def end(process: asyncio.subprocess.Process | None) -> None:
    """Kill it, and wait until it is gone."""
    if process is not None and process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
