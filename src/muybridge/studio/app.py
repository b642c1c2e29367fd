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
from starlette.requests import ClientDisconnect

from muybridge import api, catalogue
from muybridge.api.edit import editable
from muybridge.errors import MuybridgeError, UsageError
from muybridge.masks import has_segmenter
from muybridge.method import Card
from muybridge.studio import routes_animations, routes_batches, routes_clips, routes_edit, routes_live, routes_runs
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.animations import Animations
from muybridge.studio.batches import Batches
from muybridge.studio.clips import Clips
from muybridge.studio.events import Events
from muybridge.studio.messages import shorten, word_hint, word_message
from muybridge.studio.patience import BodyTimeout
from muybridge.studio.pose_client import make_pose_client
from muybridge.studio.records import Records
from muybridge.studio.routes_runs import Conflict
from muybridge.studio.runs import Runs
from muybridge.studio.samples import Kind, Samples
from muybridge.studio.security import App, SecurityMiddleware
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Missing, Storage
from muybridge.studio.worker_pool import WorkerPool

PAGE = Path(__file__).parent / "page"
FOLDERS = ("", "/views", "/parts", "/net")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webm": "video/webm",
}
SENTENCE = {
    "type": "object",
    "properties": {"message": {"type": "string"}, "hint": {"type": ["string", "null"]}},
    "required": ["message"],
}
REFUSALS = {
    400: "It cannot be used as it is",
    404: "There is no such thing here",
    409: "Not now, or not any more",
    422: "It does not look as it should",
}


def create(settings: Settings, events: Events) -> App:
    """Everything wired together; the folder is made where it is missing."""
    storage = Storage(settings.runs, settings.limits.quota_bytes)
    pool = WorkerPool()
    pose_client = make_pose_client(settings.device)
    clips = Clips(storage, pool, events, settings)
    runs = Runs(storage, pool, events, settings)
    samples = Samples(clips, runs, settings.background)
    models = AnimationModels(storage, pool, events, settings)
    animations = Animations(storage, pool, events, settings, models)
    batches = Batches(runs)
    kept: tuple[Records | Batches, ...] = (clips, runs, models, animations, batches)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # A worker takes seconds to import its libraries: the first task shall find one ready.
        pool.warm()
        for records in kept:
            records.begin()
        yield

        events.close()
        await pool.close()
        for records in kept:
            await records.close()
        await pose_client.close()
        # Last, because what ends above still writes to its records.
        await asyncio.to_thread(storage.writer.close)

    app = FastAPI(
        title="Muybridge studio",
        lifespan=lifespan,
        # FastAPI's own pages about an API load scripts from another server.
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=_describe_refusals(),
    )
    _add_error_handlers(app)
    app.include_router(routes_clips.router(clips))
    app.include_router(routes_runs.router(runs, pose_client))
    app.include_router(routes_batches.router(batches))
    app.include_router(routes_edit.router(storage, pose_client, settings.limits.sockets))
    app.include_router(routes_animations.router(models, animations))
    app.include_router(routes_live.router(models, animations))
    _add_general_routes(app, events, samples)
    for folder in FOLDERS:
        _add_pages(app, folder)
    # Outermost, so that nothing is read of a request that is refused.
    return SecurityMiddleware(BodyTimeout(app), settings)


