"""What is made of a run afterwards: other backgrounds and formats, a third driving video, a clip edited by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from muybridge.errors import UsageError
from muybridge.studio.names import file_name
from muybridge.studio.records import CLOSED, Record, Records

BUSY = ("queued", "training", "finishing", "pausing", "stopping")


class Renders:
    """Entries `made` of a run's record: file, label, state (making, done or failed) and what was asked for."""

    def __init__(self, runs: Records) -> None:
        self.runs = runs

    async def create(self, number: str, request: Mapping[str, Any]) -> Record:
        """Have one made of what `schemas.Render` checked, see `tasks.render`; what is there is not made again."""
        record = self.runs.load(number)
        weights = self.runs.folder(number) / "out" / "run" / "weights.safetensors"
        if record["state"] in BUSY or not weights.is_file():
            raise UsageError(f"{record['name']} has no results yet", "Wait until it is finished, or stop and keep it.")

        label = self._label(record, request)
        name = f"{label}-{self._tell_apart(number, request)}"
        file = f"{name}.{request['suffix']}"
        if found := self._find(number, file):
            return found
        await self.runs.storage.quota.refuse_full()
        if found := self._find(number, file):
            return found  # somebody else asked meanwhile

        entry = {"file": file, "label": label, "state": "making", "asked": dict(request)}
        self._save(number, entry)
        self.runs.start(number, self._make(number, entry, name), file)
        return entry

    async def _make(self, number: str, entry: Record, name: str) -> None:
        folder = self.runs.folder(number)
        request = entry["asked"]
        order = {
            **request,
            "task": "render",
            "run": str(folder),
            "out": str(folder / "made"),
            "name": name,
            "device": self.runs.settings.device,
        }
        if request.get("driving"):
            order["driving"] = str(self.runs.storage.folder("clips", request["driving"]))

        outcome = await self.runs.run_task(f"make {number} {entry['file']}", "hand", order)
        if outcome.state == "done":
            self._save(number, {**entry, "state": "done", "notes": outcome.result["notes"]})
        else:
            told = {"message": outcome.message or CLOSED, "hint": outcome.hint}
            self._save(number, {**entry, "state": "failed", **told})

    def _find(self, number: str, file: str) -> Record | None:
        for entry in self.runs.load(number)["made"]:
            if entry["file"] == file and entry["state"] != "failed":
                return dict(entry)
        return None

    def _save(self, number: str, entry: Mapping[str, Any]) -> None:
        record = self.runs.load(number)
        others = []
        for other in record["made"]:
            if other["file"] != entry["file"]:
                others.append(other)

        self.runs.save({**record, "made": [*others, dict(entry)]})

    def _label(self, record: Record, request: Mapping[str, Any]) -> str:
        first, second = (file_name(name) for name in record["names"])
        subject, other = (first, second) if request["side"][0] == "a" else (second, first)
        if request.get("keys") is not None:
            of = f"{subject}-moving-like-{other}" if len(request["side"]) == 2 else subject
            return f"{of}-edited"
        if request.get("driving"):
            other = file_name(self.runs.storage.load("clips", request["driving"])["name"])
        return f"{subject}-moving-like-{other}"

    def _tell_apart(self, number: str, request: Mapping[str, Any]) -> str:
        """A few letters that tell one request, and what it is made of, from another in a file's name."""
        # These change while the request stays the same: by learning on, and by other silhouettes.
        weights = self.runs.folder(number) / "out" / "run" / "weights.safetensors"
        driving = request.get("driving")
        version = self.runs.storage.load("clips", driving)["version"] if driving else 0
        parts = [dict(request), weights.stat().st_mtime_ns, version]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:6]

        background = str(request["background"]).lstrip("#")
        return f"{background}-{digest}" if request["affine"] else f"{background}-no-affine-{digest}"
