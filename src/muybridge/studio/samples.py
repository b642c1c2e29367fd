"""The samples: two puppets and runs of them, made once on this machine, behind all that a person asks for."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from muybridge.studio.clips import Clips
from muybridge.studio.records import Record
from muybridge.studio.runs import Runs

SCENE = "cat-horse"
FRAMES = 48
SIZE = 160
Kind = Literal["pair", "model"]
"""What a sample shows: two subjects that exchange their motion, or a model that moves a picture."""
TRAININGS: dict[Kind, dict[str, Any]] = {
    "pair": {"method": "jokr", "preset": "smoke", "set": {}, "flip": None, "name": "Sample: a cat and a horse"},
    "model": {"method": "fomm", "preset": "smoke", "set": {}, "flip": None, "name": "Sample: a model of two puppets"},
}
MARK = ".sample"
"""File that says that the sample was begun: who has deleted it does not want it again."""


class Samples:
    """Makes the sample where it is asked for; `wanted`, whether pages of a new folder ask for it by themselves."""

    def __init__(self, clips: Clips, runs: Runs, wanted: bool) -> None:
        self.clips = clips
        self.runs = runs
        self.wanted = wanted
        self.lock = asyncio.Lock()

    def is_due(self) -> bool:
        """Whether this folder is new, and the sample shall be made without a word."""
        if not self.wanted or (self.runs.storage.root / MARK).exists():
            return False
        return not self.runs.all() and not self.clips.all()

    async def create(self, kind: Kind = "pair") -> Record:
        """The sample's run, begun where there is none; two pages that ask at once get the same."""
        training = TRAININGS[kind]
        async with self.lock:
            for run in self.runs.all():
                if run.get("sample") and run["method"] == training["method"]:
                    return run

            if kind == "pair":
                (self.runs.storage.root / MARK).touch()
            return await self.runs.create({**training, "clips": await self._find_puppets(), "sample": True})

    async def _find_puppets(self) -> list[str]:
        """The puppets of the other sample, where they are still here, or new ones."""
        here = {clip["id"] for clip in self.clips.all() if clip["state"] == "ready"}
        for run in self.runs.all():
            if run.get("sample") and here.issuperset(run["clips"]):
                return list(run["clips"])

        drawn = await self.clips.draw_puppets(SCENE, FRAMES, SIZE)
        numbers = []
        for clip in drawn:
            numbers.append(clip["id"])
            await self.clips.wait(clip["id"])
        return numbers
