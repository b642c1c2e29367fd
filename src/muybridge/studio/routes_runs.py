"""Routes of runs: queue, look, fetch, make more of them, and keep edits."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from muybridge.disk import replace_file
from muybridge.errors import MuybridgeError, UsageError
from muybridge.studio import schemas
from muybridge.studio.files_to_fetch import FILES, IMAGES, list_sizes, send_file, send_picture
from muybridge.studio.pose_client import PoseClient
from muybridge.studio.routes_clips import Height, Id, Index
from muybridge.studio.runs import BEHIND, Runs
from muybridge.studio.storage import Storage

STEPS = 10
"""Of each stage, to measure what a training costs."""
FEW_STEPS = 3
"""The same where nobody has asked for it."""
CURVE_POINTS = 400
"""Of a curve that a page gets, at most."""


class Conflict(MuybridgeError):
    """Somebody else was faster."""


def router(runs: Runs, pose_client: PoseClient) -> APIRouter:
    """Everything under /api/runs, and /api/costs."""
    routes = APIRouter(prefix="/api", tags=["runs"])
    _add_costs(routes, runs)
    _add_training(routes, runs)
    _add_pictures(routes, runs)
    _add_files(routes, runs)
    _add_edits(routes, runs.storage, pose_client)
    return routes


def _add_costs(routes: APIRouter, runs: Runs) -> None:
    @routes.post("/costs")
    async def measure_cost(body: schemas.Cost) -> dict[str, Any]:
        """What a training would take here, measured on a few steps; nothing where it was not needed any more."""
        request = body.model_dump(exclude={"name", "ahead"})
        pair = runs.check_request(request)
        order = {
            **request,
            "task": "cost",
            "clips": [str(runs.storage.folder("clips", clip["id"])) for clip in pair],
            "device": runs.settings.device,
            "steps": FEW_STEPS if body.ahead else STEPS,
            "nice": BEHIND if body.ahead else 0,
        }
        # Beside a training it would come out too slow, and would be kept.
        if body.ahead and (runs.choices.is_known(request) or runs.pool.is_full("training")):
            return {}

        outcome = await runs.run_task(
            "cost ahead" if body.ahead else "cost", "measuring" if body.ahead else "hand", order
        )
        if outcome.state != "done":
            raise UsageError(outcome.message or "the measurement was stopped", outcome.hint)
        beside = runs.pool.is_full("training")
        if not beside:
            await asyncio.to_thread(runs.choices.note, request, outcome.result)
        # What is measured beside a training comes out too slow, and the person should know.
        return {**outcome.result, "beside": "training" if beside else None}


def _add_training(routes: APIRouter, runs: Runs) -> None:
    @routes.get("/runs")
    async def list_runs() -> list[dict[str, Any]]:
        items = []
        for record in runs.all():
            items.append(runs.describe(record))

        return items

    @routes.post("/runs", status_code=201)
    async def create(body: schemas.Training) -> dict[str, Any]:
        return runs.describe(await runs.create(body.model_dump()))

    @routes.get("/runs/{number}")
    async def show(number: Id) -> dict[str, Any]:
        return runs.describe(runs.load(number))

    @routes.patch("/runs/{number}")
    async def rename(number: Id, body: schemas.Rename) -> dict[str, Any]:
        return runs.describe(runs.rename(number, body.name))

    @routes.delete("/runs/{number}", status_code=204)
    async def remove(number: Id) -> None:
        await runs.remove(number)

    @routes.post("/runs/{number}/actions/{what}", status_code=202)
    async def act(number: Id, what: Literal["pause", "resume", "keep"]) -> dict[str, Any]:
        return runs.describe(await runs.act(number, what))

    @routes.get("/runs/{number}/curves")
    def curves(number: Id) -> dict[str, list[list[float]]]:
        """Losses by `stage: name`, each a list of [steps done, value]."""
        found: dict[str, list[list[float]]] = {}
        for line in runs.read_log(number):
            for name, value in line.get("losses", {}).items():
                found.setdefault(f"{line['stage']}: {name}", []).append([line["done"], value])
        # A curve on a screen cannot show every line of a long log.
        return {name: thin_out(points) for name, points in found.items()}


def _add_pictures(routes: APIRouter, runs: Runs) -> None:
    storage = runs.storage

    @routes.get("/runs/{number}/previews/{done}", responses=IMAGES, response_class=Response)
    def preview(number: Id, done: Index) -> Response:
        path = storage.file("runs", number, "out", "run", "previews", f"{done:06d}.png")
        return send_picture(path, None, ".png")

    @routes.get("/runs/{number}/results/{side}/{affine}/{index}", responses=IMAGES, response_class=Response)
    def result(
        number: Id, side: schemas.Side, affine: Literal["with", "without"], index: Index, height: Height = None
    ) -> Response:
        path = storage.file("runs", number, "made", f"frames-{side}-{affine}", f"{index:05d}.png")
        return send_picture(path, height, ".png")

    @routes.get("/runs/{number}/times")
    def times(number: Id) -> dict[str, Any]:
        """When each frame of the two results is shown, and for how long, in ticks: those of its driving clip."""
        found = {}
        for side in ("a", "b"):
            found[side] = storage.read_json("runs", number, "made", f"frames-{side}-with", "times.json")
        return found


def _add_files(routes: APIRouter, runs: Runs) -> None:
    storage = runs.storage

    @routes.get("/runs/{number}/files")
    def list_files(number: Id) -> dict[str, int]:
        """What can be fetched, with its size in bytes."""
        return list_sizes(storage.files(number))

    @routes.get("/runs/{number}/files/{name}", responses=FILES, response_class=Response)
    def file(
        number: Id, name: Annotated[str, InPath(max_length=200)], download: Annotated[bool, Query()] = False
    ) -> FileResponse:
        return send_file(storage.files(number), name, download)

    @routes.post("/runs/{number}/renders", status_code=202)
    async def render(number: Id, body: schemas.Render) -> dict[str, Any]:
        return await runs.renders.create(number, body.model_dump(mode="json"))


def _add_edits(routes: APIRouter, storage: Storage, pose_client: PoseClient) -> None:
    @routes.get("/runs/{number}/handles")
    async def handles(number: Id) -> dict[str, Any]:
        """Keypoints of both subjects and, where they can be moved, of both results: (x, y) in [-1, 1] of the frame."""
        run = storage.folder("runs", number) / "out" / "run"
        head, _ = await pose_client.ask({"do": "handles", "run": str(run)})
        return {side: head[side] for side in ("a", "b", "ab", "ba") if side in head}

    @routes.get("/runs/{number}/edits")
    def show_edits(number: Id) -> dict[str, Any]:
        return read_edits(storage, number)

    @routes.put("/runs/{number}/edits")
    def keep_edits(number: Id, body: schemas.Edits) -> dict[str, int]:
        """Keep keyframes; refused where another page has kept some since these were loaded."""
        # Two pages are told apart under one lock: this runs in a thread.
        with storage.editing:
            if body.revision != read_edits(storage, number)["revision"]:
                raise Conflict("these keyframes were changed in another tab", "Load this page again to see them.")
            changed = {**body.model_dump(mode="json"), "revision": body.revision + 1}
            replace_file(storage.folder("runs", number) / "edits.json", json.dumps(changed).encode())
        return {"revision": body.revision + 1}


def read_edits(storage: Storage, number: str) -> dict[str, Any]:
    """The keyframes that are kept of a run, and their revision."""
    path = storage.folder("runs", number) / "edits.json"
    if not path.is_file():
        return {"revision": 0, "motion": {}, "a": {}, "b": {}, "ab": {}, "ba": {}}
    found: dict[str, Any] = storage.read_json("runs", number, "edits.json")
    return {"motion": {}, "ab": {}, "ba": {}, **found}


def thin_out(points: list[list[float]]) -> list[list[float]]:
    """At most CURVE_POINTS of them, the last one included."""
    step = max(1, len(points) // CURVE_POINTS)
    thinned = points[::step]
    return thinned if thinned[-1:] == points[-1:] else [*thinned, points[-1]]
