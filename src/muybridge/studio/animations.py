"""Pictures that follow a driving video: asked for, made one after the other, packed into files, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muybridge.errors import MuybridgeError, UsageError
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.events import Events
from muybridge.studio.messages import describe_failure
from muybridge.studio.names import file_name
from muybridge.studio.records import CLOSED, Record, Records
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Storage
from muybridge.studio.worker_pool import Outcome, WorkerPool

WORKING = ("queued", "making")


class Animations(Records):
    """An animation's `state` is queued, making, done or failed.

    `files` has one entry for each file that was asked for: suffix, and state making, done or failed.
    """

    kind = "animations"
    event = "animation"

    def __init__(
        self, storage: Storage, pool: WorkerPool, events: Events, settings: Settings, models: AnimationModels
    ) -> None:
        super().__init__(storage, pool, events, settings)
        self.models = models

    def resume(self, record: Record) -> None:
        files = []
        for file in record["files"]:
            if file["state"] == "done":
                files.append(file)

        if record["state"] in WORKING:
            record = self.save({**record, "files": files, "state": "queued"})
            self.start(record["id"], self._make(record))
        elif files != record["files"]:
            self.save({**record, "files": files})

    async def create(self, request: Mapping[str, Any]) -> Record:
        """Queue one; UsageError or InputError where it cannot be."""
        await self.storage.quota.refuse_full()
        most = self.settings.limits.queue
        if sum(record["state"] in WORKING for record in self.all()) >= most:
            raise UsageError(f"{most} animations wait already", "Let some of them finish.")

        model, _ = self.models.find_ready(request["model"])
        mode = request["mode"]
        if mode is not None and mode not in model["modes"]:
            modes = ", ".join(model["modes"]) or "one way only"
            raise UsageError(f"{model['name']} does not move {mode}", f"It has: {modes}.")
        picture = self.load_clip(request["picture"])
        driving = self.load_clip(request["driving"])

        record = self.add(
            {
                **request,
                "name": f"{picture['name']} moving like {driving['name']}",
                "file": f"{file_name(picture['name'])}-moving-like-{file_name(driving['name'])}",
                "model_name": model["name"],
                "method": model["method"],
                "state": "queued",
                "notes": [],
                "files": [],
            }
        )
        self.start(record["id"], self._make(record))
        return record

    def load_clip(self, number: str) -> Record:
        """A clip whose frames are there, with silhouettes or without; UsageError otherwise."""
        clip = self.storage.load("clips", number)
        if clip["state"] in ("uploading", "reading") or "frames" not in clip:
            raise UsageError(f"{clip['name']} is not ready: it is {clip['state']}", "Wait, or choose another one.")
        return clip

    async def pack(self, number: str, suffix: str) -> Record:
        """Have a file made of it; what is there, or on its way, is not made again."""
        record = self.load(number)
        if record["state"] != "done":
            raise UsageError(f"{record['name']} is not made yet", "Wait until it is.")
        if _has_file(record, suffix):
            return record

        await self.storage.quota.refuse_full()
        record = self.load(number)
        if not _has_file(record, suffix):  # nobody else asked meanwhile
            record = self._save_file(number, {"suffix": suffix, "state": "making"})
            self.start(number, self._pack(record, suffix), suffix)
        return record

    async def remove(self, number: str) -> None:
        """Delete one; what is under way for it is stopped."""
        self.folder(number)
        await self.delete(number)

    def _order(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "folder": str(self.folder(record["id"])),
            "picture": str(self.storage.folder("clips", record["picture"])),
            "driving": str(self.storage.folder("clips", record["driving"])),
            "name": record["file"],
        }

    async def _make(self, record: Record) -> None:
        try:
            # A run of the command's own may be gone by now: anybody can delete its folder.
            _, run = self.models.find_ready(record["model"])
        except MuybridgeError as e:
            self.save({**record, "state": "failed", **describe_failure(e)})
            return

        order = {
            **self._order(record),
            "task": "move",
            "run": str(run),
            "mode": record.get("mode"),
            "best_frame": record.get("best_frame", False),
            "device": self.settings.device,
        }

        def note_ready(event: dict[str, Any]) -> None:
            if event.get("event") == "ready":
                self.save({**record, "state": "making"})

        outcome = await self.run_task(f"move {record['id']}", "animating", order, note_ready)
        if outcome.state == "done":
            files = [{"suffix": Path(outcome.result["file"]).suffix[1:], "state": "done"}]
            told = {"notes": outcome.result["notes"], "message": None, "hint": None}
            self.save({**record, **told, "files": files, "state": "done"})
        # What a closing studio stops keeps its state, and the next one makes it.
        elif not (outcome.state == "stopped" and self.pool.closing):
            self.save_outcome(record, outcome)

    async def _pack(self, record: Mapping[str, Any], suffix: str) -> None:
        order = {**self._order(record), "task": "pack", "suffix": suffix}
        outcome = await self.run_task(f"pack {record['id']} {suffix}", "hand", order)
        self._save_file(record["id"], {"suffix": suffix, **_describe_file(outcome)})

    def _save_file(self, number: str, file: Mapping[str, Any]) -> Record:
        record = self.load(number)
        others = []
        for other in record["files"]:
            if other["suffix"] != file["suffix"]:
                others.append(other)

        return self.save({**record, "files": [*others, dict(file)]})


def _has_file(record: Mapping[str, Any], suffix: str) -> bool:
    return any(file["suffix"] == suffix and file["state"] != "failed" for file in record["files"])


def _describe_file(outcome: Outcome) -> dict[str, Any]:
    if outcome.state == "done":
        return {"state": "done"}
    return {"state": "failed", "message": outcome.message or CLOSED, "hint": outcome.hint}
