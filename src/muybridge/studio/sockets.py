"""What a page hears on a socket that is closed to it."""

from __future__ import annotations

import contextlib

from fastapi import WebSocket, WebSocketDisconnect

REFUSED = 1008
"""Code of a socket that is closed because of what was asked: to ask again leads nowhere."""
FAILED = 1011
"""Code of a socket that is closed because of something here: it may be opened again."""
REASON = 123
"""Bytes of a reason, at most, by the protocol."""


async def refuse(socket: WebSocket, message: str, hint: str | None, code: int = REFUSED) -> None:
    """Say it as JSON, and close with it as the reason; a page that has gone away is left alone."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_json({"message": message, "hint": hint})
        await socket.close(code, message.encode()[:REASON].decode(errors="ignore"))
