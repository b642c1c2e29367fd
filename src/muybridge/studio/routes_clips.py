"""Routes of clips."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath

from muybridge.errors import InputError
from muybridge.studio import schemas
from muybridge.studio.clips import Clips
from muybridge.studio.files_to_fetch import IMAGES, send_picture
from muybridge.studio.upload import read_length

Id = Annotated[str, InPath(pattern="^[a-f0-9]{12}$")]
Index = Annotated[int, InPath(ge=0, lt=100000)]
Height = Annotated[int | None, Query(ge=16, le=2048)]
BINARY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
PAINTED = 8 * 2**20
"""Largest silhouette painted by hand, bytes."""


def router(clips: Clips) -> APIRouter:
    """Everything under /api/clips."""
    routes = APIRouter(prefix="/api/clips", tags=["clips"])
    storage = clips.storage

    @routes.get("")
    async def list_clips() -> list[dict[str, Any]]:
        return clips.all()

    @routes.post("", status_code=201, openapi_extra=BINARY)
    async def upload(
        request: Request,
        name: Annotated[str, Query(max_length=255)] = "clip",
        use: Literal["pair", "driving", "picture"] = "pair",
    ) -> dict[str, Any]:
        length = read_length(request.headers.get("content-length"), clips.settings.limits.upload_bytes)
        return await clips.upload(name, request.stream(), use, length)

    @routes.post("/puppets", status_code=201)
    async def draw_puppets(body: schemas.Puppets) -> list[dict[str, Any]]:
        return await clips.draw_puppets(body.scene, body.frames, body.size)

    @routes.get("/{number}")
    async def show(number: Id) -> dict[str, Any]:
        return clips.load(number)

    @routes.patch("/{number}")
    async def rename(number: Id, body: schemas.Rename) -> dict[str, Any]:
        return clips.rename(number, body.name)

    @routes.delete("/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await clips.remove(number)

    @routes.post("/{number}/cut", status_code=202)
    async def cut(number: Id, body: schemas.CutClip) -> dict[str, Any]:
        """Trim, crop, speed: read again, from the file as it was uploaded."""
        return await clips.cut(number, body.first, body.last, body.box, float(body.speed), body.whole)

    @routes.post("/{number}/silhouettes", status_code=202)
    async def find(number: Id, body: schemas.Find) -> dict[str, Any]:
        return await clips.find(number, body.box, body.how, body.subject)

    @routes.put("/{number}/silhouettes/{index}", status_code=202, openapi_extra=BINARY)
    async def correct(number: Id, index: Index, request: Request) -> dict[str, Any]:
        return await clips.correct(number, index, await _read_body(request, PAINTED))

    @routes.get("/{number}/frames/{index}", responses=IMAGES, response_class=Response)
    def frame(number: Id, index: Index, height: Height = None) -> Response:
        return send_picture(storage.file("clips", number, "frames", f"{index:05d}.png"), height, ".jpg")

    @routes.get("/{number}/glance/{index}", responses=IMAGES, response_class=Response)
    def glance(number: Id, index: Index) -> Response:
        """One of the few frames on which the subject was looked for first, all else dimmed."""
        return send_picture(storage.file("clips", number, "glance", f"{index:05d}.png"), None, ".png")

    @routes.get("/{number}/silhouettes/{index}", responses=IMAGES, response_class=Response)
    def silhouette(number: Id, index: Index, height: Height = None) -> Response:
        path = storage.file("clips", number, "silhouettes", "masks", f"{index:05d}.png")
        return send_picture(path, height, ".png")

    @routes.get("/{number}/parts/{index}", responses=IMAGES, response_class=Response)
    async def parts(number: Id, index: Index) -> Response:
        """Which kind of subject each pixel of a frame belongs to: 0 for none, and a number for each kind."""
        return send_picture(await clips.find_parts(number, index), None, ".png")

    return routes


async def _read_body(request: Request, most: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise InputError(f"this picture is larger than {most / 2**20:.0f} MB, the most that is allowed")
    return bytes(body)