def _add_general_routes(app: FastAPI, events: Events, samples: Samples) -> None:
    runs = samples.runs
    storage = runs.storage
    settings = runs.settings

    @app.post("/api/samples", status_code=201)
    async def create_sample(kind: Kind = "pair") -> dict[str, Any]:
        """A run of two puppets that everybody can try, made where it is not there yet.

        `pair` exchanges their motion, `model` moves a picture of one as the other moves.
        """
        return runs.describe(await samples.create(kind))

    @app.get("/api/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
    async def stream_events() -> StreamingResponse:
        return StreamingResponse(events.stream(), media_type="text/event-stream")

    @app.get("/api/about")
    async def about() -> dict[str, Any]:
        """What this studio offers: methods with their presets, scenes, limits, what is used of the disk.

        Of a method, `presets` and `choices` are those of `Choices.describe`; `editable` says whether it has keypoints
        to drag, `affine` whether a map between the two subjects that results can be made without. `segments` says
        whether a segmentation network's file is here.
        """
        limits = settings.limits
        return {
            "methods": [{**_describe_method(card), **runs.choices.describe(card)} for card in api.methods()],
            "scenes": api.puppets(),
            "limits": {
                "upload_bytes": limits.upload_bytes,
                "checkpoint_bytes": limits.checkpoint_bytes,
                "frames": limits.frames,
                "side": limits.side,
                "quota_bytes": limits.quota_bytes,
            },
            "segments": has_segmenter(),
            "folder": str(settings.runs),
            "background": settings.background,
            "sample_is_due": samples.is_due(),
            "used": await storage.quota.measure_used(),
            "machine": (await asyncio.to_thread(api.doctor, settings.runs))["machine"],
        }


def _describe_method(card: Card) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": card.title,
        "paper": card.paper,
        "needs": card.needs,
        "gives": card.gives,
        "affine": card.affine,
        "editable": editable(catalogue.find(card.name)),
    }


def _add_pages(app: FastAPI, folder: str) -> None:
    """What the browser gets of a folder of the page, by its name."""

    @app.api_route(f"{folder}/", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route(f"{folder}/{{name}}", methods=["GET", "HEAD"], include_in_schema=False)
    def page(name: str = "index.html") -> FileResponse:
        there = {}
        for path in (PAGE / folder.strip("/")).iterdir():
            if path.suffix in TYPES:
                there[path.name] = path

        if name not in there:
            raise Missing(f"there is no page {name[:60]!r}")
        return FileResponse(there[name], media_type=TYPES[there[name].suffix])


def _add_error_handlers(app: FastAPI) -> None:
    """Each error is a sentence and a hint."""

    @app.exception_handler(MuybridgeError)
    async def handle_known(request: Request, e: MuybridgeError) -> JSONResponse:
        code = 404 if isinstance(e, Missing) else 409 if isinstance(e, Conflict | UsageError) else 400
        return _answer(code, word_message(e.message), word_hint(e.hint))

    @app.exception_handler(RequestValidationError)
    async def handle_invalid(request: Request, e: RequestValidationError) -> JSONResponse:
        problems = []
        # A long list can be wrong in each of its parts; five say enough.
        for problem in e.errors()[:5]:
            place = ".".join(map(str, problem["loc"][1:])) or "the request"
            problems.append(f"{place}: {problem['msg']}")
        return _answer(422, shorten(f"this cannot be done as it was asked: {'; '.join(problems)}"))

    # What the framework refuses by itself: a body that is no JSON, an address or a way that there is not.
    @app.exception_handler(400)
    @app.exception_handler(404)
    @app.exception_handler(405)
    async def handle_refused(request: Request, e: HTTPException) -> JSONResponse:
        return _answer(e.status_code, f"this cannot be done as it was asked: {e.detail}")

    @app.exception_handler(ClientDisconnect)
    async def handle_gone(request: Request, e: ClientDisconnect) -> JSONResponse:
        return _answer(400, "this was cut off on its way here", "Send it again.")

    @app.exception_handler(OSError)
    async def handle_disk(request: Request, e: OSError) -> JSONResponse:
        return _answer(507, f"the disk refused: {e.strerror}", "Check the free space and the permissions.")

    @app.exception_handler(Exception)
    async def handle_unforeseen(request: Request, e: Exception) -> JSONResponse:
        said = f"something went wrong inside: {type(e).__name__}: {e}"
        return _answer(500, shorten(said), "Please report it, with what the terminal says.")


def _answer(code: int, message: str, hint: str | None = None) -> JSONResponse:
    return JSONResponse({"message": message, "hint": hint}, code)


def _describe_refusals() -> dict[int | str, dict[str, Any]]:
    """What the description of this API says about errors."""
    content = {"application/json": {"schema": SENTENCE}}
    answers: dict[int | str, dict[str, Any]] = {}
    for code, what in REFUSALS.items():
        answers[code] = {"description": what, "content": content}

    return answers
