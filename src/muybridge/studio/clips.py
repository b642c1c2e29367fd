"""Clips of the studio: taken in, looked at, silhouettes found and corrected."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from muybridge.errors import InputError, UsageError
from muybridge.masks.segmenters import find_segmenter_file
from muybridge.puppets import SCENES
from muybridge.studio.cuts import Cut
from muybridge.studio.names import name_of_file
from muybridge.studio.records import CLOSED, Record, Records, ignore_event, now
from muybridge.studio.upload import receive_upload
from muybridge.studio.worker_pool import OnEvent, Outcome
from muybridge.video.paths import detect_still_format

BUSY = ("uploading", "reading", "finding")
PARTS = "parts"
"""Folder of what the segmentation network sees on frames that were clicked on."""
WHOLE = 1.5
"""Times that a frame takes longer at its own size than at a first look."""


class Clips(Records):
    """A clip's `state` is uploading, reading, finding (its silhouettes), ready or failed.

    `use` is pair, driving or picture; `version` counts how often silhouettes were found. `waits` says that no worker
    is free for it yet; `began` when one was, and `expected` how many seconds its silhouettes will take. `glance` holds
    the numbers of the frames on which the subject was looked for while the rest was read.
    """

    kind = "clips"
    event = "clip"

    def __init__(self, *kept: Any) -> None:
        super().__init__(*kept)
        self.looking = asyncio.Lock()
        """Held while a frame is looked at, so that two clicks on it ask once."""

    def begin(self) -> None:
        for left in self.storage.root.glob(".puppets-*"):
            shutil.rmtree(left, ignore_errors=True)
        super().begin()

    def resume(self, record: Record) -> None:
        number = record["id"]
        if record["state"] == "uploading":
            self.storage.remove("clips", number)  # half a file
        elif record["state"] == "finding" and (self.folder(number) / "silhouettes").is_dir():
            # What was asked for is gone; what was there before is still good.
            self.save({**record, "state": "ready", "message": CLOSED, "hint": "Ask for it again."})
        elif record["state"] in ("reading", "finding") and (counted := self.count_attempt(record)):
            self._work_on(counted)

    async def upload(
        self, name: str, body: AsyncIterator[bytes], use: str = "pair", length: int | None = None
    ) -> Record:
        """Keep an upload, and read it afterwards; InputError where it is empty, too large or one too many.

        use     pair: silhouettes are found; driving: the frames alone are wanted; picture: the first of them
        length  of it in bytes, where it was said
        """
        self._refuse_more(1)
        record = self._add_clip(name_of_file(name), use)
        path = self.folder(record["id"]) / "upload"
        most = self.settings.limits.upload_bytes
        try:
            await receive_upload(path, body, record["name"], most, self.storage.quota, length)
        # A cancelled request is no Exception, and half an upload must not stay either.
        except BaseException:
            self.storage.remove("clips", record["id"])
            raise

        record = self.save({**record, "state": "reading"})
        self._work_on(record)
        return record

    async def draw_puppets(self, scene: str, frames: int, size: int) -> list[Record]:
        """Draw a scene of the project's own puppets, and take both videos in with their silhouettes."""
        await self.storage.quota.refuse_full()
        self._refuse_more(2)
        names = scene_names(scene)

        # In the studio's own folder: files can be renamed into their places within one disk only.
        target = self.storage.root / f".puppets-{secrets.token_hex(4)}"
        order = {"task": "puppets", "scene": scene, "target": str(target), "frames": frames, "size": size}
        outcome = await self.run_task(target.name, "puppets", order)
        try:
            if outcome.state != "done":
                raise UsageError(outcome.message or "the puppets were not drawn", outcome.hint)
            found = []
            for side, name in zip("ab", names, strict=True):
                found.append(self._add_puppet(target, side, name))

            return found
        finally:
            await asyncio.to_thread(shutil.rmtree, target, ignore_errors=True)

    async def wait(self, number: str) -> None:
        """Until nobody works on a clip any more."""
        task = self.tasks.get(number)
        if task is not None:
            await asyncio.wait([task])

    async def find(self, number: str, box: tuple[float, ...] | None, how: str, subject: str | None = None) -> Record:
        """Find the silhouettes anew, from a box on the first frame, of what it is called, or without a hint.

        Who saw at a glance that the subject is another one need not wait for the first silhouettes.
        """
        await self.storage.quota.refuse_full()
        record = self.load(number)
        if record["state"] == "finding" and not record["version"]:
            await self.stop_tasks(number)
            record = self._change(number, state="ready")

        record = self.save({**self._load_idle(number), "state": "finding", "corrected": []})
        self.start(number, self._find(record, {"box": box, "how": how, "subject": subject}))
        return record

    async def cut(
        self, number: str, first: int, last: int, box: tuple[float, ...] | None, speed: float, whole: bool = False
    ) -> Record:
        """Read less of an upload, see `Cut.cut_again`, or all of it; its silhouettes are forgotten."""
        await self.storage.quota.refuse_full()
        record = self._load_idle(number)
        self._refuse_used(record)
        if record.get("puppet"):
            raise UsageError(f"{record['name']} is a puppet, with silhouettes of its own", "Cut a video of yours.")

        cut = Cut() if whole else Cut.read(record.get("cut")).cut_again(record, first, last, box, speed)
        for name in ("glance", "message", "hint", "warnings"):
            record.pop(name, None)
        await asyncio.to_thread(self._forget_silhouettes, number)
        # Pictures are kept by browsers under their address, which says how often they were read.
        reads = record.get("reads", 0) + 1
        record = self.save({**record, "cut": cut.store(), "reads": reads, "version": 0, "state": "reading"})
        self._work_on(record)
        return record

    async def correct(self, number: str, frame: int, picture: bytes) -> Record:
        """Take a silhouette painted by hand, and carry it to its neighbours; InputError where it is not one."""
        await self.storage.quota.refuse_full()
        record = self._load_idle(number)
        if not 0 <= frame < record["frames"]:
            raise InputError(f"{record['name']} has no frame {frame}", f"It has frames 0 to {record['frames'] - 1}.")
        check_painted(picture, record["width"], record["height"])

        path = self.folder(number) / "painted.png"
        await asyncio.to_thread(path.write_bytes, picture)
        record = self.save({**record, "state": "finding"})
        self.start(number, self._find(record, {"corrections": {str(frame): str(path)}}))
        return record

    async def find_parts(self, number: str, frame: int) -> Path:
        """A picture of what the segmentation network tells apart on a frame, see `masks.label_parts`; made once.

        MissingWeightsError where there is no such network here.
        """
        record = self.load(number)
        picture = self.storage.file("clips", number, "frames", f"{frame:05d}.png")
        # By how often the clip was read, so that the answer for a frame of before a cut is not taken for its own.
        path = self.folder(number) / PARTS / f"{record.get('reads', 0)}-{frame:05d}.png"
        async with self.looking:
            if not path.is_file():
                self._load_idle(number)
                # Where there is none, no process is begun to say so.
                find_segmenter_file()
                await self.storage.quota.refuse_full()
                order = {"task": "parts", "frame": str(picture), "out": str(path)}
                outcome = await self.run_task(f"parts {number}", "looking", order)
                if outcome.state != "done":
                    raise InputError(outcome.message or CLOSED, outcome.hint)
                self.storage.quota.note_change()

        return self.storage.file("clips", number, PARTS, path.name)

    async def remove(self, number: str) -> None:
        """Delete a clip, read or not; UsageError where a run needs it or it is still coming in."""
        record = self.load(number)
        if record["state"] == "uploading":
            raise UsageError(f"{record['name']} is still being uploaded", "Wait a moment.")
        self._refuse_used(record)

        await self.stop_tasks(number)
        try:
            self._refuse_used(record)
        except UsageError:  # since a moment
            self._work_on(self.load(number))
            raise
        await self.delete(number)

    def _refuse_used(self, record: Record) -> None:
        number = record["id"]
        for user in (*self.storage.all("runs"), *self.storage.all("animations")):
            needed = user["clips"] if "clips" in user else (user["picture"], user["driving"])
            if number in needed:
                raise UsageError(f"{record['name']} is used by {user['name']}", "Delete that first.")

    def _refuse_more(self, count: int) -> None:
        most = self.settings.limits.clips
        if len(self.all()) + count > most:
            raise InputError(f"{most} clips are here already, the most there may be", "Delete some.")

    def _load_idle(self, number: str) -> Record:
        """A clip that has frames and that nobody works on; UsageError otherwise."""
        record = self.load(number)
        if record["state"] in BUSY:
            raise UsageError(f"{record['name']} is still being worked on", "Wait a moment.")
        if "frames" not in record:
            raise UsageError(f"{record['name']} could not be read", "Upload another video.")
        return record

    def _add_clip(self, name: str, use: str = "pair") -> Record:
        return self.add({"name": name, "use": use, "state": "uploading", "version": 0, "notes": []})

    def _add_puppet(self, scene: Path, side: str, name: str) -> Record:
        record = self._add_clip(name)
        folder = self.folder(record["id"])
        (scene / f"{side}.mp4").replace(folder / "upload")
        (scene / f"{side}_masks").replace(folder / "given")

        record = self.save({**record, "state": "reading", "puppet": True})
        self._work_on(record)
        return record

    def _work_on(self, record: Record) -> None:
        """Do what its state says."""
        if record["state"] == "reading":
            self.start(record["id"], self._read(record))
        elif record["state"] == "finding":
            self.start(record["id"], self._find(record, {}))

    async def _read(self, record: Record) -> None:
        limits = self.settings.limits
        picture = record.get("use") == "picture"
        order = {
            "task": "decode",
            "folder": str(self.folder(record["id"])),
            "name": record["name"],
            "frames": 1 if picture else limits.frames,
            # A wide photograph must not be taken for a row of frames.
            "strip": False if picture else None,
            "side": limits.side,
            "cut": record.get("cut"),
            "source_side": limits.source_side,
            "source_pixels": limits.source_pixels,
            # Silhouettes that came with a puppet are right.
            "glance": record.get("use", "pair") == "pair" and not record.get("puppet"),
            "seconds": limits.decode_seconds,
            "memory": limits.decode_memory,
        }
        number = record["id"]

        def note_glance(event: dict[str, Any]) -> None:
            if event.get("event") == "first":
                self._change(number, glance=[0])
            elif event.get("event") == "glance":
                pace = event["seconds"] / len(event["frames"])
                self._change(number, glance=event["frames"], glance_pace=pace)
            elif event.get("event") == "read":
                # Its frames can be seen; silhouettes are found once the first look at its subject has ended.
                self._change(number, **event["result"], state="finding", began=None)

        outcome = await self._run(number, "reading", order, note_glance)
        record = self.load(number)
        if outcome.state != "done":
            await self._save_failure(record, outcome)
        elif record.get("use", "pair") == "pair":
            # In the same task, so that deleting the clip stops both.
            await self._find(self.save({**record, **outcome.result, "state": "finding"}), {})
        else:
            self.save({**record, **outcome.result, "state": "ready"})

    async def _find(self, record: Record, request: Mapping[str, Any]) -> None:
        folder = self.folder(record["id"])
        order: dict[str, Any] = {"task": "silhouettes", "folder": str(folder), **request}
        given = folder / "given"
        # Who asks for something else is not content with the silhouettes that came with the puppets.
        if request:
            await asyncio.to_thread(shutil.rmtree, given, ignore_errors=True)
        elif given.is_dir():
            order["masks"] = str(given)

        outcome = await self._run(record["id"], "finding", order)
        record = self.load(record["id"])
        changed = {"state": "ready", "version": record["version"] + 1}
        if outcome.state == "done":
            self.save({**record, **outcome.result, "message": None, "hint": None, **changed})
        elif (folder / "silhouettes").is_dir():
            # What was there before is still good; say why it stayed.
            self.save({**record, "message": outcome.message or CLOSED, "hint": outcome.hint, **changed})
        else:
            await self._save_failure(record, outcome)

    async def _run(self, number: str, lane: str, order: Mapping[str, Any], on_event: OnEvent = ignore_event) -> Outcome:
        """Have a worker do something for a clip, which says meanwhile that it waits, or since when it is worked on."""
        record = self.load(number)
        lane = "puppets" if record.get("puppet") else lane
        self._change(number, waits=self.pool.is_full(lane), began=None)
        began = time.monotonic()

        def note_event(event: dict[str, Any]) -> None:
            nonlocal began
            if event.get("event") == "ready":
                began = time.monotonic()
                expected = self._expect_silhouettes(self.load(number))
                self._change(number, waits=False, began=now("milliseconds"), expected=expected)
            else:
                on_event(event)

        outcome = await self.run_task(f"clip {number}", lane, order, note_event)
        # Those that were given, or carried from a painted one, say nothing about finding them.
        if outcome.state == "done" and lane == "finding" and "corrections" not in order:
            await asyncio.to_thread(self.storage.paces.note, "silhouettes", record["frames"], time.monotonic() - began)
        return outcome

    def _expect_silhouettes(self, record: Record) -> float | None:
        """Seconds that finding them will take: as long as it took here before, or else as the first look tells."""
        if "frames" not in record:
            return None
        known = self.storage.paces.expect("silhouettes", record["frames"])
        if known is not None or "glance_pace" not in record:
            return known
        return float(WHOLE * record["glance_pace"] * record["frames"])

    def _change(self, number: str, **fields: Any) -> Record:
        """Change some fields of a record; the person may have changed others meanwhile."""
        return self.save({**self.load(number), **fields})

    async def _save_failure(self, record: Record, outcome: Outcome) -> None:
        self.save_outcome(record, outcome)
        if "frames" not in record and not self.pool.closing:
            await asyncio.to_thread(self._remove_files, record["id"])

    def _forget_silhouettes(self, number: str) -> None:
        for name in ("silhouettes", "glance", PARTS):
            shutil.rmtree(self.folder(number) / name, ignore_errors=True)
        self.storage.quota.note_change()

    def _remove_files(self, number: str) -> None:
        """Take away what could not be read; its record says why."""
        folder = self.folder(number)
        for name in ("upload", "painted.png"):
            (folder / name).unlink(missing_ok=True)
        for name in ("frames", "given", "silhouettes", "glance", PARTS):
            shutil.rmtree(folder / name, ignore_errors=True)
        self.storage.quota.note_change()


def scene_names(scene: str) -> tuple[str, str]:
    """What the two puppets of a scene are called."""
    if scene not in SCENES:
        raise UsageError(f"there is no scene {scene[:40]!r}", f"There are: {', '.join(SCENES)}.")
    return SCENES[scene].a.build, SCENES[scene].b.build


def check_painted(picture: bytes, width: int, height: int) -> None:
    """InputError for what is no PNG of a frame's size; nothing is decoded."""
    size = png_size(picture)
    if size == (width, height):
        return

    said = "is no PNG picture" if size is None else f"has {size[0]}x{size[1]} px"
    raise InputError(
        f"the silhouette {said}; the frame has {width}x{height} px",
        "Send a PNG of the frame's size, white on black.",
    )


def png_size(picture: bytes) -> tuple[int, int] | None:
    """(width, height) that a PNG says that it has, without decoding it; None for anything else."""
    if detect_still_format(picture) != "png" or len(picture) < 24:
        return None
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
