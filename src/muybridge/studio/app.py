"""The studio as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from muybridge import api, catalogue
from muybridge.api.edit import editable
from muybridge.errors import InputError, MuybridgeError, UsageError
from muybridge.studio import routes_animations, routes_clips, routes_edit, routes_live, routes_runs
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.animations import Animations
from muybridge.studio.clips import Clips
from muybridge.studio.events import Events
from muybridge.studio.pose_client import PoseClient
from muybridge.studio.routes_runs import Conflict
from muybridge.studio.runs import Runs
from muybridge.studio.security import App, SecurityMiddleware
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Missing, Storage
from muybridge.studio.worker_pool import WorkerPool

PAGE = Path(__file__).parent / "page"
FOLDERS = ("", "/views", "/parts", "/net")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
TOLD_LIMITS = ("upload_bytes", "checkpoint_bytes", "frames", "side", "quota_bytes")
TOLD: dict[int | str, dict[str, Any]] = {
    code: {
        "description": what,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"message": {"type": "string"}, "hint": {"type": ["string", "null"]}},
                    "required": ["message"],
                }
            }
        },
    }
    for code, what in {
        400: "It cannot be used as it is",
        404: "There is no such thing here",
        409: "Not now, or not any more",
        422: "It does not look as it should",
    }.items()
}


def create(settings: Settings) -> App:
    """Everything wired together; the folder is made where it is missing."""
    storage, pool, events = Storage(settings.runs, settings.limits.quota_bytes), WorkerPool(), Events()
    pose_client = PoseClient(settings.device)
    clips, runs = Clips(storage, pool, events, settings), Runs(storage, pool, events, settings)
    models = AnimationModels(storage, pool, events, settings)
    animations = Animations(storage, pool, events, settings, models)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        pool.warm()
        clips.begin()
        runs.begin()
        models.begin()
        animations.begin()
        yield
        events.close()
        await pool.close()
        await runs.close()
        for each in (clips, models, animations):
            await each.close()
        await pose_client.close()

    app = FastAPI(
        title="Muybridge studio",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=TOLD,
    )
    _errors(app)
    app.include_router(routes_clips.router(clips, storage))
    app.include_router(routes_runs.router(runs, storage, pool, pose_client))
    app.include_router(routes_edit.router(storage, pose_client, settings.limits.sockets))
    app.include_router(routes_animations.router(models, animations, storage))
    app.include_router(routes_live.router(storage, models, animations))
    _general(app, events, storage, settings)
    return SecurityMiddleware(app, settings)


def _general(app: FastAPI, events: Events, storage: Storage, settings: Settings) -> None:
    @app.get("/api/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
    async def happenings() -> StreamingResponse:
        return StreamingResponse(events.stream(), media_type="text/event-stream")

    @app.get("/api/about")
    async def about() -> dict[str, Any]:
        """What this studio offers: methods with their presets, scenes, limits, what is used of the disk.

        Of a method, `editable` says whether it has keypoints to drag, `affine` whether a map between the two subjects
        that results can be made without.
        """
        return {
            "methods": [
                {
                    **{k: getattr(card, k) for k in ("name", "title", "paper", "needs", "gives", "affine")},
                    "presets": {name: card.preset_help.get(name, "") for name in card.presets},
                    "editable": editable(catalogue.find(card.name)),
                }
                for card in api.methods()
            ],
            "scenes": api.puppets(),
            "limits": {k: getattr(settings.limits, k) for k in TOLD_LIMITS},
            "used": await storage.quota.used(),
            "machine": (await asyncio.to_thread(api.doctor, settings.runs))["machine"],
        }

    for folder in FOLDERS:
        _add_pages(app, folder)


def _add_pages(app: FastAPI, folder: str) -> None:
    """What the browser gets of a folder of the page, by its name."""

    @app.get(f"{folder}/", include_in_schema=False)
    @app.get(f"{folder}/{{name}}", include_in_schema=False)
    def page(name: str = "index.html") -> FileResponse:
        there = {path.name: path for path in (PAGE / folder.strip("/")).iterdir() if path.suffix in TYPES}
        if name not in there:
            raise Missing(f"there is no page {name[:60]!r}")
        return FileResponse(there[name], media_type=TYPES[there[name].suffix])


def _errors(app: FastAPI) -> None:
    """Each error is a sentence and a hint."""

    @app.exception_handler(MuybridgeError)
    async def known(request: Request, e: MuybridgeError) -> JSONResponse:
        code = 404 if isinstance(e, Missing) else 409 if isinstance(e, Conflict | UsageError) else 400
        return JSONResponse({"message": e.message, "hint": e.hint}, code)

    @app.exception_handler(RequestValidationError)
    async def strange(request: Request, e: RequestValidationError) -> JSONResponse:
        wrong = "; ".join(f"{'.'.join(map(str, p['loc'][1:])) or 'the request'}: {p['msg']}" for p in e.errors()[:5])
        return JSONResponse({"message": f"this cannot be done as it was asked: {wrong}", "hint": None}, 422)

    # What the framework refuses by itself: a body that is no JSON, an address or a way that there is not.
    @app.exception_handler(400)
    @app.exception_handler(404)
    @app.exception_handler(405)
    async def refused(request: Request, e: HTTPException) -> JSONResponse:
        said = f"this cannot be done as it was asked: {e.detail}"
        return JSONResponse({"message": said, "hint": None}, e.status_code)

    @app.exception_handler(OSError)
    async def disk(request: Request, e: OSError) -> JSONResponse:
        said = {"message": f"the disk refused: {e.strerror}", "hint": "Check the free space and the permissions."}
        return JSONResponse(said, 507)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, e: Exception) -> JSONResponse:
        said = f"something went wrong inside: {type(e).__name__}: {e}"
        return JSONResponse({"message": said, "hint": "Please report it, with what the terminal says."}, 500)


__all__ = ["InputError", "create"]
