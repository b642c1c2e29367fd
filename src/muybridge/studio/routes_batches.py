"""Batches that the command runs into the studio's folder: looked at here, and run there.

batches/NAME/   what `muybridge batch` wrote
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from muybridge.batches.folder import BatchFolder, iter_states
from muybridge.disk import is_locked
from muybridge.studio.files_to_fetch import FILES, KINDS, send_file
from muybridge.studio.storage import Missing

Name = Annotated[str, InPath(max_length=200)]


def router(root: Path) -> APIRouter:
    """Everything under /api/batches; `root` holds a folder a batch."""
    routes = APIRouter(prefix="/api/batches", tags=["batches"])

    @routes.get("")
    def list_batches() -> list[dict[str, Any]]:
        """Every batch: its name, whether it runs now, and how many of its jobs are in which state."""
        found = []
        for folder in _find_batches(root).values():
            counts = Counter(str(status) for _, status, _ in iter_states(folder))
            found.append({"name": folder.path.name, "running": is_locked(folder.path / ".lock"), "counts": counts})
        return found

    @routes.get("/{name}")
    def show(name: Name) -> dict[str, Any]:
        """A batch's jobs, each with what became of it, why it failed, and what can be looked at."""
        folder = _find(root, name)
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
        return {"name": name, "running": is_locked(folder.path / ".lock"), "jobs": jobs}

    @routes.get("/{name}/jobs/{job}/files/{file}", responses=FILES, response_class=Response)
    def fetch(name: Name, job: Name, file: Name, download: bool = False) -> FileResponse:
        return send_file(_list_files(_find(root, name), job), file, download)

    return routes


def _find_batches(root: Path) -> dict[str, BatchFolder]:
    """Name -> batch; links are not followed."""
    found = {}
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if not path.is_symlink() and (path / "batch.json").is_file():
            found[path.name] = BatchFolder(path)
    return found


def _find(root: Path, name: str) -> BatchFolder:
    # What a browser says is compared with what there is, and never made into a path.
    folder = _find_batches(root).get(name)
    if folder is None:
        raise Missing(f"there is no batch {name[:40]!r} here", "It may have been moved.")
    return folder


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
