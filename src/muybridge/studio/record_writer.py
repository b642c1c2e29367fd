"""Records on their way to the disk: written in order, in a thread of their own, so that no page waits for the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from muybridge.disk import replace_file


class RecordWriter:
    """What was written last is what is read, whether it has reached the disk yet or not."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="records")
        self.lock = threading.Lock()
        self.writing = threading.Lock()
        self.waiting: dict[Path, bytes] = {}
        self.last: Future[None] | None = None

    def write(self, path: Path, content: bytes) -> None:
        """Replace a file; within an event loop it is only noted, and `flush` waits for it."""
        if not _inside_event_loop():
            replace_file(path, content)
            return

        with self.lock:
            self.waiting[path] = content
        self.last = self.thread.submit(self._write_waiting, path)

    def read(self, path: Path) -> bytes:
        """What a file holds, or will hold; OSError where there is none."""
        with self.lock:
            waiting = self.waiting.get(path)
        return path.read_bytes() if waiting is None else waiting

    @contextmanager
    def forget(self, path: Path) -> Iterator[None]:
        """Do not write it any more. While this is open nothing is written at all, so that its folder can go."""
        with self.writing:
            with self.lock:
                self.waiting.pop(path, None)
            yield

    async def flush(self) -> None:
        """Wait until all that was written is on the disk; what `replace_file` raises, where the last could not be."""
        if self.last is not None:
            # Whoever stops waiting must not stop the writing, for which others wait too.
            await asyncio.shield(asyncio.wrap_future(self.last))

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self.thread.shutdown()

    def _write_waiting(self, path: Path) -> None:
        with self.writing:
            with self.lock:
                content = self.waiting.get(path)
            if content is None:
                return  # forgotten, or written with what came after it

            # A record that was deleted meanwhile has no folder any more, and must not get a new one.
            if path.parent.is_dir():
                replace_file(path, content)

        with self.lock:
            # Something newer may have come while this was being written.
            if self.waiting.get(path) is content:
                del self.waiting[path]


def _inside_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
