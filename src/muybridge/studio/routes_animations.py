"""Routes of runs that move a picture, and of what they made."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from muybridge.studio import schemas
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.animations import Animations
from muybridge.studio.routes_clips import BINARY, IMAGES, Height, Id, Index, picture
from muybridge.studio.routes_runs import FILES, KINDS
from muybridge.studio.storage import Missing, Storage
from muybridge.studio.upload import length_of


def router(models: AnimationModels, animations: Animations, storage: Storage) -> APIRouter:
    """Everything under /api/models and /api/animations, but for the socket of the camera."""
    routes = APIRouter(prefix="/api", tags=["pictures that move"])
    _models(routes, models)
    _animations(routes, animations, storage)
    return routes


def _models(routes: APIRouter, models: AnimationModels) -> None:
    @routes.get("/models")
    def listed() -> list[dict[str, Any]]:
        """Imported runs, and those in the studio's folder that the command trained, of methods that move a picture."""
        return models.all()

    @routes.post("/models", status_code=201)
    async def begin(body: schemas.Import) -> dict[str, Any]:
        """Announce a checkpoint; its bytes are put to /api/models/ID/checkpoint."""
        return await models.new(body.name, body.config)

    @routes.put("/models/{number}/checkpoint", status_code=202, openapi_extra=BINARY)
    async def upload(number: Id, request: Request) -> dict[str, Any]:
        length = length_of(request.headers.get("content-length"), models.settings.limits.checkpoint_bytes)
        return await models.upload(number, request.stream(), length)

    @routes.delete("/models/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await models.remove(number)


def _animations(routes: APIRouter, animations: Animations, storage: Storage) -> None:
    @routes.get("/animations")
    async def listed() -> list[dict[str, Any]]:
        return storage.all("animations")

    @routes.post("/animations", status_code=201)
    async def create(body: schemas.Move) -> dict[str, Any]:
        return await animations.create(body.model_dump())

    @routes.get("/animations/{number}")
    async def one(number: Id) -> dict[str, Any]:
        return storage.load("animations", number)

    @routes.delete("/animations/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await animations.remove(number)

    @routes.get("/animations/{number}/times")
    def times(number: Id) -> dict[str, Any]:
        """When each frame is shown, and for how long, in ticks: those of the driving clip."""
        path = storage.folder("animations", number) / "frames" / "times.json"
        if not path.is_file():
            raise Missing("this animation is not made yet", "Wait until it is.")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @routes.get("/animations/{number}/frames/{index}", responses=IMAGES, response_class=Response)
    def frame(number: Id, index: Index, height: Height = None) -> Response:
        return picture(storage.folder("animations", number) / "frames" / f"{index:05d}.png", height, ".jpg")

    @routes.post("/animations/{number}/files", status_code=202)
    async def pack(number: Id, body: schemas.Pack) -> dict[str, Any]:
        return await animations.pack(number, body.suffix)

    @routes.get("/animations/{number}/files")
    def files(number: Id) -> dict[str, int]:
        """What can be fetched, with its size in bytes."""
        return {name: path.stat().st_size for name, path in storage.files(number, "animations").items()}

    @routes.get("/animations/{number}/files/{name}", responses=FILES, response_class=Response)
    def file(
        number: Id, name: Annotated[str, InPath(max_length=200)], download: Annotated[bool, Query()] = False
    ) -> FileResponse:
        path = storage.files(number, "animations").get(name)
        if path is None or path.suffix not in KINDS:
            raise Missing("there is no such file of this animation", "It may have been replaced; load the page again.")
        place = "attachment" if download else "inline"
        return FileResponse(path, media_type=KINDS[path.suffix], filename=name, content_disposition_type=place)
