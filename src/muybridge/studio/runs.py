"""Runs of the studio: queued, trained, paused, resumed, stopped and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muybridge import catalogue
from muybridge.errors import MuybridgeError, Sentence, UsageError, Verb
from muybridge.jobs.settings import make_config
from muybridge.method import Card
from muybridge.run import Run
from muybridge.studio.animation_models import describe_trained, refuse_moving
from muybridge.studio.choices import Choices
from muybridge.studio.events import Events
from muybridge.studio.names import clean_name
from muybridge.studio.records import Record, Records, now
from muybridge.studio.renders import Renders
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Storage
from muybridge.studio.worker_pool import Outcome, WorkerPool

TRAINED = ("pair", "folder")
"""What methods learn from that the page trains."""
WORKING = ("queued", "training", "finishing", "pausing", "stopping")
CHECKPOINT_SECONDS = 30
BEHIND = 15
"""How far a process stands back, as of `nice`, that does what nobody has asked for."""
ASIDE = 3
"""The same of a training: whoever drops a clip or drags a keypoint meanwhile waits for that alone."""


class Runs(Records):
    """A record's `wanted` is what the person wishes: go, pause or keep (stop, and keep the results).

    Its `state` is what is: queued, training, finishing, pausing, paused, stopping, kept, finished or failed.
    """

    kind = "runs"
    event = "run"

    def __init__(self, storage: Storage, pool: WorkerPool, events: Events, settings: Settings) -> None:
        super().__init__(storage, pool, events, settings)
        self.progress: dict[str, dict[str, Any]] = {}
        self.renders = Renders(self)
        self.choices = Choices(storage.paces, settings.device)

    def resume(self, record: Record) -> None:
        made = []
        for entry in record["made"]:
            if entry["state"] == "done":
                made.append(entry)

        changed = made != record["made"]
        record = {**record, "made": made}
        if record["state"] not in WORKING:
            if changed:
                self.save(record)
        elif record["wanted"] == "pause":
            self.save({**record, "state": "paused"})
        else:
            self._queue(record)

    async def create(self, request: Mapping[str, Any]) -> Record:
        """Queue a training; UsageError or InputError where it cannot be."""
        await self.storage.quota.refuse_full()
        most = self.settings.limits.queue
        if sum(record["state"] in WORKING for record in self.all()) >= most:
            raise UsageError(f"{most} trainings wait already", "Let some of them finish.")

        clips = self.check_request(request)
        names = []
        for clip in clips:
            names.append(clip["name"])

        record = self.add(
            {
                **{name: request[name] for name in ("method", "preset", "set", "flip")},
                "name": clean_name(request.get("name") or "") or name_run(names),
                "clips": [clip["id"] for clip in clips],
                "names": names,
                "state": "queued",
                "wanted": "go",
                "notes": [],
                "figures": {},
                "made": [],
                **({"sample": True} if request.get("sample") else {}),
            }
        )
        queued = self._queue(record)
        self._let_pass(record)
        return queued

    def check_request(self, request: Mapping[str, Any]) -> list[Record]:
        """The clips of a request, once everything in it is known to be possible."""
        method_class = catalogue.find(request["method"])
        card = method_class.card
        if card.needs not in TRAINED:
            raise UsageError(
                f"{card.name} learns from {card.needs}, and the page trains on videos alone",
                Sentence("Train it with: ", Verb("fit", card.name)),
            )
        self.choices.check(card, request)
        # Made only to have a wrong preset or setting refused now, and not by the worker later.
        method_class.require_weights(make_config(method_class, request["preset"], request["set"]))

        clips = []
        for number in request["clips"]:
            clips.append(self.storage.load("clips", number))
        for clip in clips:
            if clip["state"] != "ready":
                raise UsageError(f"{clip['name']} is not ready: it is {clip['state']}", "Wait, or choose another clip.")
        if card.needs == "pair":
            _check_pair(card, clips)
        elif len(set(request["clips"])) < len(clips):
            raise UsageError("one of the videos is there twice", "Take each of them once.")
        return clips

    async def act(self, number: str, what: str) -> Record:
        """pause, resume, or keep (stop, and keep what was learned); asked twice, it changes nothing."""
        if what == "resume":
            await self.storage.quota.refuse_full()
            return self._go_on(self.load(number))

        record = self.load(number)
        state = record["state"]
        if what == "keep" and not self.has_weights(number):
            raise UsageError("nothing has been learned yet that could be kept", "Let it begin, or delete it.")
        # No worker is there that could be told to stop: a new one writes the results.
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
        refuse_moving(self.storage, self.load(number))
        await self.stop_tasks(number)
        self._refuse_working(number)  # somebody may have let it go on meanwhile
        await self.delete(number)

    def describe(self, record: Mapping[str, Any]) -> Record:
        """A record with how far it came."""
        return {**record, "progress": self.progress.get(record["id"]) or self._read_progress(record)}

    def read_log(self, number: str) -> list[dict[str, Any]]:
        """The log of the training so far."""
        path = self.folder(number) / "out" / "run"
        return Run(path).read_log() if path.is_dir() else []

    def has_weights(self, number: str) -> bool:
        """Whether anything has been learned that can be kept."""
        return (self.folder(number) / "out" / "run" / "weights.safetensors").is_file()

    def _refuse_working(self, number: str) -> None:
        record = self.load(number)
        # What waits has no worker yet, and nothing to save.
        if record["state"] in WORKING and number in self.pool.working:
            raise UsageError(f"{record['name']} is being worked on", "Pause it first.")

    def _go_on(self, record: Record) -> Record:
        state = record["state"]
        if state in WORKING and record["wanted"] == "go":
            return record
        if state in WORKING:
            raise UsageError(f"{record['name']} is still stopping", "Wait a moment.")
        if state == "finished":
            raise UsageError(f"{record['name']} is finished: there is nothing left to learn")
        return self._queue({**record, "wanted": "go", "message": None, "hint": None})

    def _queue(self, record: Mapping[str, Any]) -> Record:
        saved = self.save({**record, "state": "queued"})
        self.start(saved["id"], self._train(saved["id"]))
        return saved

    def _let_pass(self, asked: Record) -> None:
        """Have the sample stop where a person wants something else to be learned; it goes on behind that."""
        for record in self.all():
            if record.get("sample") and record["id"] != asked["id"] and record["state"] in ("queued", "training"):
                if self.pool.stop(record["id"]):
                    continue  # it is queued again once it has saved what it learned
                self.tasks.pop(record["id"]).cancel()
                self._queue(record)

    def _stop(self, record: Record) -> Record:
        number = record["id"]
        if record["state"] == "finishing" and record["wanted"] == "keep":
            return record  # the results are being written already
        if self.pool.stop(number):
            return self.save({**record, "state": "pausing" if record["wanted"] == "pause" else "stopping"})

        # It waits for its turn: nothing has to be stopped.
        self.tasks.pop(number).cancel()
        return self.save({**record, "state": "paused"}) if record["wanted"] == "pause" else self._queue(record)

    async def _train(self, number: str) -> None:
        record = self.load(number)
        order = {
            **{name: record.get(name) for name in ("method", "preset", "set", "flip")},
            "task": "finish" if record["wanted"] == "keep" else "train",
            "out": str(self.folder(number) / "out"),
            "clips": [str(self.storage.folder("clips", clip)) for clip in record["clips"]],
            "device": self.settings.device,
            "checkpoint_seconds": CHECKPOINT_SECONDS,
            "nice": BEHIND if record.get("sample") else ASIDE,
        }
        lane = "finishing" if record["wanted"] == "keep" else "training"
        outcome = await self.run_task(number, lane, order, lambda event: self._note_event(number, event))

        record = self.load(number)
        # Before anything below, which may queue the same run again.
        self.tasks.pop(number, None)
        if outcome.state == "done":
            self._save_results(record, outcome)
        elif outcome.state == "stopped":
            self._save_stopped(record)
        else:
            told = {"message": outcome.message, "hint": outcome.hint}
            self.save({**record, **told, "wanted": "pause", "state": "failed"})

    def _save_results(self, record: Record, outcome: Outcome) -> None:
        result = outcome.result
        state = "finished" if result["status"] == "finished" else "kept"
        notes = add_notes(record["notes"], result["notes"])
        told = {
            "figures": result["figures"],
            "contrast": result["contrast"],
            "message": None,
            "hint": None,
            "finished": now(),
        }
        saved = self.save({**record, **told, "notes": notes, "state": state})
        # A method that moves pictures can be chosen for that from now on.
        if (model := describe_trained(self.storage, saved)) is not None:
            self.events.tell("model", model)

    def _save_stopped(self, record: Record) -> None:
        if self.pool.closing and record["wanted"] != "pause":
            self.save({**record, "state": "queued"})
        elif record["wanted"] == "keep" or (record["wanted"] == "go" and record.get("sample")):
            self._queue(record)
        else:
            self.save({**record, "state": "paused"})

    def _note_event(self, number: str, event: dict[str, Any]) -> None:
        kind = event.get("event")
        record = self.load(number)
        # Somebody may have asked it to stop while the worker got ready.
        if kind == "ready" and record["state"] == "queued":
            self.save({**record, "state": "training"})
        # Whoever asked for a pause still reads that it is being paused.
        elif kind == "finishing" and record["wanted"] != "pause":
            self.save({**record, "state": "finishing"})
        elif kind == "note" and (notes := add_notes(record["notes"], [event["text"]])) != record["notes"]:
            self.save({**record, "notes": notes})
        elif kind == "start":
            self.save({**record, "plan": {"stages": event["stages"], "total": event["total"]}})

        if kind in ("start", "stage", "step", "preview"):
            self._note_progress(number, event)

    def _note_progress(self, number: str, event: dict[str, Any]) -> None:
        kind = event.pop("event")
        news = {"preview": event["done"]} if kind == "preview" else event
        self.progress[number] = {**self.progress.get(number, {}), **news}
        self.events.tell("progress", {"id": number, "kind": kind, **self.progress[number]})

    def _read_progress(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """How far the run folder says it is, where no worker has told yet."""
        path = self.folder(record["id"]) / "out" / "run"
        if "plan" not in record or not (path / "run.json").is_file():
            return {}
        try:
            run = Run.open(path)
        except MuybridgeError:
            return {}

        pictures = run.previews()
        preview = int(pictures[-1].stem) if pictures else None
        reached = {"done": run.record.done, "stage": run.record.stage, "step": run.record.step}
        return {**record["plan"], **reached, "preview": preview}


def name_run(names: Sequence[str]) -> str:
    """What a run is called whose person did not say: after the videos that it learns from."""
    return f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} and {len(names) - 1} more"


def _check_pair(card: Card, clips: Sequence[Record]) -> None:
    if len(clips) != 2:
        raise UsageError(f"{card.name} learns from two videos, not from {len(clips)}", "Choose two.")
    for clip in clips:
        # Driving clips and pictures are ready without silhouettes.
        if not clip["version"]:
            raise UsageError(f"{clip['name']} has no silhouettes yet", "Find them first: Check the silhouettes.")
    if clips[0]["id"] == clips[1]["id"]:
        raise UsageError("both videos are the same", "Choose another one as the second.")


def add_notes(notes: Sequence[str], more: Sequence[str]) -> list[str]:
    """Notes with those of `more` that say something new on the page.

    That silhouettes were given is true of the verb; the person has seen how the page found them.
    """
    added = list(notes)
    for note in more:
        if note not in added and ": silhouettes given: " not in note:
            added.append(note)
    return added
