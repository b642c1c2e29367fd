"""Clips of the studio: taken in, looked at, silhouettes found and corrected."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muybridge.errors import InputError, UsageError
from muybridge.puppets import SCENES
from muybridge.studio.events import Events
from muybridge.studio.foreman import Foreman, Outcome
from muybridge.studio.receiving import receive
from muybridge.studio.settings import Settings
from muybridge.studio.shelf import Shelf, plain_name

BUSY = ("uploading", "reading", "finding")
GIVEN_UP = "the studio was closed before this was done"


class Clips:
    """Every change of a clip goes through here, so that two pages see the same."""

    def __init__(self, shelf: Shelf, foreman: Foreman, events: Events, settings: Settings) -> None:
        self.shelf, self.foreman, self.events, self.settings = shelf, foreman, events, settings
        self.tasks: set[asyncio.Task[Any]] = set()

    def begin(self) -> None:
        """Go on with what an earlier studio left half done."""
        for left in self.shelf.root.glob(".puppets-*"):
            shutil.rmtree(left, ignore_errors=True)
        for record in self.shelf.all("clips"):
            if record["state"] == "uploading":
                self.shelf.remove("clips", record["id"])  # half a file
            elif record["state"] == "reading":
                self._go(self._take_in(record))
            elif record["state"] == "finding" and (self.shelf.folder("clips", record["id"]) / "silhouettes").is_dir():
                # What was asked for is gone; what was there before is still good.
                self._save({**record, "state": "ready", "message": GIVEN_UP, "hint": "Ask for it again."})
            elif record["state"] == "finding":
                self._go(self._find(record, {}))

    async def upload(self, name: str, body: AsyncIterator[bytes], use: str = "pair") -> dict[str, Any]:
        """Keep an upload, and read it afterwards; InputError where it is empty or too large.

        use  pair: silhouettes are found; driving: the frames alone are wanted; picture: the first of them
        """
        self._refuse_more(1)
        record = self._new(plain_name(name), use)
        path = self.shelf.folder("clips", record["id"]) / "upload"
        try:
            await receive(path, body, record["name"], self.settings.limits.upload_bytes)
        except BaseException:
            self.shelf.remove("clips", record["id"])
            raise
        record = self._save({**record, "state": "reading"})
        self._go(self._take_in(record))
        return record

    async def puppets(self, scene: str, frames: int, size: int) -> list[dict[str, Any]]:
        """Draw a scene of the project's own puppets, and take both videos in with their silhouettes."""
        self._refuse_more(2)
        names = scene_names(scene)
        target = self.shelf.root / f".puppets-{secrets.token_hex(4)}"
        order = {"task": "puppets", "scene": scene, "target": str(target), "frames": frames, "size": size}
        outcome = await self.foreman.do(target.name, "hand", order, lambda told: None)
        try:
            if outcome.state != "done":
                raise UsageError(outcome.message or "the puppets were not drawn", outcome.hint)
            return [self._puppet(target, side, name) for side, name in zip("ab", names, strict=True)]
        finally:
            shutil.rmtree(target, ignore_errors=True)

    async def find(self, number: str, box: tuple[float, ...] | None, how: str) -> dict[str, Any]:
        """Find the silhouettes anew, from a box on the first frame or without a hint."""
        record = self._ready(number)
        shutil.rmtree(self.shelf.folder("clips", number) / "given", ignore_errors=True)
        record = self._save({**record, "state": "finding", "corrected": []})
        self._go(self._find(record, {"box": box, "how": how}))
        return record

    async def correct(self, number: str, frame: int, picture: bytes) -> dict[str, Any]:
        """Take a silhouette painted by hand, and carry it to its neighbours."""
        record = self._ready(number)
        if not 0 <= frame < record["frames"]:
            raise InputError(f"{record['name']} has no frame {frame}", f"It has frames 0 to {record['frames'] - 1}.")
        path = self.shelf.folder("clips", number) / "painted.png"
        await asyncio.to_thread(path.write_bytes, picture)
        record = self._save({**record, "state": "finding"})
        self._go(self._find(record, {"corrections": {str(frame): str(path)}}))
        return record

    def remove(self, number: str) -> None:
        """Delete a clip; UsageError where a run needs it or it is being read."""
        record = self.shelf.load("clips", number)
        if record["state"] in BUSY:
            raise UsageError(f"{record['name']} is still being read", "Wait a moment.")
        users = [r["name"] for r in self.shelf.all("runs") if number in r["clips"]]
        users += [r["name"] for r in self.shelf.all("animations") if number in (r["picture"], r["driving"])]
        if users:
            raise UsageError(f"{record['name']} is used by {users[0]}", "Delete that first.")
        self.shelf.remove("clips", number)
        self.events.tell("gone", {"kind": "clips", "id": number})

    async def close(self) -> None:
        """Forget what is under way; it is taken up again by `begin`."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _refuse_more(self, count: int) -> None:
        self.shelf.refuse_full(self.settings.limits.quota_bytes)
        if len(self.shelf.all("clips")) + count > self.settings.limits.clips:
            raise InputError(
                f"{self.settings.limits.clips} clips are kept already, the most there may be", "Delete some."
            )

    def _new(self, name: str, use: str = "pair") -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        begun = {"name": name, "use": use, "state": "uploading", "created": now, "version": 0, "notes": []}
        return self.shelf.new("clips", begun)

    def _puppet(self, scene: Path, side: str, name: str) -> dict[str, Any]:
        record = self._new(name)
        folder = self.shelf.folder("clips", record["id"])
        (scene / f"{side}.mp4").replace(folder / "upload")
        (scene / f"{side}_masks").replace(folder / "given")
        record = self._save({**record, "state": "reading"})
        self._go(self._take_in(record))
        return record

    async def _take_in(self, record: dict[str, Any]) -> None:
        limits, picture = self.settings.limits, record.get("use") == "picture"
        order = {
            "task": "intake",
            "folder": str(self.shelf.folder("clips", record["id"])),
            "name": record["name"],
            "frames": 1 if picture else limits.frames,
            "strip": False if picture else None,
            "side": limits.side,
            "source_side": limits.source_side,
            "seconds": limits.intake_seconds,
            "memory": limits.intake_memory,
        }
        outcome = await self.foreman.do(f"clip {record['id']}", "hand", order, lambda told: None)
        if outcome.state != "done":
            self._failed(record, outcome)
            return
        if record.get("use", "pair") != "pair":
            self._save({**record, **outcome.result, "state": "ready"})
            return
        record = self._save({**record, **outcome.result, "state": "finding"})
        await self._find(record, {})

    async def _find(self, record: dict[str, Any], asked: Mapping[str, Any]) -> None:
        folder = self.shelf.folder("clips", record["id"])
        order: dict[str, Any] = {"task": "silhouettes", "folder": str(folder), **asked}
        if not asked and (folder / "given").is_dir():
            order["masks"] = str(folder / "given")
        outcome = await self.foreman.do(f"clip {record['id']}", "hand", order, lambda told: None)
        if outcome.state == "done":
            found = {**outcome.result, "message": None, "hint": None}
            self._save({**record, **found, "state": "ready", "version": record["version"] + 1})
        elif (folder / "silhouettes").is_dir():
            # What was there before is still good; say why it stayed.
            told = {"message": outcome.message or GIVEN_UP, "hint": outcome.hint}
            self._save({**record, "state": "ready", "version": record["version"] + 1, **told})
        else:
            self._failed(record, outcome)

    def _failed(self, record: dict[str, Any], outcome: Outcome) -> None:
        if outcome.state == "stopped" and self.foreman.closing:
            return  # `begin` goes on with it
        self._save({**record, "state": "failed", "message": outcome.message or GIVEN_UP, "hint": outcome.hint})

    def _ready(self, number: str) -> dict[str, Any]:
        record = self.shelf.load("clips", number)
        if record["state"] in BUSY:
            raise UsageError(f"{record['name']} is still being worked on", "Wait a moment.")
        if "frames" not in record:
            raise UsageError(f"{record['name']} could not be read", "Upload another video.")
        return record

    def _save(self, record: Mapping[str, Any]) -> dict[str, Any]:
        saved = self.shelf.save("clips", record)
        self.events.tell("clip", saved)
        return saved

    def _go(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def scene_names(scene: str) -> tuple[str, str]:
    """What the two puppets of a scene are called."""
    if scene not in SCENES:
        raise UsageError(f"there is no scene {scene[:40]!r}", f"There are: {', '.join(SCENES)}.")
    return SCENES[scene].a.build, SCENES[scene].b.build
