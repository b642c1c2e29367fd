"""The socket on which a page sends what its camera sees, and gets the picture that follows it."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from muybridge.errors import MuybridgeError, UsageError
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.animations import Animations
from muybridge.studio.child_process import BROKEN, LARGEST_PICTURE, ChildProcess
from muybridge.studio.messages import Head, word_hint, word_message
from muybridge.studio.schemas import Follow
from muybridge.studio.sockets import FAILED, refuse

PATIENCE = 120.0
"""Seconds until it is ready, or a frame is drawn, at most."""
ASKING = 20.0
"""Seconds until a page says what it wants: it has one of few places."""


def router(models: AnimationModels, animations: Animations) -> APIRouter:
    """/api/models/ID/live: in, `Follow` as JSON, then JPEGs, or the text "again" to begin from the pose of the next
    one; out, {"ready": true}, then JPEGs, or errors as JSON. Of frames that come while one is drawn, the last is kept.
    What is closed with 1008 is refused, with 1011 broken: see `sockets.refuse`.
    """
    routes = APIRouter()
    pages: set[WebSocket] = set()

    @routes.websocket("/api/models/{number}/live")
    async def live(socket: WebSocket, number: str) -> None:
        await socket.accept()
        # Counted before it says what it wants: pages that stay silent take a place, too.
        pages.add(socket)

        try:
            text = await asyncio.wait_for(socket.receive_text(), ASKING)
            order = _order(models, animations, number, Follow.model_validate_json(text), len(pages))
            await _FilmingPage(socket, order).serve()
        except _Ended as e:
            await refuse(socket, word_message(e.message), word_hint(e.hint), FAILED)
        except MuybridgeError as e:
            await refuse(socket, word_message(e.message), word_hint(e.hint))
        except (ValidationError, TimeoutError, KeyError):  # the last is for something that is no text
            await refuse(socket, "this is not something that can be followed", None)
        except (WebSocketDisconnect, RuntimeError):
            return  # closed
        finally:
            pages.discard(socket)

    return routes


def _order(models: AnimationModels, animations: Animations, number: str, request: Follow, pages: int) -> dict[str, Any]:
    """What the process is told first; UsageError where it cannot be done."""
    settings = models.settings
    most = settings.limits.cameras
    if pages > most:
        raise UsageError(f"{most} pages follow a camera already", "Close one of them.")

    model, run = models.find_ready(number)
    if not model["live"] or (request.mode is not None and request.mode not in model["modes"]):
        raise UsageError(f"{model['name']} cannot follow a camera that way", "Choose another run, or another way.")
    clip = animations.load_clip(request.picture)
    return {
        "run": str(run),
        "picture": str(models.storage.folder("clips", clip["id"])),
        "mode": request.mode,
        "device": settings.device,
        "memory": settings.limits.camera_memory,
    }


class _Ended(MuybridgeError):
    """The process that draws has gone."""


class _FilmingPage:
    """One page and the process that draws for it."""

    def __init__(self, socket: WebSocket, order: dict[str, Any]) -> None:
        self.socket = socket
        self.order = order
        self.frame: bytes | None = None
        self.again = False
        self.arrived = asyncio.Event()

    async def serve(self) -> None:
        """Until the page goes away; MuybridgeError where the process cannot do it, or ends."""
        process = await ChildProcess.start("muybridge.studio.live_worker", largest_picture=LARGEST_PICTURE)
        try:
            await self._ask(process, self.order)
            await self.socket.send_json({"ready": True})
            await self._serve_frames(process)
        finally:
            await asyncio.shield(process.end())

    async def _serve_frames(self, process: ChildProcess) -> None:
        hearing = asyncio.create_task(self._hear())
        drawing = asyncio.create_task(self._draw(process))
        done, going = await asyncio.wait((hearing, drawing), return_when=asyncio.FIRST_COMPLETED)

        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        for task in done:
            task.result()  # raises what ended it

    async def _hear(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes"):
                self.frame = message["bytes"]
                self.arrived.set()
            else:
                self.again = True

    async def _draw(self, process: ChildProcess) -> None:
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            # A camera is faster than many a model: all but its newest frame are out of date.
            frame = self.frame
            self.frame = None
            if frame is None:
                continue

            # Kept apart from the frames, so that the wish is not lost with one that was passed over.
            head = {"again": self.again}
            self.again = False
            answer, picture = await self._ask(process, head, frame)
            if "message" in answer:
                await self.socket.send_json({"message": answer["message"], "hint": answer["hint"]})
            else:
                await self.socket.send_bytes(picture)

    async def _ask(self, process: ChildProcess, head: Head, body: bytes = b"") -> tuple[Head, bytes]:
        try:
            answer, picture = await asyncio.wait_for(process.ask(head, body), PATIENCE)
        except BROKEN as e:
            raise _Ended("the process that draws has ended", "Begin again: another one starts.") from e
        if answer.get("over"):
            raise MuybridgeError(str(answer["message"]), answer["hint"])
        return answer, picture
