"""How long the studio waits for what a browser has begun to send: connections that say nothing do not live for ever."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from muybridge.studio.security import App, Message, Receive, Scope, Send

HEADERS = 20.0
"""Seconds from a connection, or from the answer before, until a request has all of its headers."""
BODY = 60.0
"""Seconds until the next part of a body."""
CONTENT_TIMEOUT = 408


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to headers that never come.

    `headers_timeout` is theirs in seconds.
    """

    headers_timeout = HEADERS
    deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _wait_for_headers(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self.deadline is None:
            self.deadline = self.loop.call_later(self.headers_timeout, self._give_up)

    def _stop_waiting(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _give_up(self) -> None:
        self.deadline = None
        # A socket that has become a WebSocket is another protocol's by now.
        if self.conn.their_state is h11.IDLE and self.transport.get_protocol() is self:
            self.transport.close()


class BodyTimeout:
    """ASGI middleware: a request whose body stops coming is answered with 408, and its connection is closed."""

    def __init__(self, app: App, seconds: float = BODY) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        waiting = True
        late = False

        async def receive_in_time() -> Message:
            nonlocal waiting, late
            # Once the body is there, a page may listen as long as it likes.
            if not waiting:
                return await receive()

            try:
                message = await asyncio.wait_for(receive(), self.seconds)
            except TimeoutError:
                late = True
                # The application knows how to end for a page that has gone, not for one that is late.
                return {"type": "http.disconnect"}

            waiting = message.get("more_body", False)
            return message

        async def send_in_time(message: Message) -> None:
            if late and message["type"] == "http.response.start":
                # The rest of the body may still come, and would be read as the next request.
                closing = [*message["headers"], (b"connection", b"close")]
                message = {**message, "status": CONTENT_TIMEOUT, "headers": closing}
            await send(message)

        await self.app(scope, receive_in_time, send_in_time)
