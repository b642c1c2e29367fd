"""Routes of runs that move a picture, and of what they made."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from muybridge.studio import schemas
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.animations import Animations
from muybridge.studio.files_to_fetch import FILES, IMAGES, list_sizes, send_file, send_picture
from muybridge.studio.routes_clips import BINARY, Height, Id, Index
from muybridge.studio.upload import read_length


def router(models: AnimationModels, animations: Animations) -> APIRouter:
    """Everything under /api/models and /api/animations, but for the socket of the camera."""
    routes = APIRouter(prefix="/api", tags=["pictures that move"])
    _add_models(routes, models)
    _add_animations(routes, animations)
    _add_results(routes, animations)
    return routes


def _add_models(routes: APIRouter, models: AnimationModels) -> None:
    @routes.get("/models")
    def list_models() -> list[dict[str, Any]]:
        """Imported runs, and those in the studio's folder that the command trained, of methods that move a picture."""
        return models.list_all()

    @routes.post("/models", status_code=201)
    async def create(body: schemas.Import) -> dict[str, Any]:
        """Announce a checkpoint; its bytes are put to /api/models/ID/checkpoint."""
        return await models.create(body.name, body.config, body.file)

    @routes.put("/models/{number}/checkpoint", status_code=202, openapi_extra=BINARY)
    async def upload(number: Id, request: Request) -> dict[str, Any]:
        length = read_length(request.headers.get("content-length"), models.settings.limits.checkpoint_bytes)
        return await models.upload(number, request.stream(), length)

    @routes.delete("/models/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await models.remove(number)


def _add_animations(routes: APIRouter, animations: Animations) -> None:
    @routes.get("/animations")
    async def list_animations() -> list[dict[str, Any]]:
        return animations.all()

    @routes.post("/animations", status_code=201)
    async def create(body: schemas.Move) -> dict[str, Any]:
        return await animations.create(body.model_dump())

    @routes.get("/animations/{number}")
    async def show(number: Id) -> dict[str, Any]:
        return animations.load(number)

    @routes.patch("/animations/{number}")
    async def rename(number: Id, body: schemas.Rename) -> dict[str, Any]:
        return animations.rename(number, body.name)

    @routes.delete("/animations/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await animations.remove(number)


def _add_results(routes: APIRouter, animations: Animations) -> None:
    storage = animations.storage

    @routes.get("/animations/{number}/times")
    def times(number: Id) -> dict[str, Any]:
        """When each frame is shown, and for how long, in ticks: those of the driving clip."""
        found: dict[str, Any] = storage.read_json("animations", number, "frames", "times.json")
        return found

    @routes.get("/animations/{number}/frames/{index}", responses=IMAGES, response_class=Response)
    def frame(number: Id, index: Index, height: Height = None) -> Response:
        return send_picture(storage.file("animations", number, "frames", f"{index:05d}.png"), height, ".jpg")

    @routes.post("/animations/{number}/files", status_code=202)
    async def pack(number: Id, body: schemas.Pack) -> dict[str, Any]:
        return await animations.pack(number, body.suffix)

    @routes.get("/animations/{number}/files")
    def list_files(number: Id) -> dict[str, int]:
        """What can be fetched, with its size in bytes."""
        return list_sizes(storage.files(number, "animations"))

    @routes.get("/animations/{number}/files/{name}", responses=FILES, response_class=Response)
    def file(
        number: Id, name: Annotated[str, InPath(max_length=200)], download: Annotated[bool, Query()] = False
    ) -> FileResponse:
        return send_file(storage.files(number, "animations"), name, download)
