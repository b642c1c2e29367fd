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
from muybridge.studio.settings import Settings
from muybridge.studio.storage import KINDS, Storage, plain_name
from muybridge.studio.upload import receive_upload
from muybridge.studio.worker_pool import Outcome, WorkerPool
from muybridge.video.paths import detect_still_format

BUSY = ("uploading", "reading", "finding")
GIVEN_UP = "the studio was closed before this was done"


class Clips:
    """Every change of a clip goes through here, so that two pages see the same."""

    def __init__(self, storage: Storage, pool: WorkerPool, events: Events, settings: Settings) -> None:
        self.storage, self.pool, self.events, self.settings = storage, pool, events, settings
        self.tasks: dict[str, asyncio.Task[Any]] = {}

    def begin(self) -> None:
        """Go on with what an earlier studio left half done."""
        for left in self.storage.root.glob(".puppets-*"):
            shutil.rmtree(left, ignore_errors=True)
        for record in self.storage.all("clips"):
            self._go_on(record)

    def _go_on(self, record: dict[str, Any]) -> None:
        number = record["id"]
        if record["state"] == "uploading":
            self.storage.remove("clips", number)  # half a file
        elif record["state"] == "reading":
            self._go(number, self._take_in(record))
        elif record["state"] == "finding" and (self.storage.folder("clips", number) / "silhouettes").is_dir():
            # What was asked for is gone; what was there before is still good.
            self._save({**record, "state": "ready", "message": GIVEN_UP, "hint": "Ask for it again."})
        elif record["state"] == "finding":
            self._go(number, self._find(record, {}))

    async def upload(
        self, name: str, body: AsyncIterator[bytes], use: str = "pair", length: int | None = None
    ) -> dict[str, Any]:
        """Keep an upload, and read it afterwards; InputError where it is empty, too large or one too many.

        use     pair: silhouettes are found; driving: the frames alone are wanted; picture: the first of them
        length  of it in bytes, where it was said
        """
        self._refuse_more(1)
        record = self._new(plain_name(name), use)
        path = self.storage.folder("clips", record["id"]) / "upload"
        try:
            await receive_upload(
                path, body, record["name"], self.settings.limits.upload_bytes, self.storage.quota, length
            )
        except BaseException:
            self.storage.remove("clips", record["id"])
            raise
        record = self._save({**record, "state": "reading"})
        self._go(record["id"], self._take_in(record))
        return record

    async def puppets(self, scene: str, frames: int, size: int) -> list[dict[str, Any]]:
        """Draw a scene of the project's own puppets, and take both videos in with their silhouettes."""
        await self.storage.quota.refuse_full()
        self._refuse_more(2)
        names = scene_names(scene)
        target = self.storage.root / f".puppets-{secrets.token_hex(4)}"
        order = {"task": "puppets", "scene": scene, "target": str(target), "frames": frames, "size": size}
        outcome = await self.pool.do(target.name, "clips", order, lambda told: None)
        try:
            if outcome.state != "done":
                raise UsageError(outcome.message or "the puppets were not drawn", outcome.hint)
            return [self._puppet(target, side, name) for side, name in zip("ab", names, strict=True)]
        finally:
            await asyncio.to_thread(shutil.rmtree, target, ignore_errors=True)

    async def find(self, number: str, box: tuple[float, ...] | None, how: str) -> dict[str, Any]:
        """Find the silhouettes anew, from a box on the first frame or without a hint."""
        await self.storage.quota.refuse_full()
        record = self._save({**self._ready(number), "state": "finding", "corrected": []})
        self._go(number, self._find(record, {"box": box, "how": how}))
        return record

    async def correct(self, number: str, frame: int, picture: bytes) -> dict[str, Any]:
        """Take a silhouette painted by hand, and carry it to its neighbours; InputError where it is not one."""
        await self.storage.quota.refuse_full()
        record = self._ready(number)
        if not 0 <= frame < record["frames"]:
            raise InputError(f"{record['name']} has no frame {frame}", f"It has frames 0 to {record['frames'] - 1}.")
        size = png_size(picture)
        if size != (record["width"], record["height"]):
            said = "is no PNG picture" if size is None else f"has {size[0]}x{size[1]} px"
            raise InputError(
                f"the silhouette {said}; the frame has {record['width']}x{record['height']} px",
                "Send a PNG of the frame's size, white on black.",
            )
        path = self.storage.folder("clips", number) / "painted.png"
        path.write_bytes(picture)
        record = self._save({**record, "state": "finding"})
        self._go(number, self._find(record, {"corrections": {str(frame): str(path)}}))
        return record

    async def remove(self, number: str) -> None:
        """Delete a clip, read or not; UsageError where a run needs it or it is still coming in."""
        record = self.storage.load("clips", number)
        if record["state"] == "uploading":
            raise UsageError(f"{record['name']} is still being uploaded", "Wait a moment.")
        self._refuse_used(record)
        working = self.tasks.pop(number, None)
        if working is not None:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            try:
                self._refuse_used(record)
            except UsageError:  # since a moment
                self._go_on(self.storage.load("clips", number))
                raise
        await asyncio.to_thread(self.storage.remove, "clips", number)
        self.events.tell("gone", {"kind": "clips", "id": number})

    def _refuse_used(self, record: Mapping[str, Any]) -> None:
        number = record["id"]
        users = [r["name"] for r in self.storage.all("runs") if number in r["clips"]]
        users += [r["name"] for r in self.storage.all("animations") if number in (r["picture"], r["driving"])]
        if users:
            raise UsageError(f"{record['name']} is used by {users[0]}", "Delete that first.")

    async def close(self) -> None:
        """Forget what is under way; it is taken up again by `begin`."""
        going = [*self.tasks.values()]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    def _refuse_more(self, count: int) -> None:
        if len(self.storage.all("clips")) + count > self.settings.limits.clips:
            raise InputError(
                f"{self.settings.limits.clips} clips are kept already, the most there may be", "Delete some."
            )

    def _new(self, name: str, use: str = "pair") -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        begun = {"name": name, "use": use, "state": "uploading", "created": now, "version": 0, "notes": []}
        return self.storage.new("clips", begun)

    def _puppet(self, scene: Path, side: str, name: str) -> dict[str, Any]:
        record = self._new(name)
        folder = self.storage.folder("clips", record["id"])
        (scene / f"{side}.mp4").replace(folder / "upload")
        (scene / f"{side}_masks").replace(folder / "given")
        record = self._save({**record, "state": "reading"})
        self._go(record["id"], self._take_in(record))
        return record

    async def _take_in(self, record: dict[str, Any]) -> None:
        limits, picture = self.settings.limits, record.get("use") == "picture"
        order = {
            "task": "decode",
            "folder": str(self.storage.folder("clips", record["id"])),
            "name": record["name"],
            "frames": 1 if picture else limits.frames,
            "strip": False if picture else None,
            "side": limits.side,
            "source_side": limits.source_side,
            "seconds": limits.decode_seconds,
            "memory": limits.decode_memory,
        }
        outcome = await self.pool.do(f"clip {record['id']}", "clips", order, lambda told: None)
        if outcome.state != "done":
            await self._failed(record, outcome)
            return
        if record.get("use", "pair") != "pair":
            self._save({**record, **outcome.result, "state": "ready"})
            return
        record = self._save({**record, **outcome.result, "state": "finding"})
        await self._find(record, {})

    async def _find(self, record: dict[str, Any], asked: Mapping[str, Any]) -> None:
        folder = self.storage.folder("clips", record["id"])
        order: dict[str, Any] = {"task": "silhouettes", "folder": str(folder), **asked}
        given = folder / "given"
        if asked:
            await asyncio.to_thread(shutil.rmtree, given, ignore_errors=True)
        elif given.is_dir():
            order["masks"] = str(given)
        outcome = await self.pool.do(f"clip {record['id']}", "clips", order, lambda told: None)
        if outcome.state == "done":
            found = {**outcome.result, "message": None, "hint": None}
            self._save({**record, **found, "state": "ready", "version": record["version"] + 1})
        elif (folder / "silhouettes").is_dir():
            # What was there before is still good; say why it stayed.
            told = {"message": outcome.message or GIVEN_UP, "hint": outcome.hint}
            self._save({**record, "state": "ready", "version": record["version"] + 1, **told})
        else:
            await self._failed(record, outcome)

    async def _failed(self, record: dict[str, Any], outcome: Outcome) -> None:
        if outcome.state == "stopped" and self.pool.closing:
            return  # `begin` goes on with it
        self._save({**record, "state": "failed", "message": outcome.message or GIVEN_UP, "hint": outcome.hint})
        if "frames" not in record:
            await asyncio.to_thread(self._empty, record["id"])

    def _empty(self, number: str) -> None:
        """Take away what a clip that cannot be read has brought; its record says why."""
        for path in self.storage.folder("clips", number).iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != KINDS["clips"]:
                path.unlink(missing_ok=True)
        self.storage.quota.changed()

    def _ready(self, number: str) -> dict[str, Any]:
        record = self.storage.load("clips", number)
        if record["state"] in BUSY:
            raise UsageError(f"{record['name']} is still being worked on", "Wait a moment.")
        if "frames" not in record:
            raise UsageError(f"{record['name']} could not be read", "Upload another video.")
        return record

    def _save(self, record: Mapping[str, Any]) -> dict[str, Any]:
        saved = self.storage.save("clips", record)
        self.events.tell("clip", saved)
        return saved

    def _go(self, number: str, work: Any) -> None:
        def forget(done: asyncio.Task[Any]) -> None:
            if self.tasks.get(number) is done:
                del self.tasks[number]

        task = self.tasks[number] = asyncio.create_task(work)
        task.add_done_callback(forget)


def scene_names(scene: str) -> tuple[str, str]:
    """What the two puppets of a scene are called."""
    if scene not in SCENES:
        raise UsageError(f"there is no scene {scene[:40]!r}", f"There are: {', '.join(SCENES)}.")
    return SCENES[scene].a.build, SCENES[scene].b.build


def png_size(picture: bytes) -> tuple[int, int] | None:
    """(width, height) that a PNG says that it has, without decoding it; None for anything else."""
    if detect_still_format(picture) != "png" or len(picture) < 24:
        return None
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
