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
    """One page; of the requests that come in until a picture is begun, only the last is drawn."""

    def __init__(self, socket: WebSocket, pose_client: PoseClient, run: str) -> None:
        self.socket = socket
        self.pose_client = pose_client
        self.run = run
        self.latest: dict[str, Any] = {}
        self.drawn: dict[str, Any] = {}
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
            drag = Drag.model_validate_json(text)
        except (ValidationError, ValueError):
            await self.socket.send_json({"message": "this is not something that can be drawn", "hint": None})
            return
        self.latest = {**drag.model_dump(), "do": "pose", "run": self.run}
        self.arrived.set()

    async def _draw(self) -> None:
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            # It came while the one before waited for its turn, and was drawn in its place.
            if self.latest is self.drawn:
                continue

            try:
                head, body = await self.pose_client.ask_newest(self._choose)
            except MuybridgeError as e:
                told = {"message": word_message(e.message), "hint": word_hint(e.hint), "seq": self.drawn["seq"]}
                await self.socket.send_json(told)
                continue
            await self.socket.send_bytes(pack_picture(self.drawn["seq"], head, body))

    def _choose(self) -> dict[str, Any]:
        """The newest drag: those before it are out of date by the time that one of them is drawn."""
        self.drawn = self.latest
        return self.drawn


def pack_picture(seq: int, head: Mapping[str, Any], jpeg: bytes) -> bytes:
    """`seq` in 4 bytes, little end first; 1 for a whole picture or 0 for a half-size one; how many own frames it is
    made of, and each of them in 4 bytes; and a JPEG."""
    sources = head["sources"]
    return struct.pack(f"<IBB{len(sources)}I", seq, head["full"], len(sources), *sources) + jpeg
