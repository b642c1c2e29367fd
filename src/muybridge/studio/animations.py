"""Pictures that follow a driving video: asked for, made one after the other, packed into files, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muybridge.errors import MuybridgeError, UsageError
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.events import Events
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Storage
from muybridge.studio.worker_pool import Outcome, WorkerPool

WORKING = ("queued", "making")
CLOSED = "the studio was closed before this was made"


class Animations:
    """Every change of an animation goes through here; its `state` is queued, making, done or failed.

    `files` has one entry for each file that was asked for: suffix, and state making, done or failed.
    """

    def __init__(
        self, storage: Storage, pool: WorkerPool, events: Events, settings: Settings, models: AnimationModels
    ) -> None:
        self.storage, self.pool, self.events, self.settings = storage, pool, events, settings
        self.models = models
        self.tasks: dict[str, asyncio.Task[Any]] = {}

    def begin(self) -> None:
        """Go on with what was asked for when the studio was switched off."""
        for record in reversed(self.storage.all("animations")):
            files = [file for file in record["files"] if file["state"] == "done"]
            if record["state"] in WORKING:
                self._go(record["id"], self._make(self._save({**record, "files": files, "state": "queued"})))
            elif files != record["files"]:
                self._save({**record, "files": files})

    async def create(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Queue one; UsageError or InputError where it cannot be."""
        await self.storage.quota.refuse_full()
        if sum(r["state"] in WORKING for r in self.storage.all("animations")) >= self.settings.limits.queue:
            raise UsageError(f"{self.settings.limits.queue} animations wait already", "Let some of them finish.")
        model, _ = self.models.ready(asked["model"])
        if asked["mode"] is not None and asked["mode"] not in model["modes"]:
            there = ", ".join(model["modes"]) or "one way only"
            raise UsageError(f"{model['name']} does not move {asked['mode']}", f"It has: {there}.")
        picture, driving = (self.usable(asked[name]) for name in ("picture", "driving"))
        begun = {
            **asked,
            "name": f"{picture['name']} moving like {driving['name']}",
            "file": f"{picture['name']}-moving-like-{driving['name']}",
            "model_name": model["name"],
            "method": model["method"],
            "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "state": "queued",
            "notes": [],
            "files": [],
        }
        record = self.storage.new("animations", begun)
        self.events.tell("animation", record)
        self._go(record["id"], self._make(record))
        return record

    def usable(self, number: str) -> dict[str, Any]:
        """A clip whose frames are there, with silhouettes or without; UsageError otherwise."""
        clip = self.storage.load("clips", number)
        if clip["state"] in ("uploading", "reading") or "frames" not in clip:
            raise UsageError(f"{clip['name']} is not ready: it is {clip['state']}", "Wait, or choose another one.")
        return clip

    async def pack(self, number: str, suffix: str) -> dict[str, Any]:
        """Have a file made of it; what is there, or on its way, is not made again."""
        record = self.storage.load("animations", number)
        if record["state"] != "done":
            raise UsageError(f"{record['name']} is not made yet", "Wait until it is.")
        if _has(record, suffix):
            return record
        await self.storage.quota.refuse_full()
        record = self.storage.load("animations", number)
        if not _has(record, suffix):  # nobody else asked meanwhile
            record = self._file(number, {"suffix": suffix, "state": "making"})
            self._go(f"{number} {suffix}", self._pack(record, suffix))
        return record

    async def remove(self, number: str) -> None:
        """Delete one; what is under way for it is stopped."""
        self.storage.folder("animations", number)
        going = [self.tasks.pop(key) for key in list(self.tasks) if key.split()[0] == number]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        await asyncio.to_thread(self.storage.remove, "animations", number)
        self.events.tell("gone", {"kind": "animations", "id": number})

    async def close(self) -> None:
        """Forget what is under way; `begin` takes it up again."""
        going = [*self.tasks.values()]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    def _order(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "folder": str(self.storage.folder("animations", record["id"])),
            "picture": str(self.storage.folder("clips", record["picture"])),
            "driving": str(self.storage.folder("clips", record["driving"])),
            "name": record["file"],
        }

    async def _make(self, record: dict[str, Any]) -> None:
        try:
            _, run = self.models.ready(record["model"])
        except MuybridgeError as e:
            self._save({**record, "state": "failed", "message": e.message, "hint": e.hint})
            return
        more = {"run": str(run), "mode": record["mode"], "best_frame": record["best_frame"]}
        order = {**self._order(record), **more, "task": "move", "device": self.settings.device}

        def hear(told: dict[str, Any]) -> None:
            if told.get("event") == "ready":
                self._save({**record, "state": "making"})

        outcome = await self.pool.do(f"move {record['id']}", "moving", order, hear)
        if outcome.state == "done":
            files = [{"suffix": Path(outcome.result["file"]).suffix[1:], "state": "done"}]
            told = {"notes": outcome.result["notes"], "message": None, "hint": None}
            self._save({**record, **told, "files": files, "state": "done"})
        elif not (outcome.state == "stopped" and self.pool.closing):
            self._save({**record, "state": "failed", **_why(outcome)})

    async def _pack(self, record: Mapping[str, Any], suffix: str) -> None:
        order = {**self._order(record), "task": "pack", "suffix": suffix}
        outcome = await self.pool.do(f"pack {record['id']} {suffix}", "hand", order, lambda told: None)
        why = {} if outcome.state == "done" else _why(outcome)
        self._file(record["id"], {"suffix": suffix, "state": "failed" if why else "done", **why})

    def _file(self, number: str, file: Mapping[str, Any]) -> dict[str, Any]:
        record = self.storage.load("animations", number)
        others = [f for f in record["files"] if f["suffix"] != file["suffix"]]
        return self._save({**record, "files": [*others, dict(file)]})

    def _save(self, record: Mapping[str, Any]) -> dict[str, Any]:
        saved = self.storage.save("animations", record)
        self.events.tell("animation", saved)
        return saved

    def _go(self, key: str, work: Any) -> None:
        task = self.tasks[key] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self.tasks.pop(key, None))


def _has(record: Mapping[str, Any], suffix: str) -> bool:
    return any(file["suffix"] == suffix and file["state"] != "failed" for file in record["files"])


def _why(outcome: Outcome) -> dict[str, Any]:
    return {"message": outcome.message or CLOSED, "hint": outcome.hint}
