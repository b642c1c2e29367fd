"""Batches that are begun on the page: every pair of some clips, done by what `muybridge batch` runs.

batches/NAME/jobs.jsonl   the list, as the command takes it
batches/NAME/.inputs/     the clips and their silhouettes as they were, whatever becomes of the clips
batches/NAME/.going       is there as long as the studio shall go on with it
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.batches.folder import MARK, BatchFolder
from muybridge.disk import is_locked
from muybridge.errors import UsageError
from muybridge.studio.messages import describe_failure
from muybridge.studio.names import clean_name, file_name
from muybridge.studio.records import Record
from muybridge.studio.runs import ASIDE, Runs, name_run
from muybridge.studio.storage import GONE, Missing

LIST = "jobs.jsonl"
INPUTS = ".inputs"
GOING = ".going"


class Batches:
    """Begins batches, stops them, goes on with them. They take turns with the trainings of single pairs."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.root = runs.settings.runs / "batches"
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.told: dict[str, Mapping[str, Any]] = {}
        """Why a batch ended that did not come to its end: message and hint, by its name."""

    def begin(self) -> None:
        """Go on with what an earlier studio was doing."""
        for name, folder in self.find_all().items():
            if (folder.path / GOING).is_file() and (folder.path / LIST).is_file():
                self._start(name)

    async def close(self) -> None:
        """Forget what is under way; `begin` takes it up again."""
        going = [*self.tasks.values()]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    def find_all(self) -> dict[str, BatchFolder]:
        """Name -> batch, also of those that the command runs here; links are not followed."""
        found = {}
        for path in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            if not path.is_symlink() and not path.name.startswith(GONE) and (path / "batch.json").is_file():
                found[path.name] = BatchFolder(path)
        return found

    def find(self, name: str) -> BatchFolder:
        """One of them; Missing where there is none."""
        # What a browser says is compared with what there is, and never made into a path.
        folder = self.find_all().get(name)
        if folder is None:
            raise Missing(f"there is no batch {name[:40]!r} here", "It may have been moved.")
        return folder

    def describe(self, name: str) -> Record:
        """Whether a batch runs, or waits for its turn, whether it was begun on the page, and what went wrong."""
        folder = self.root / name
        running = is_locked(folder / ".lock")
        told = self.told.get(name, {})
        return {
            "name": name,
            "running": running,
            "waiting": name in self.tasks and not running,
            "own": (folder / LIST).is_file(),
            "message": told.get("message"),
            "hint": told.get("hint"),
        }

    async def create(self, request: Mapping[str, Any]) -> Record:
        """Lay the clips down and queue the batch; UsageError where it cannot be."""
        await self.runs.storage.quota.refuse_full()
        clips = self._check(request)
        name = file_name(clean_name(request["name"]) or name_run([clip["name"] for clip in clips]))
        path = self.root / name
        if path.exists():
            raise UsageError(f"there is a batch called {name} already", "Choose another name.")

        try:
            await asyncio.to_thread(self._lay_down, path, clips, request)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
        self._start(name)
        return self.describe(name)

    def act(self, name: str, what: str) -> Record:
        """stop, or resume; asked twice, it changes nothing."""
        folder = self.find(name)
        if not (folder.path / LIST).is_file():
            raise UsageError(f"{name} was begun by the command", "Stop it, or go on with it, where it was begun.")
        if what == "resume":
            if name not in self.tasks:
                (folder.path / GOING).touch()
                self._start(name)
            return self.describe(name)

        (folder.path / GOING).unlink(missing_ok=True)
        if not self.runs.pool.stop(_key(name)) and name in self.tasks:
            self.tasks.pop(name).cancel()
        return self.describe(name)

    async def remove(self, name: str) -> None:
        """Delete a batch and all that it made; UsageError while it runs."""
        folder = self.find(name)
        if name in self.tasks or is_locked(folder.path / ".lock"):
            raise UsageError(f"{name} is being worked on", "Stop it first.")
        gone = self.root / f"{GONE}{name}"
        folder.path.rename(gone)
        self.told.pop(name, None)
        await asyncio.to_thread(shutil.rmtree, gone, ignore_errors=True)
        self.runs.storage.quota.note_change()

    def _check(self, request: Mapping[str, Any]) -> list[Record]:
        """The clips, once every pair of them is known to be possible."""
        numbers = request["clips"]
        if len(set(numbers)) < len(numbers):
            raise UsageError("one of the videos is there twice", "Take each of them once.")

        if catalogue.find(request["method"]).card.needs != "pair":
            raise UsageError(f"{request['method']} does not learn from a pair", "Choose another method.")
        for pair in combinations(numbers, 2):
            self.runs.check_request({**request, "clips": list(pair)})
        return [self.runs.storage.load("clips", number) for number in numbers]

    def _lay_down(self, path: Path, clips: Sequence[Record], request: Mapping[str, Any]) -> None:
        inputs = path / INPUTS
        names: list[str] = []
        for clip in clips:
            names.append(_name_apart(file_name(clip["name"]), names))
            stored = self.runs.storage.folder("clips", clip["id"])
            for part in ("frames", "silhouettes"):
                _copy_lightly(stored / part, inputs / part / names[-1])

        lines = []
        for a, b in combinations(names, 2):
            pair = {"a": f"{INPUTS}/frames/{a}", "b": f"{INPUTS}/frames/{b}"}
            masks = {"masks_a": f"{INPUTS}/silhouettes/{a}", "masks_b": f"{INPUTS}/silhouettes/{b}"}
            told = {name: request[name] for name in ("method", "preset", "set") if request[name]}
            lines.append(json.dumps({"name": f"{a}-{b}", **pair, **masks, **told}, ensure_ascii=False))
        (path / LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")
        (path / GOING).touch()
        # Last: what has no such mark is no batch, and is not shown.
        (path / "batch.json").write_bytes(MARK)

    def _start(self, name: str) -> None:
        self.told.pop(name, None)
        task = asyncio.create_task(self._run(name))
        self.tasks[name] = task

        def forget(done: asyncio.Task[None]) -> None:
            if self.tasks.get(name) is done:
                del self.tasks[name]

        task.add_done_callback(forget)

    async def _run(self, name: str) -> None:
        path = self.root / name
        order = {"task": "batch", "list": str(path / LIST), "out": str(path), "nice": ASIDE}
        try:
            outcome = await self.runs.run_task(_key(name), "training", order)
        except Exception as e:  # nobody waits for this, so that it is said on the page
            self.told[name] = describe_failure(e)
            return
        if outcome.state == "stopped" and self.runs.pool.closing:
            return  # the next studio goes on
        (path / GOING).unlink(missing_ok=True)
        if outcome.state in ("failed", "killed"):
            self.told[name] = {"message": outcome.message, "hint": outcome.hint}


def _key(name: str) -> str:
    return f"batch {name}"


def _name_apart(name: str, others: Sequence[str]) -> str:
    """The name, or with a number behind it where another clip has it; some file systems know no case."""
    taken = {other.casefold() for other in others}
    count, apart = 1, name
    while apart.casefold() in taken:
        count += 1
        apart = f"{name}-{count}"
    return apart


def _copy_lightly(folder: Path, target: Path) -> None:
    """A folder under another name; without its bytes where the disk can do that, and without links."""
    shutil.copytree(folder, target, copy_function=_link, ignore=_find_links)


def _link(path: str, target: str) -> None:
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _find_links(folder: str, names: Sequence[str]) -> set[str]:
    return {name for name in names if Path(folder, name).is_symlink()}
