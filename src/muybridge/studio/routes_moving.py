"""Routes of runs that move a picture, and of what they made."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from muybridge.studio import asked
from muybridge.studio.animations import Animations
from muybridge.studio.movers import Movers
from muybridge.studio.receiving import length_of
from muybridge.studio.routes_clips import BINARY, IMAGES, Height, Id, Index, picture
from muybridge.studio.routes_runs import FILES, KINDS
from muybridge.studio.shelf import Missing, Shelf


def router(movers: Movers, animations: Animations, shelf: Shelf) -> APIRouter:
    """Everything under /api/movers and /api/animations, but for the socket of the camera."""
    routes = APIRouter(prefix="/api", tags=["pictures that move"])
    _movers(routes, movers)
    _animations(routes, animations, shelf)
    return routes


def _movers(routes: APIRouter, movers: Movers) -> None:
    @routes.get("/movers")
    def listed() -> list[dict[str, Any]]:
        """Imported runs, and those in the studio's folder that the command trained, of methods that move a picture."""
        return movers.all()

    @routes.post("/movers", status_code=201)
    async def begin(body: asked.Import) -> dict[str, Any]:
        """Announce a checkpoint; its bytes are put to /api/movers/ID/checkpoint."""
        return await movers.new(body.name, body.config)

    @routes.put("/movers/{number}/checkpoint", status_code=202, openapi_extra=BINARY)
    async def upload(number: Id, request: Request) -> dict[str, Any]:
        length = length_of(request.headers.get("content-length"), movers.settings.limits.checkpoint_bytes)
        return await movers.upload(number, request.stream(), length)

    @routes.delete("/movers/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await movers.remove(number)


def _animations(routes: APIRouter, animations: Animations, shelf: Shelf) -> None:
    @routes.get("/animations")
    async def listed() -> list[dict[str, Any]]:
        return shelf.all("animations")

    @routes.post("/animations", status_code=201)
    async def create(body: asked.Move) -> dict[str, Any]:
        return await animations.create(body.model_dump())

    @routes.get("/animations/{number}")
    async def one(number: Id) -> dict[str, Any]:
        return shelf.load("animations", number)

    @routes.delete("/animations/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await animations.remove(number)

    @routes.get("/animations/{number}/times")
    def times(number: Id) -> dict[str, Any]:
        """When each frame is shown, and for how long, in ticks: those of the driving clip."""
        path = shelf.folder("animations", number) / "frames" / "times.json"
        if not path.is_file():
            raise Missing("this animation is not made yet", "Wait until it is.")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @routes.get("/animations/{number}/frames/{index}", responses=IMAGES, response_class=Response)
    def frame(number: Id, index: Index, height: Height = None) -> Response:
        return picture(shelf.folder("animations", number) / "frames" / f"{index:05d}.png", height, ".jpg")

    @routes.post("/animations/{number}/files", status_code=202)
    async def pack(number: Id, body: asked.Pack) -> dict[str, Any]:
        return await animations.pack(number, body.suffix)

    @routes.get("/animations/{number}/files")
    def files(number: Id) -> dict[str, int]:
        """What can be fetched, with its size in bytes."""
        return {name: path.stat().st_size for name, path in shelf.files(number, "animations").items()}

    @routes.get("/animations/{number}/files/{name}", responses=FILES, response_class=Response)
    def file(
        number: Id, name: Annotated[str, InPath(max_length=200)], download: Annotated[bool, Query()] = False
    ) -> FileResponse:
        path = shelf.files(number, "animations").get(name)
        if path is None or path.suffix not in KINDS:
            raise Missing("there is no such file of this animation", "It may have been replaced; load the page again.")
        place = "attachment" if download else "inline"
        return FileResponse(path, media_type=KINDS[path.suffix], filename=name, content_disposition_type=place)
