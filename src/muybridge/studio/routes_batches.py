"""Routes of batches: those that are begun on the page, and those that the command runs into the studio's folder.

batches/NAME/   what `muybridge batch` wrote
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from muybridge.batches.folder import BatchFolder, iter_states
from muybridge.studio import schemas
from muybridge.studio.batches import Batches
from muybridge.studio.files_to_fetch import FILES, KINDS, send_file
from muybridge.studio.storage import Missing

Name = Annotated[str, InPath(max_length=200)]


def router(batches: Batches) -> APIRouter:
    """Everything under /api/batches."""
    routes = APIRouter(prefix="/api/batches", tags=["batches"])

    @routes.get("")
    def list_batches() -> list[dict[str, Any]]:
        """Every batch: what `Batches.describe` says of it, and how many of its jobs are in which state."""
        found = []
        for name, folder in batches.find_all().items():
            counts = Counter(str(status) for _, status, _ in iter_states(folder))
            found.append({**batches.describe(name), "counts": counts})
        return found

    @routes.post("", status_code=201)
    async def create(body: schemas.NewBatch) -> dict[str, Any]:
        """Have every pair of some clips learned, one after the other."""
        return await batches.create(body.model_dump())

    @routes.get("/{name}")
    def show(name: Name) -> dict[str, Any]:
        """A batch's jobs, each with what became of it, why it failed, and what can be looked at."""
        folder = batches.find(name)
        jobs = []
        for job, status, state in iter_states(folder):
            error = str(state.get("error") or "")[:500]
            told = folder.progress(job) if status == "running" else {}
            jobs.append(
                {
                    "name": job,
                    "status": str(status),
                    "error": error,
                    "share": _share(told),
                    "files": sorted(_list_files(folder, job)),
                }
            )
        return {**batches.describe(name), "jobs": jobs}

    @routes.delete("/{name}", status_code=204)
    async def remove(name: Name) -> None:
        await batches.remove(name)

    @routes.post("/{name}/actions/{what}", status_code=202)
    async def act(name: Name, what: Literal["stop", "resume"]) -> dict[str, Any]:
        return batches.act(name, what)

    @routes.get("/{name}/jobs/{job}/files/{file}", responses=FILES, response_class=Response)
    def fetch(name: Name, job: Name, file: Name, download: bool = False) -> FileResponse:
        return send_file(_list_files(batches.find(name), job), file, download)

    return routes


def _list_files(folder: BatchFolder, job: str) -> dict[str, Path]:
    """What can be looked at of a job, by name."""
    if job not in folder.names():
        raise Missing(f"there is no job {job[:40]!r} in this batch", "It may have been taken away.")

    results = folder.results(job)
    found: dict[str, Path] = {}
    if results.is_dir() and not results.is_symlink():
        for path in results.iterdir():
            if path.suffix in KINDS and path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                found[path.name] = path
    return found


def _share(told: Any) -> float | None:
    """How much of a job is done, from 0 to 1; None where it does not say."""
    done = told.get("done")
    steps = told.get("steps")
    known = isinstance(done, int | float) and isinstance(steps, int | float) and steps > 0
    return min(1.0, max(0.0, done / steps)) if known else None
