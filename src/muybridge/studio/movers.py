"""Runs that let a picture move: imported on the page, or trained by the command in the studio's folder."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.errors import MuybridgeError, UsageError
from muybridge.run import Run
from muybridge.studio.events import Events
from muybridge.studio.foreman import Foreman
from muybridge.studio.receiving import receive
from muybridge.studio.settings import Settings
from muybridge.studio.shelf import KINDS, Shelf, plain_name


class Movers:
    """Every change of an imported run goes through here; those of the command are found where they lie.

    A record's `state` is uploading, reading, ready or failed.
    """

    def __init__(self, shelf: Shelf, foreman: Foreman, events: Events, settings: Settings) -> None:
        self.shelf, self.foreman, self.events, self.settings = shelf, foreman, events, settings
        self.tasks: set[asyncio.Task[Any]] = set()

    def begin(self) -> None:
        """Go on with what an earlier studio left half done."""
        for record in self.shelf.all("imports"):
            if record["state"] == "uploading":
                self.shelf.remove("imports", record["id"])  # half a file, or none
            elif record["state"] == "reading":
                self._go(record)

    def all(self) -> list[dict[str, Any]]:
        """Imported ones, the newest first; then those in the folder, by name."""
        imported = [{**record, "made_by": "import"} for record in self.shelf.all("imports")]
        return [*imported, *(found for _, found in self._found())]

    def ready(self, number: str) -> tuple[dict[str, Any], Path]:
        """One that can be used, and its run; Missing or UsageError."""
        for path, found in self._found():
            if found["id"] == number:
                return found, path
        record = self.shelf.load("imports", number)
        if record["state"] != "ready":
            raise UsageError(f"{record['name']} is not ready: it is {record['state']}", "Wait, or choose another run.")
        return record, self.shelf.folder("imports", number) / "run"

    def new(self, name: str, config: str) -> dict[str, Any]:
        """Begin an import: a name, and the text of the YAML of options or nothing. The file comes by `upload`."""
        self.shelf.refuse_full(self.settings.limits.quota_bytes)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = self.shelf.new("imports", {"name": plain_name(name), "state": "uploading", "created": now})
        if config.strip():
            (self.shelf.folder("imports", record["id"]) / "config.yaml").write_text(config, encoding="utf-8")
        return self._save(record)

    async def upload(self, number: str, body: AsyncIterator[bytes]) -> dict[str, Any]:
        """The checkpoint of an import; it is read afterwards. InputError where it is empty or too large."""
        record, folder = self.shelf.load("imports", number), self.shelf.folder("imports", number)
        if record["state"] != "uploading" or (folder / "checkpoint").exists():
            raise UsageError(f"{record['name']} has its checkpoint already", "Import another one beside it.")
        try:
            await receive(folder / "checkpoint", body, record["name"], self.settings.limits.checkpoint_bytes)
        except BaseException:
            self._gone(number)
            raise
        record = self._save({**record, "state": "reading"})
        self._go(record)
        return record

    def remove(self, number: str) -> None:
        """Delete an imported run; UsageError while it is read, Missing for one of the command's."""
        record = self.shelf.load("imports", number)
        if record["state"] == "reading":
            raise UsageError(f"{record['name']} is still being read", "Wait a moment.")
        if any(a["mover"] == number and a["state"] in ("queued", "making") for a in self.shelf.all("animations")):
            raise UsageError(f"{record['name']} is moving a picture", "Wait until it is done, or delete that first.")
        self._gone(number)

    async def close(self) -> None:
        """Forget what is under way; it is taken up again by `begin`."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _found(self) -> list[tuple[Path, dict[str, Any]]]:
        """Run folders that lie in the studio's folder, of methods that move a picture, with weights in them."""
        found = []
        for path in sorted(self.shelf.root.iterdir()):
            if path.name in KINDS or path.name.startswith(".") or path.is_symlink():
                continue
            if (path / "run.json").is_file() and (told := _told(path)) is not None:
                number = hashlib.sha256(path.name.encode()).hexdigest()[:12]
                found.append((path, {"id": number, "name": path.name, **told}))
        return found

    def _go(self, record: Mapping[str, Any]) -> None:
        task = asyncio.create_task(self._read(record))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _read(self, record: Mapping[str, Any]) -> None:
        folder, limits = self.shelf.folder("imports", record["id"]), self.settings.limits
        order = {
            "task": "import",
            "folder": str(folder),
            "name": record["name"],
            "seconds": limits.intake_seconds,
            "memory": limits.import_memory,
            "one_file": limits.checkpoint_bytes,
        }
        outcome = await self.foreman.do(f"import {record['id']}", "hand", order, lambda told: None)
        if outcome.state == "done":
            self._save({**record, **outcome.result, "state": "ready"})
        elif not (outcome.state == "stopped" and self.foreman.closing):
            self._save({**record, "state": "failed", "message": outcome.message, "hint": outcome.hint})

    def _save(self, record: Mapping[str, Any]) -> dict[str, Any]:
        saved = self.shelf.save("imports", record)
        self.events.tell("mover", {**saved, "made_by": "import"})
        return saved

    def _gone(self, number: str) -> None:
        self.shelf.remove("imports", number)
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
