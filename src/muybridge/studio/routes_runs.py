"""Routes of runs: queue, look, fetch, make more of them, and keep edits."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from muybridge.disk import replace_file
from muybridge.errors import MuybridgeError, UsageError
from muybridge.studio import schemas
from muybridge.studio.pose_client import PoseClient
from muybridge.studio.routes_clips import IMAGES, Height, Id, Index, picture
from muybridge.studio.runs import Runs, png_path
from muybridge.studio.storage import Missing, Storage
from muybridge.studio.worker_pool import WorkerPool

KINDS = {
    ".mp4": "video/mp4",
    ".gif": "image/gif",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".zip": "application/zip",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
}
REPORT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
"""The report is a page of its own with everything inside; it may do nothing but be looked at."""
LOG = 400
"""Points of a curve that a page gets, at most."""
FILES: dict[int | str, dict[str, Any]] = {200: {"content": {kind.split(";")[0]: {} for kind in KINDS.values()}}}


class Conflict(MuybridgeError):
    """Somebody else was faster."""


def router(runs: Runs, storage: Storage, pool: WorkerPool, pose_client: PoseClient) -> APIRouter:
    """Everything under /api/runs, and /api/costs."""
    routes = APIRouter(prefix="/api", tags=["runs"])
    _training(routes, runs, storage, pool)
    _results(routes, runs, storage)
    _edits(routes, storage, pose_client)
    return routes


def _training(routes: APIRouter, runs: Runs, storage: Storage, pool: WorkerPool) -> None:
    @routes.post("/costs")
    async def cost(body: schemas.Training) -> dict[str, Any]:
        """What a training would take here, measured on ten steps."""
        pair = runs.check(body.model_dump())
        order = {
            **body.model_dump(exclude={"name"}),
            "task": "cost",
            "clips": [str(storage.folder("clips", clip["id"])) for clip in pair],
            "device": runs.settings.device,
        }
        outcome = await pool.do("cost", "hand", order, lambda told: None)
        if outcome.state != "done":
            raise UsageError(outcome.message or "the measurement was stopped", outcome.hint)
        return {**outcome.result, "beside": "training" if pool.lanes["training"].locked() else None}

    @routes.get("/runs")
    async def listed() -> list[dict[str, Any]]:
        return [runs.shown(record) for record in storage.all("runs")]

    @routes.post("/runs", status_code=201)
    async def create(body: schemas.Training) -> dict[str, Any]:
        return runs.shown(await runs.create(body.model_dump()))

    @routes.get("/runs/{number}")
    async def one(number: Id) -> dict[str, Any]:
        return runs.shown(storage.load("runs", number))

    @routes.delete("/runs/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await runs.remove(number)

    @routes.post("/runs/{number}/actions/{what}", status_code=202)
    async def act(number: Id, what: Literal["pause", "resume", "keep"]) -> dict[str, Any]:
        return runs.shown(await runs.act(number, what))

    @routes.get("/runs/{number}/curves")
    def curves(number: Id) -> dict[str, list[list[float]]]:
        """Losses by `stage: name`, each a list of [steps done, value]."""
        found: dict[str, list[list[float]]] = {}
        for line in runs.lines(number):
            for name, value in line.get("losses", {}).items():
                found.setdefault(f"{line['stage']}: {name}", []).append([line["done"], value])
        return {name: _thinned(points) for name, points in found.items()}


def _results(routes: APIRouter, runs: Runs, storage: Storage) -> None:
    @routes.get("/runs/{number}/previews/{done}", responses=IMAGES, response_class=Response)
    def preview(number: Id, done: Index) -> Response:
        run = storage.folder("runs", number) / "out" / "run"
        return picture(run / "previews" / f"{done:06d}.png", None, ".png")

    @routes.get("/runs/{number}/results/{side}/{affine}/{index}", responses=IMAGES, response_class=Response)
    def result(
        number: Id, side: schemas.Side, affine: Literal["with", "without"], index: Index, height: Height = None
    ) -> Response:
        path = png_path(storage.folder("runs", number), side, affine == "with", index)
        return picture(path, height, ".png")

    @routes.get("/runs/{number}/times")
    def times(number: Id) -> dict[str, Any]:
        """When each frame of the two results is shown, and for how long, in ticks: those of its driving clip."""
        folder, found = storage.folder("runs", number), {}
        for side in ("a", "b"):
            path = folder / "made" / f"frames-{side}-with" / "times.json"
            if not path.is_file():
                raise Missing("this run has no results yet", "Wait until it is finished, or stop and keep it.")
            found[side] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @routes.get("/runs/{number}/files")
    def files(number: Id) -> dict[str, int]:
        """What can be fetched, with its size in bytes."""
        return {name: path.stat().st_size for name, path in storage.files(number).items()}

    @routes.get("/runs/{number}/files/{name}", responses=FILES, response_class=Response)
    def file(
        number: Id, name: Annotated[str, InPath(max_length=200)], download: Annotated[bool, Query()] = False
    ) -> FileResponse:
        path = storage.files(number).get(name)
        kind = None if path is None else KINDS.get(path.suffix)
        if path is None or kind is None:
            raise Missing("there is no such file in this run", "It may have been replaced; load the page again.")
        headers = {"content-security-policy": REPORT} if path.suffix == ".html" else {}
        place = "attachment" if download else "inline"
        return FileResponse(path, media_type=kind, filename=name, content_disposition_type=place, headers=headers)

    @routes.post("/runs/{number}/renders", status_code=202)
    async def render(number: Id, body: schemas.Render) -> dict[str, Any]:
        return await runs.render(number, body.model_dump(mode="json"))


def _edits(routes: APIRouter, storage: Storage, pose_client: PoseClient) -> None:
    @routes.get("/runs/{number}/handles")
    async def handles(number: Id) -> dict[str, Any]:
        """Keypoints of both subjects, (x, y) in [-1, 1] of the frame, frame by frame."""
        run = storage.folder("runs", number) / "out" / "run"
        head, _ = await pose_client.ask({"do": "handles", "run": str(run)})
        return {side: head[side] for side in ("a", "b")}

    @routes.get("/runs/{number}/edits")
    async def kept(number: Id) -> dict[str, Any]:
        return _kept(storage, number)

    @routes.put("/runs/{number}/edits")
    async def keep(number: Id, body: schemas.Edits) -> dict[str, int]:
        """Keep keyframes; refused where another page has kept some since these were loaded."""
        if body.revision != _kept(storage, number)["revision"]:
            raise Conflict("these keyframes were changed in another tab", "Load this page again to see them.")
        changed = {**body.model_dump(mode="json"), "revision": body.revision + 1}
        replace_file(storage.folder("runs", number) / "edits.json", json.dumps(changed).encode())
        return {"revision": body.revision + 1}


def _kept(storage: Storage, number: str) -> dict[str, Any]:
    path = storage.folder("runs", number) / "edits.json"
    if not path.is_file():
        return {"revision": 0, "a": {}, "b": {}}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _thinned(points: list[list[float]]) -> list[list[float]]:
    step = max(1, len(points) // LOG)
    return points[::step] if (len(points) - 1) % step == 0 else [*points[::step], points[-1]]
