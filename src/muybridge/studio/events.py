"""What happens, told to every open page as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

BACKLOG = 256
"""Events that a page may lag behind before it is sent away, to come back and ask anew."""
BEAT = 15.0
"""Seconds between signs of life."""


class Events:
    """Who listens."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[str | None]] = set()

    def tell(self, kind: str, value: Mapping[str, Any]) -> None:
        """Send to everybody; never waits."""
        text = f"event: {kind}\ndata: {json.dumps(dict(value), ensure_ascii=False)}\n\n"
        for queue in tuple(self.queues):
            if queue.qsize() >= BACKLOG:
                self.queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(text)

    async def stream(self) -> AsyncIterator[str]:
        """The events from now on."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.queues.add(queue)

        try:
            # Left alone, a browser may wait several seconds before it comes back to a restarted studio.
            yield "retry: 1000\n\n"
            while True:
                try:
                    text = await asyncio.wait_for(queue.get(), BEAT)
                except TimeoutError:
                    # Only by writing to a page is it noticed that it has gone.
                    text = ": still here\n\n"
                if text is None:
                    return
                yield text
        finally:
            self.queues.discard(queue)

    def close(self) -> None:
        """End every stream."""
        for queue in tuple(self.queues):
            queue.put_nowait(None)
        self.queues.clear()
