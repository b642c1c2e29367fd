"""Runs that let a picture move: trained or imported on the page, or trained by the command in the studio's folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.errors import MuybridgeError, UsageError
from muybridge.method import FindsBestFrame, FolderMethod, FollowsFrames
from muybridge.run import Run
from muybridge.studio.names import clean_name, name_of_file
from muybridge.studio.records import Record, Records
from muybridge.studio.storage import KINDS, Missing, Storage
from muybridge.studio.upload import receive_upload


class AnimationModels(Records):
    """An imported run's `state` is uploading, reading, ready or failed; other runs are found where they lie."""

    kind = "imports"
    event = "model"

    def resume(self, record: Record) -> None:
        if record["state"] == "uploading":
            self.storage.remove("imports", record["id"])  # half a file, or none
        elif record["state"] == "reading" and (counted := self.count_attempt(record)):
            self.start(record["id"], self._import(counted))

    def describe(self, record: Mapping[str, Any]) -> Record:
        return {**record, "made_by": "import"}

    def list_all(self) -> list[Record]:
        """Imported ones, the newest first; then those that were trained here, and those in the folder, by name."""
        models = []
        for record in self.all():
            models.append(self.describe(record))
        for _, found in self._find_runs():
            models.append(found)

        return models

    def find_ready(self, number: str) -> tuple[Record, Path]:
        """One that can be used, and its run; Missing or UsageError."""
        for path, found in self._find_runs():
            if found["id"] == number:
                return found, path

        record = self.load(number)
        if record["state"] != "ready":
            raise UsageError(f"{record['name']} is not ready: it is {record['state']}", "Wait, or choose another run.")
        return record, self.folder(number) / "run"

    async def create(self, name: str, config: str, file: str = "") -> Record:
        """Announce an import, whose file comes by `upload`.

        name    as the person wrote it beside `file`, or the name of a file
        config  the text of the YAML of options, or nothing
        file    the name of the file
        """
        await self.storage.quota.refuse_full()
        records = self.all()
        limits = self.settings.limits
        if len(records) >= limits.imports:
            raise UsageError(f"{limits.imports} imports are here already, the most there may be", "Delete some.")
        # Announcing costs nothing: a page that never sends its files must not take all the room.
        if sum(record["state"] == "uploading" for record in records) >= limits.announced:
            raise UsageError(f"{limits.announced} imports wait for their file already", "Send them, or delete some.")

        written = clean_name(name) if file else ""
        record = self.add({"name": written or name_of_file(file or name), "state": "uploading"})
        if config.strip():
            path = self.folder(record["id"]) / "config.yaml"
            await asyncio.to_thread(path.write_text, config, encoding="utf-8")
        return record

    async def upload(self, number: str, body: AsyncIterator[bytes], length: int | None = None) -> Record:
        """The checkpoint of an import, of `length` bytes where it was said; it is read afterwards.

        InputError where it is empty or too large.
        """
        record = self.load(number)
        path = self.folder(number) / "checkpoint"
        # The file is there as soon as another request begins to send it, long before the state changes.
        if record["state"] != "uploading" or path.exists():
            raise UsageError(f"{record['name']} has its checkpoint already", "Import another one beside it.")

        most = self.settings.limits.checkpoint_bytes
        try:
            await receive_upload(path, body, record["name"], most, self.storage.quota, length)
            record = self.save({**record, "state": "reading"})
        # A cancelled request is no Exception, and half a checkpoint must not stay either.
        except BaseException:
            with contextlib.suppress(Missing):  # it was deleted while it came in
                await self.delete(number)
            raise

        self.start(number, self._import(record))
        return record

    async def remove(self, number: str) -> None:
        """Delete an import, read or not; UsageError while it moves a picture, Missing for a run of the command's."""
        refuse_moving(self.storage, self.load(number))
        await self.delete(number)

    async def _import(self, record: Record) -> None:
        folder = self.folder(record["id"])
        limits = self.settings.limits
        order = {
            "task": "import",
            "folder": str(folder),
            "name": record["name"],
            "seconds": limits.decode_seconds,
            "memory": limits.import_memory,
            "one_file": limits.checkpoint_bytes,
        }
        outcome = await self.run_task(f"import {record['id']}", "hand", order)

        if outcome.state == "done":
            self.save({**record, **outcome.result, "state": "ready"})
            return
        # Where the studio closes, the next one begins this import again, and needs the checkpoint.
        if not self.pool.closing:
            await asyncio.to_thread(self._remove_files, folder)
        self.save_outcome(record, outcome)

    def _remove_files(self, folder: Path) -> None:
        """Take away what could not be used; its record says why."""
        for name in ("checkpoint", "config.yaml"):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "run", ignore_errors=True)
        self.storage.quota.note_change()

    def _find_runs(self) -> list[tuple[Path, Record]]:
        """Runs of the page, and run folders that lie in the studio's folder, of methods that move a picture, with
        weights in them."""
        found = []
        for record in self.storage.all("runs"):
            if (told := describe_trained(self.storage, record)) is not None:
                found.append((self.storage.folder("runs", record["id"]) / "out" / "run", told))
        for path in sorted(self.storage.root.iterdir()):
            if path.name in KINDS or path.name.startswith(".") or path.is_symlink():
                continue
            if (path / "run.json").is_file() and (told := describe_run(path)) is not None:
                number = hashlib.sha256(path.name.encode()).hexdigest()[:12]
                found.append((path, {"id": number, "name": path.name, **told}))
        return found


def refuse_moving(storage: Storage, record: Mapping[str, Any]) -> None:
    """UsageError while a run moves a picture."""
    for animation in storage.all("animations"):
        if animation["model"] == record["id"] and animation["state"] in ("queued", "making"):
            raise UsageError(f"{record['name']} is moving a picture", "Wait until it is done, or delete that first.")


def describe_trained(storage: Storage, record: Mapping[str, Any]) -> Record | None:
    """A run of the page as a model; None where it moves no picture, or not yet."""
    if record["state"] not in ("finished", "kept") or abilities(record["method"]) is None:
        return None

    told = describe_run(storage.folder("runs", record["id"]) / "out" / "run")
    return None if told is None else {**told, "id": record["id"], "name": record["name"], "made_by": "page"}


def abilities(method: str) -> Record | None:
    """What a method does with a picture, for the page; None where it moves none."""
    # A run folder may name a method that this installation does not have.
    if method not in catalogue.names():
        return None

    method_class = catalogue.find(method)
    if not issubclass(method_class, FolderMethod):
        return None

    return {
        "method": method,
        "title": method_class.card.title,
        "modes": list(method_class.modes),
        "searches": issubclass(method_class, FindsBestFrame),
        "live": issubclass(method_class, FollowsFrames),
    }


def describe_run(path: Path) -> Record | None:
    """A run of the command, for the page; None where it moves no picture, or cannot be read."""
    try:
        run = Run.open(path)
        told = abilities(run.record.method)
        if told is None or not run.has_checkpoint:
            return None
        size = run.config.get("size")
    except (MuybridgeError, OSError):
        return None  # a broken folder is no reason not to show the others

    record = run.record
    more = {"state": "ready", "created": record.created, "size": size, "done": record.done}
    return {**told, **more, "made_by": "fit", "status": run.status}
