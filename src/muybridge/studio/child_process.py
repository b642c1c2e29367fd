"""Child processes: started, spoken to, told to stop, ended. `messages` says how they talk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from muybridge.studio.messages import HEADER, Head, pack_message, unpack_head, unpack_header

LARGEST_PICTURE = 2**22
"""Pixels of a picture that a process which draws decodes, at most."""
BROKEN = (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ValueError)
"""What `receive` raises where the process has ended, or says what nobody understands."""


class ChildProcess:
    """One process, in a session of its own, so that Ctrl-C in the terminal reaches the studio alone."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.stopped = False
        self.patience = 0.0
        """Seconds that it has to stop by itself, before it is killed."""

    @classmethod
    async def start(cls, module: str, *arguments: str, largest_picture: int | None = None) -> ChildProcess:
        """Run a module of Python.

        largest_picture  pixels that OpenCV decodes there, at most; None: as it does by itself
        """
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if largest_picture is not None:
            # OpenCV reads its limit once, while it is imported, which is before any line of the module itself.
            environment["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(largest_picture)

        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.returncode is None

    async def send(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        """Send a message; ConnectionError where the process has ended."""
        assert self.process.stdin is not None
        self.process.stdin.write(pack_message(head, body))
        await self.process.stdin.drain()

    async def receive(self) -> tuple[Head, bytes]:
        """The next message; one of BROKEN where none comes any more."""
        stdout = self.process.stdout
        assert stdout is not None
        head_size, body_size = unpack_header(await stdout.readexactly(HEADER.size))
        head = unpack_head(await stdout.readexactly(head_size))
        return head, await stdout.readexactly(body_size)

    async def ask(self, head: Mapping[str, Any], body: bytes = b"") -> tuple[Head, bytes]:
        """Send a message, and wait for its answer; one of BROKEN."""
        await self.send(head, body)
        return await self.receive()

    def stop(self) -> None:
        """Ask it to stop as Ctrl-C would; asked again, it is left to what it saves."""
        if self.is_running and not self.stopped:
            self.stopped = True
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    async def end(self) -> None:
        """Be sure that it has ended."""
        if self.patience:
            self.stop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), self.patience)

        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
