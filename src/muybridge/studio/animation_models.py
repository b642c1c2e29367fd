"""Runs that let a picture move: imported on the page, or trained by the command in the studio's folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.errors import MuybridgeError, UsageError
from muybridge.run import Run
from muybridge.studio.events import Events
from muybridge.studio.settings import Settings
from muybridge.studio.storage import KINDS, Missing, Storage, plain_name
from muybridge.studio.upload import receive_upload
from muybridge.studio.worker_pool import WorkerPool


class AnimationModels:
    """Every change of an imported run goes through here; those of the command are found where they lie.

    A record's `state` is uploading, reading, ready or failed.
    """

    def __init__(self, storage: Storage, pool: WorkerPool, events: Events, settings: Settings) -> None:
        self.storage, self.pool, self.events, self.settings = storage, pool, events, settings
        self.tasks: dict[str, asyncio.Task[Any]] = {}

    def begin(self) -> None:
        """Go on with what an earlier studio left half done."""
        for record in self.storage.all("imports"):
            if record["state"] == "uploading":
                self.storage.remove("imports", record["id"])  # half a file, or none
            elif record["state"] == "reading":
                self._go(record)

    def all(self) -> list[dict[str, Any]]:
        """Imported ones, the newest first; then those in the folder, by name."""
        imported = [{**record, "made_by": "import"} for record in self.storage.all("imports")]
        return [*imported, *(found for _, found in self._found())]

    def ready(self, number: str) -> tuple[dict[str, Any], Path]:
        """One that can be used, and its run; Missing or UsageError."""
        for path, found in self._found():
            if found["id"] == number:
                return found, path
        record = self.storage.load("imports", number)
        if record["state"] != "ready":
            raise UsageError(f"{record['name']} is not ready: it is {record['state']}", "Wait, or choose another run.")
        return record, self.storage.folder("imports", number) / "run"

    async def new(self, name: str, config: str) -> dict[str, Any]:
        """Begin an import: a name, and the text of the YAML of options or nothing. The file comes by `upload`."""
        await self.storage.quota.refuse_full()
        there, most = self.storage.all("imports"), self.settings.limits
        if len(there) >= most.imports:
            raise UsageError(f"{most.imports} imports are kept already, the most there may be", "Delete some.")
        if sum(record["state"] == "uploading" for record in there) >= most.announced:
            raise UsageError(f"{most.announced} imports wait for their file already", "Send them, or delete some.")
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = self.storage.new("imports", {"name": plain_name(name), "state": "uploading", "created": now})
        if config.strip():
            (self.storage.folder("imports", record["id"]) / "config.yaml").write_text(config, encoding="utf-8")
        return self._save(record)

    async def upload(self, number: str, body: AsyncIterator[bytes], length: int | None = None) -> dict[str, Any]:
        """The checkpoint of an import, of `length` bytes where it was said; it is read afterwards.

        InputError where it is empty or too large.
        """
        record, folder = self.storage.load("imports", number), self.storage.folder("imports", number)
        if record["state"] != "uploading" or (folder / "checkpoint").exists():
            raise UsageError(f"{record['name']} has its checkpoint already", "Import another one beside it.")
        most, quota = self.settings.limits.checkpoint_bytes, self.storage.quota
        try:
            await receive_upload(folder / "checkpoint", body, record["name"], most, quota, length)
            record = self._save({**record, "state": "reading"})
        except BaseException:
            with contextlib.suppress(Missing):  # it was deleted while it came in
                await self._gone(number)
            raise
        self._go(record)
        return record

    async def remove(self, number: str) -> None:
        """Delete an import, read or not; UsageError while it moves a picture, Missing for a run of the command's."""
        record = self.storage.load("imports", number)
        if any(a["model"] == number and a["state"] in ("queued", "making") for a in self.storage.all("animations")):
            raise UsageError(f"{record['name']} is moving a picture", "Wait until it is done, or delete that first.")
        working = self.tasks.pop(number, None)
        if working is not None:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        await self._gone(number)

    async def close(self) -> None:
        """Forget what is under way; it is taken up again by `begin`."""
        going = [*self.tasks.values()]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    def _found(self) -> list[tuple[Path, dict[str, Any]]]:
        """Run folders that lie in the studio's folder, of methods that move a picture, with weights in them."""
        found = []
        for path in sorted(self.storage.root.iterdir()):
            if path.name in KINDS or path.name.startswith(".") or path.is_symlink():
                continue
            if (path / "run.json").is_file() and (told := _told(path)) is not None:
                number = hashlib.sha256(path.name.encode()).hexdigest()[:12]
                found.append((path, {"id": number, "name": path.name, **told}))
        return found

    def _go(self, record: Mapping[str, Any]) -> None:
        number = record["id"]
        self.tasks[number] = asyncio.create_task(self._read(record))
        self.tasks[number].add_done_callback(lambda _: self.tasks.pop(number, None))

    async def _read(self, record: Mapping[str, Any]) -> None:
        folder, limits = self.storage.folder("imports", record["id"]), self.settings.limits
        order = {
            "task": "import",
            "folder": str(folder),
            "name": record["name"],
            "seconds": limits.decode_seconds,
            "memory": limits.import_memory,
            "one_file": limits.checkpoint_bytes,
        }
        outcome = await self.pool.do(f"import {record['id']}", "hand", order, lambda told: None)
        if outcome.state == "done":
            self._save({**record, **outcome.result, "state": "ready"})
        elif not (outcome.state == "stopped" and self.pool.closing):
            await asyncio.to_thread(self._empty, folder)
            self._save({**record, "state": "failed", "message": outcome.message, "hint": outcome.hint})

    def _empty(self, folder: Path) -> None:
        """Take away what could not be used; its record says why."""
        for name in ("checkpoint", "config.yaml"):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "run", ignore_errors=True)
        self.storage.quota.changed()

    def _save(self, record: Mapping[str, Any]) -> dict[str, Any]:
        saved = self.storage.save("imports", record)
        self.events.tell("model", {**saved, "made_by": "import"})
        return saved

    async def _gone(self, number: str) -> None:
        await asyncio.to_thread(self.storage.remove, "imports", number)
        self.events.tell("gone", {"kind": "imports", "id": number})


def abilities(method: str) -> dict[str, Any] | None:
    """What a method does with a picture, for the page; None where it moves none."""
    if method not in catalogue.names():
        return None
    kind = catalogue.find(method)
    if kind.card.needs != "folder":
        return None
    return {
        "method": method,
        "title": kind.card.title,
        "modes": list(getattr(kind, "modes", ())),
        "searches": hasattr(kind, "nearest_frame"),
        "live": hasattr(kind, "stream"),
    }


def _told(path: Path) -> dict[str, Any] | None:
    try:
        run = Run.open(path)
        record, able = run.record, abilities(run.record.method)
        if able is None or not run.has_checkpoint:
            return None
        size = run.config.get("size")
    except (MuybridgeError, OSError):
        return None  # a broken folder is no reason not to show the others
    more = {"state": "ready", "created": record.created, "size": size, "done": record.done}
    return {**able, **more, "made_by": "fit", "status": run.status}
