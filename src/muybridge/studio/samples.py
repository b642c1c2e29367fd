"""The sample: two puppets and a run of them, made once on this machine, behind all that a person asks for."""

from __future__ import annotations

import asyncio
from typing import Any

from muybridge.studio.clips import Clips
from muybridge.studio.records import Record
from muybridge.studio.runs import Runs

SCENE = "cat-horse"
FRAMES = 48
SIZE = 160
TRAINING: dict[str, Any] = {"method": "jokr", "preset": "smoke", "set": {}, "flip": None}
NAME = "Sample: a cat and a horse"
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

    async def create(self) -> Record:
        """The sample's run, begun where there is none; two pages that ask at once get the same."""
        async with self.lock:
            for run in self.runs.all():
                if run.get("sample"):
                    return run

            (self.runs.storage.root / MARK).touch()
            drawn = await self.clips.draw_puppets(SCENE, FRAMES, SIZE)
            numbers = []
            for clip in drawn:
                numbers.append(clip["id"])
                await self.clips.wait(clip["id"])
            return await self.runs.create({**TRAINING, "clips": numbers, "name": NAME, "sample": True})
