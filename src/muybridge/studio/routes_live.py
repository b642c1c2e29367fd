"""The socket on which a page sends what its camera sees, and gets the picture that follows it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from muybridge.errors import MuybridgeError, UsageError
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.animations import Animations
from muybridge.studio.child_process import BROKEN, answer, end, start
from muybridge.studio.schemas import Follow
from muybridge.studio.sockets import FAILED, refuse
from muybridge.studio.storage import Storage

PATIENCE = 120.0
"""Seconds until it is ready, or a frame is drawn, at most."""
ASKING = 20.0
"""Seconds until a page says what it wants: it has one of few places."""
AGAIN = (0).to_bytes(4, "little")


def router(storage: Storage, models: AnimationModels, animations: Animations) -> APIRouter:
    """/api/models/ID/live: in, `Follow` as JSON, then JPEGs, or the text "again" to begin from the pose of the next
    one; out, {"ready": true}, then JPEGs, or errors as JSON. Of frames that come while one is drawn, the last is kept.
    What is closed with 1008 is refused, with 1011 broken: see `sockets.refuse`.
    """
    routes = APIRouter()
    pages: set[WebSocket] = set()
    settings = models.settings

    def order_of(number: str, asked: Follow) -> dict[str, Any]:
        if len(pages) > settings.limits.cameras:
            raise UsageError(f"{settings.limits.cameras} pages follow a camera already", "Close one of them.")
        model, run = models.ready(number)
        if not model["live"] or (asked.mode is not None and asked.mode not in model["modes"]):
            raise UsageError(f"{model['name']} cannot follow a camera that way", "Choose another run, or another way.")
        clip = animations.usable(asked.picture)
        picture = storage.folder("clips", clip["id"])
        order = {"run": str(run), "picture": str(picture), "mode": asked.mode, "device": settings.device}
        return {**order, "memory": settings.limits.camera_memory}

    @routes.websocket("/api/models/{number}/live")
    async def live(socket: WebSocket, number: str) -> None:
        await socket.accept()
        pages.add(socket)
        try:
            asked = await asyncio.wait_for(socket.receive_text(), ASKING)
            await _Sitting(socket, order_of(number, Follow.model_validate_json(asked))).serve()
        except _Ended as e:
            await refuse(socket, e.message, e.hint, FAILED)
        except MuybridgeError as e:
            await refuse(socket, e.message, e.hint)
        except (ValidationError, TimeoutError, KeyError):  # the last is for something that is no text
            await refuse(socket, "this is not something that can be followed", None)
        except (WebSocketDisconnect, RuntimeError):
            return  # closed
        finally:
            pages.discard(socket)

    return routes


class _Ended(MuybridgeError):
    """The process that draws has gone."""


class _Sitting:
    """One page and the process that draws for it."""

    def __init__(self, socket: WebSocket, order: dict[str, Any]) -> None:
        self.socket, self.order = socket, order
        self.frame: bytes | None = None
        self.again = False
        self.came = asyncio.Event()

    async def serve(self) -> None:
        """Until the page goes away; MuybridgeError where the process cannot do it, or ends."""
        process = await start("muybridge.studio.live_worker")
        try:
            await self._ask(process, json.dumps(self.order).encode() + b"\n")
            await self.socket.send_json({"ready": True})
            hearing, drawing = (asyncio.create_task(work) for work in (self._hear(), self._draw(process)))
            done, going = await asyncio.wait((hearing, drawing), return_when=asyncio.FIRST_COMPLETED)
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            for task in done:
                task.result()
        finally:
            await asyncio.shield(end(process))

    async def _hear(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes"):
                self.frame = message["bytes"]
                self.came.set()
            else:
                self.again = True

    async def _draw(self, process: asyncio.subprocess.Process) -> None:
        while True:
            await self.came.wait()
            self.came.clear()
            frame, self.frame = self.frame, None
            if frame is None:
                continue
            begin, self.again = (AGAIN if self.again else b""), False
            head, body = await self._ask(process, begin + len(frame).to_bytes(4, "little") + frame)
            if "message" in head:
                await self.socket.send_json({"message": head["message"], "hint": head["hint"]})
            else:
                await self.socket.send_bytes(body)

    async def _ask(self, process: asyncio.subprocess.Process, question: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            head, body = await asyncio.wait_for(answer(process, question), PATIENCE)
        except BROKEN as e:
            raise _Ended("the process that draws has ended", "Begin again: another one starts.") from e
        if head.get("over"):
            raise MuybridgeError(str(head["message"]), head["hint"])
        return head, body
