"""Runs of the studio: queued, trained, paused, resumed, stopped and kept; what is made of them afterwards."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.errors import MuybridgeError, Sentence, UsageError, Verb
from muybridge.jobs.settings import make_config as settings_of
from muybridge.output.animation import check_background
from muybridge.run import Run
from muybridge.studio.events import Events
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Storage, plain_name
from muybridge.studio.worker_pool import Outcome, WorkerPool

WORKING = ("queued", "training", "finishing", "pausing", "stopping")
CHECKPOINT_SECONDS = 30


class Runs:
    """Every change of a run goes through here.

    A record's `wanted` is what the person wishes: go, pause or keep (stop, and keep the results). `state` is what is:
    queued, training, finishing, pausing, paused, stopping, kept, finished or failed.
    """

    def __init__(self, storage: Storage, pool: WorkerPool, events: Events, settings: Settings) -> None:
        self.storage, self.pool, self.events, self.settings = storage, pool, events, settings
        self.tasks: dict[str, asyncio.Task[Any]] = {}
        self.making: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self.progress: dict[str, dict[str, Any]] = {}

    def begin(self) -> None:
        """Go on with what was going on when the studio, or the machine, was switched off."""
        for record in reversed(self.storage.all("runs")):
            made = [m for m in record["made"] if m["state"] == "done"]
            record = {**record, "made": made}
            if record["state"] in WORKING and record["wanted"] == "pause":
                self._save({**record, "state": "paused"})
            elif record["state"] in WORKING:
                self._queue(record)
            else:
                self._save(record)

    async def create(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Queue a training; UsageError or InputError where it cannot be."""
        await self.storage.quota.refuse_full()
        if sum(r["state"] in WORKING for r in self.storage.all("runs")) >= self.settings.limits.queue:
            raise UsageError(f"{self.settings.limits.queue} trainings wait already", "Let some of them finish.")
        clips = self.check(asked)
        names = [clip["name"] for clip in clips]
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        name = plain_name(asked.get("name") or "") if asked.get("name") else f"{names[0]} and {names[1]}"
        record = self.storage.new(
            "runs",
            {
                **{k: asked[k] for k in ("method", "preset", "set", "flip")},
                "name": name,
                "created": now,
                "clips": [clip["id"] for clip in clips],
                "names": names,
                "state": "queued",
                "wanted": "go",
                "notes": [],
                "figures": {},
                "made": [],
            },
        )
        return self._queue(record)

    def check(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The two clips of a request, once everything in it is known to be possible."""
        kind = catalogue.find(asked["method"])
        if kind.card.needs != "pair":
            raise UsageError(
                f"{kind.card.name} learns from a {kind.card.needs}, and the page trains pairs of videos only",
                Sentence("Train it with: ", Verb("fit", kind.card.name)),
            )
        settings_of(kind, asked["preset"], asked["set"])
        clips = [self.storage.load("clips", number) for number in asked["clips"]]
        for clip in clips:
            if clip["state"] != "ready":
                raise UsageError(f"{clip['name']} is not ready: it is {clip['state']}", "Wait, or choose another clip.")
            if not clip["version"]:
                raise UsageError(f"{clip['name']} has no silhouettes yet", "Find them first: Check the silhouettes.")
        if clips[0]["id"] == clips[1]["id"]:
            raise UsageError("both videos are the same one", "Choose a second one for it to exchange its motion with.")
        return clips

    async def act(self, number: str, what: str) -> dict[str, Any]:
        """pause, resume, or keep (stop, and keep what was learnt); asked twice, it changes nothing."""
        if what == "resume":
            await self.storage.quota.refuse_full()
        record = self.storage.load("runs", number)
        state = record["state"]
        if what == "resume":
            if state in WORKING and record["wanted"] == "go":
                return record
            if state in WORKING:
                raise UsageError(f"{record['name']} is still stopping", "Wait a moment.")
            if state == "finished":
                raise UsageError(f"{record['name']} is finished: there is nothing to go on with")
            return self._queue({**record, "wanted": "go", "message": None, "hint": None})
        if what == "keep" and not self._has_weights(number):
            raise UsageError("nothing has been learnt yet that could be kept", "Let it begin, or delete it.")
        if what == "keep" and state in ("paused", "failed"):
            return self._queue({**record, "wanted": "keep", "message": None, "hint": None})
        if state not in WORKING:
            raise UsageError(f"{record['name']} is not learning: it is {state}")
        if state in ("pausing", "stopping") and record["wanted"] == what:
            return record
        return self._stop({**record, "wanted": what})

    async def remove(self, number: str) -> None:
        """Delete a run, and stop what is being made of it; UsageError while it learns."""
        self._refuse_working(number)
        going = [task for (owner, _), task in self.making.items() if owner == number]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        self._refuse_working(number)  # somebody may have let it go on meanwhile
        await asyncio.to_thread(self.storage.remove, "runs", number)
        self.events.tell("gone", {"kind": "runs", "id": number})

    def _refuse_working(self, number: str) -> None:
        record = self.storage.load("runs", number)
        if record["state"] in WORKING:
            raise UsageError(f"{record['name']} is being worked on", "Pause it first.")

    def shown(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record with how far it came."""
        return {**record, "progress": self.progress.get(record["id"]) or self._recorded(record)}

    def lines(self, number: str) -> list[dict[str, Any]]:
        """The log of the training so far."""
        path = self.storage.folder("runs", number) / "out" / "run"
        return Run(path).read_log() if path.is_dir() else []

    async def render(self, number: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Have something more made of a run: see `tasks.render`; what is there already is not made again."""
        record = self.storage.load("runs", number)
        if not self._has_weights(number) or record["state"] in WORKING:
            raise UsageError(f"{record['name']} has no results yet", "Wait until it is finished, or stop and keep it.")
        check_background(asked["background"], ("" if asked["suffix"] == "zip" else f".{asked['suffix']}",))
        folder = self.storage.folder("runs", number)
        order: dict[str, Any] = {
            **asked,
            "task": "render",
            "run": str(folder),
            "out": str(folder / "made"),
            "device": self.settings.device,
        }
        label = self._label(record, asked)
        if asked.get("driving"):
            order["driving"] = str(self.storage.folder("clips", asked["driving"]))
        order["name"] = f"{label}-{_short(asked, self._made_of(number, asked))}"
        file = f"{order['name']}.{asked['suffix']}"
        if (there := self._there(number, file)) is not None:
            return there
        await self.storage.quota.refuse_full()
        if (there := self._there(number, file)) is not None:
            return there  # somebody else asked meanwhile
        entry = {"file": file, "label": label, "state": "making", "asked": dict(asked)}
        self._made(number, entry)
        key = (number, file)
        self.making[key] = asyncio.create_task(self._make(number, entry, order))
        self.making[key].add_done_callback(lambda _: self.making.pop(key, None))
        return entry

    def _there(self, number: str, file: str) -> dict[str, Any] | None:
        made = self.storage.load("runs", number)["made"]
        return next((dict(m) for m in made if m["file"] == file and m["state"] != "failed"), None)

    async def close(self) -> None:
        """Forget what is under way; `begin` takes it up again."""
        tasks = [*self.tasks.values(), *self.making.values()]
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- one training ---------------------------------------------------------------------------------------------

    def _queue(self, record: Mapping[str, Any]) -> dict[str, Any]:
        saved = self._save({**record, "state": "queued"})
        self.tasks[saved["id"]] = asyncio.create_task(self._work(saved["id"]))
        return saved

    def _stop(self, record: dict[str, Any]) -> dict[str, Any]:
        number = record["id"]
        if record["state"] == "finishing" and record["wanted"] == "keep":
            return record  # the results are being written already
        if self.pool.stop(number):
            return self._save({**record, "state": "pausing" if record["wanted"] == "pause" else "stopping"})
        # It waits for its turn: nothing has to be stopped.
        self.tasks.pop(number).cancel()
        if record["wanted"] == "pause":
            return self._save({**record, "state": "paused"})
        return self._queue(record)

    async def _work(self, number: str) -> None:
        record = self.storage.load("runs", number)
        keep = record["wanted"] == "keep"
        folder = self.storage.folder("runs", number)
        order = {
            **{k: record[k] for k in ("method", "preset", "set", "flip")},
            "task": "finish" if keep else "train",
            "out": str(folder / "out"),
            "clips": [str(self.storage.folder("clips", clip)) for clip in record["clips"]],
            "device": self.settings.device,
            "checkpoint_seconds": CHECKPOINT_SECONDS,
        }
        outcome = await self.pool.do(number, "training", order, lambda told: self._hear(number, told))
        self.tasks.pop(number, None)
        self._ended(self.storage.load("runs", number), outcome)

    def _ended(self, record: dict[str, Any], outcome: Outcome) -> None:
        if outcome.state == "done":
            state = "finished" if outcome.result["status"] == "finished" else "kept"
            told = {"figures": outcome.result["figures"], "message": None, "hint": None, "finished": _now()}
            notes = list(dict.fromkeys([*record["notes"], *outcome.result["notes"]]))
            self._save({**record, **told, "notes": notes, "state": state})
        elif outcome.state == "stopped" and self.pool.closing and record["wanted"] != "pause":
            self._save({**record, "state": "queued"})
        elif outcome.state == "stopped" and record["wanted"] == "keep":
            self._queue(record)
        elif outcome.state == "stopped":
            self._save({**record, "state": "paused"})
        else:
            told = {"message": outcome.message, "hint": outcome.hint}
            self._save({**record, **told, "wanted": "pause", "state": "failed"})

    def _hear(self, number: str, told: dict[str, Any]) -> None:
        event, record = told.get("event"), self.storage.load("runs", number)
        if event == "ready" and record["state"] == "queued":
            self._save({**record, "state": "training"})
        elif event == "finishing" and record["wanted"] != "pause":
            self._save({**record, "state": "finishing"})
        elif event == "note" and told["text"] not in record["notes"]:
            self._save({**record, "notes": [*record["notes"], told["text"]]})
        elif event in ("start", "stage", "step", "preview"):
            if event == "start":
                self._save({**record, "plan": {"stages": told["stages"], "total": told["total"]}})
            more = {k: v for k, v in told.items() if k != "event"}
            if event == "preview":
                more = {"preview": told["done"]}
            self.progress[number] = {**self.progress.get(number, {}), **more}
            self.events.tell("progress", {"id": number, "kind": event, **self.progress[number]})

    # -- what is made afterwards ----------------------------------------------------------------------------------

    async def _make(self, number: str, entry: dict[str, Any], order: Mapping[str, Any]) -> None:
        outcome = await self.pool.do(f"make {number} {entry['file']}", "hand", order, lambda told: None)
        if outcome.state == "done":
            self._made(number, {**entry, "state": "done", "notes": outcome.result["notes"]})
        else:
            message = outcome.message or "the studio was closed before this was made"
            self._made(number, {**entry, "state": "failed", "message": message, "hint": outcome.hint})

    def _made(self, number: str, entry: Mapping[str, Any]) -> None:
        record = self.storage.load("runs", number)
        others = [m for m in record["made"] if m["file"] != entry["file"]]
        self._save({**record, "made": [*others, dict(entry)]})

    def _made_of(self, number: str, asked: Mapping[str, Any]) -> list[int]:
        """What changes while a wish stays the same: the weights, by learning on, and the silhouettes of its clip."""
        weights = self.storage.folder("runs", number) / "out" / "run" / "weights.safetensors"
        driving = asked.get("driving")
        return [weights.stat().st_mtime_ns, self.storage.load("clips", driving)["version"] if driving else 0]

    def _label(self, record: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
        own = dict(zip("ab", record["names"], strict=True))
        if asked.get("keys") is not None:
            return f"{own[asked['side']]}-edited"
        other = own["b" if asked["side"] == "a" else "a"]
        if asked.get("driving"):
            other = self.storage.load("clips", asked["driving"])["name"]
        return f"{own[asked['side']]}-moving-like-{other}"

    # -- records --------------------------------------------------------------------------------------------------

    def _save(self, record: Mapping[str, Any]) -> dict[str, Any]:
        saved = self.storage.save("runs", {k: v for k, v in record.items() if k != "progress"})
        self.events.tell("run", self.shown(saved))
        return saved

    def _has_weights(self, number: str) -> bool:
        return (self.storage.folder("runs", number) / "out" / "run" / "weights.safetensors").is_file()

    def _recorded(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """How far the run folder says it is, where no worker has told yet."""
        path = self.storage.folder("runs", record["id"]) / "out" / "run"
        if "plan" not in record or not (path / "run.json").is_file():
            return {}
        try:
            run = Run.open(path)
            told = {"done": run.record.done, "stage": run.record.stage, "step": run.record.step}
        except MuybridgeError:
            return {}
        pictures = run.previews()
        return {**record["plan"], **told, "preview": int(pictures[-1].stem) if pictures else None}


def _short(asked: Mapping[str, Any], made_of: Sequence[int]) -> str:
    """A few letters that tell one wish, and what it is made of, from another in a file's name."""
    words = [str(asked["background"]).lstrip("#"), "" if asked["affine"] else "no-affine"]
    digest = hashlib.sha256(json.dumps([dict(asked), *made_of], sort_keys=True).encode()).hexdigest()[:6]
    return "-".join([*filter(None, words), digest])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def png_path(folder: Path, side: str, affine: bool, index: int) -> Path:
    """A result's frame as `tasks.finish` left it."""
    return folder / "made" / f"frames-{side}-{'with' if affine else 'without'}" / f"{index:05d}.png"
