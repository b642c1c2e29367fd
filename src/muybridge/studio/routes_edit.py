"""The socket that a page drags on."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from muybridge.errors import MuybridgeError
from muybridge.studio.messages import word_hint, word_message
from muybridge.studio.pose_client import PoseClient
from muybridge.studio.schemas import Drag
from muybridge.studio.sockets import refuse
from muybridge.studio.storage import Storage

LONGEST = 1 << 16
"""Of a message, characters."""


def router(storage: Storage, pose_client: PoseClient, most: int) -> APIRouter:
    """/api/runs/ID/drag: in, `Drag` as JSON; out, a picture as `pack_picture` writes it, or an error as JSON. What is
    closed with 1008 is refused, see `sockets.refuse`."""
    routes = APIRouter()
    pages: set[WebSocket] = set()

    @routes.websocket("/api/runs/{number}/drag")
    async def drag(socket: WebSocket, number: str) -> None:
        # Only over an open socket can a refusal say why.
        await socket.accept()
        try:
            if len(pages) >= most:
                raise MuybridgeError(f"{most} pages are editing already, the most there may be", "Close some of them.")
            run = str(storage.folder("runs", number) / "out" / "run")
        except MuybridgeError as e:
            await refuse(socket, word_message(e.message), word_hint(e.hint))
            return

        pages.add(socket)
        try:
            await _EditingPage(socket, pose_client, run).serve()
        finally:
            pages.discard(socket)

    return routes


class _EditingPage:
    """One page; while one picture is drawn, of the requests that come in only the last is kept."""

    def __init__(self, socket: WebSocket, pose_client: PoseClient, run: str) -> None:
        self.socket = socket
        self.pose_client = pose_client
        self.run = run
        self.latest: Drag | None = None
        self.arrived = asyncio.Event()

    async def serve(self) -> None:
        """Until the page goes away."""
        drawing = asyncio.create_task(self._draw())
        try:
            while True:
                await self._take(await self.socket.receive_text())
        except KeyError:  # something that is no text
            await refuse(self.socket, "this is not something that can be drawn", None)
        except (WebSocketDisconnect, RuntimeError):
            return  # closed
        finally:
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)

    async def _take(self, text: str) -> None:
        try:
            if len(text) > LONGEST:
                raise ValueError("too long")
            self.latest = Drag.model_validate_json(text)
        except (ValidationError, ValueError):
            await self.socket.send_json({"message": "this is not something that can be drawn", "hint": None})
            return
        self.arrived.set()

    async def _draw(self) -> None:
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            # Drags that came while one was drawn are out of date, all but the newest.
            drag = self.latest
            self.latest = None
            if drag is None:
                continue

            order: dict[str, Any] = {**drag.model_dump(), "do": "pose", "run": self.run}
            try:
                head, body = await self.pose_client.ask(order)
            except MuybridgeError as e:
                await self.socket.send_json(
                    {"message": word_message(e.message), "hint": word_hint(e.hint), "seq": drag.seq}
                )
                continue
            await self.socket.send_bytes(pack_picture(drag.seq, head, body))


def pack_picture(seq: int, head: Mapping[str, Any], jpeg: bytes) -> bytes:
    """`seq` in 4 bytes, little end first; 1 for a whole picture or 0 for a half-size one; how many own frames it is
    made of, and each of them in 4 bytes; and a JPEG."""
    sources = head["sources"]
    return struct.pack(f"<IBB{len(sources)}I", seq, head["full"], len(sources), *sources) + jpeg
