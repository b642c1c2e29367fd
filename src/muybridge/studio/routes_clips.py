"""Routes of clips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath

from muybridge.errors import InputError
from muybridge.studio import schemas
from muybridge.studio.clips import Clips
from muybridge.studio.storage import Missing, Storage
from muybridge.studio.upload import length_of

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
FOREVER = {"cache-control": "private, max-age=86400, immutable"}
"""Of pictures whose address changes with them."""
IMAGES: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}, "image/png": {}}}}


def router(clips: Clips, storage: Storage) -> APIRouter:
    """Everything under /api/clips."""
    routes = APIRouter(prefix="/api/clips", tags=["clips"])

    @routes.get("")
    async def listed() -> list[dict[str, Any]]:
        return storage.all("clips")

    @routes.post("", status_code=201, openapi_extra=BINARY)
    async def upload(
        request: Request,
        name: Annotated[str, Query(max_length=255)] = "clip",
        use: Literal["pair", "driving", "picture"] = "pair",
    ) -> dict[str, Any]:
        length = length_of(request.headers.get("content-length"), clips.settings.limits.upload_bytes)
        return await clips.upload(name, request.stream(), use, length)

    @routes.post("/puppets", status_code=201)
    async def puppets(body: schemas.Puppets) -> list[dict[str, Any]]:
        return await clips.puppets(body.scene, body.frames, body.size)

    @routes.get("/{number}")
    async def one(number: Id) -> dict[str, Any]:
        return storage.load("clips", number)

    @routes.delete("/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await clips.remove(number)

    @routes.post("/{number}/silhouettes", status_code=202)
    async def find(number: Id, body: schemas.Find) -> dict[str, Any]:
        return await clips.find(number, body.box, body.how)

    @routes.put("/{number}/silhouettes/{index}", status_code=202, openapi_extra=BINARY)
    async def correct(number: Id, index: Index, request: Request) -> dict[str, Any]:
        return await clips.correct(number, index, await _body(request, PAINTED))

    @routes.get("/{number}/frames/{index}", responses=IMAGES, response_class=Response)
    def frame(number: Id, index: Index, height: Height = None) -> Response:
        path = storage.folder("clips", number) / "frames" / f"{index:05d}.png"
        return picture(path, height, ".jpg")

    @routes.get("/{number}/silhouettes/{index}", responses=IMAGES, response_class=Response)
    def silhouette(number: Id, index: Index, height: Height = None) -> Response:
        path = storage.folder("clips", number) / "silhouettes" / "masks" / f"{index:05d}.png"
        return picture(path, height, ".png")

    return routes


def picture(path: Path, height: int | None, suffix: str) -> Response:
    """A picture of the storage, made smaller where it was asked for; Missing where there is none."""
    if not path.is_file():
        raise Missing("there is no such picture here", "It may still be being made.")
    kind = {".jpg": "image/jpeg", ".png": "image/png"}[suffix]
    if height is None and suffix == ".png":
        return Response(path.read_bytes(), media_type=kind, headers=FOREVER)
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise Missing("this picture cannot be read", "It may still be being made.")
    if suffix == ".jpg" and image.ndim == 3:
        image = image[:, :, :3]
    if height is not None and height < image.shape[0]:
        width = max(1, round(image.shape[1] * height / image.shape[0]))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return Response(cv2.imencode(suffix, image)[1].tobytes(), media_type=kind, headers=FOREVER)


async def _body(request: Request, most: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise InputError(f"this picture is larger than {most / 2**20:.0f} MB, the most that is taken")
        parts.append(part)
    return b"".join(parts)
