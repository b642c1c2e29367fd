"""The sample stands behind all that a person asks for, and is made once."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs fastapi: pip install 'muybridge[studio]'")

from muybridge.studio.clips import Clips
from muybridge.studio.events import Events
from muybridge.studio.runs import ASIDE, BEHIND, Runs
from muybridge.studio.samples import Samples
from muybridge.studio.settings import Settings
from muybridge.studio.storage import Storage
from muybridge.studio.worker_pool import OnEvent, Outcome, WorkerPool

ASKED = {"method": "jokr", "preset": "smoke", "set": {}, "flip": None, "name": ""}
RESULT = {"status": "finished", "figures": {}, "notes": []}


class OneWorker(WorkerPool):
    """A pool whose only worker does as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.going: dict[str, asyncio.Future[Outcome]] = {}
        self.begun: list[tuple[str, int]] = []
        self.lane = asyncio.Lock()

    async def run(self, key: str, lane: str, order: Mapping[str, Any], on_event: OnEvent) -> Outcome:
        async with self.lane:
            self.begun.append((key, order["nice"]))
            self.going[key] = asyncio.get_running_loop().create_future()
            on_event({"event": "ready"})
            return await self.going[key]

    def stop(self, key: str) -> bool:
        return self.end(key, Outcome("stopped"))

    def end(self, key: str, outcome: Outcome) -> bool:
        going = self.going.pop(key, None)
        if going is not None:
            going.set_result(outcome)
        return going is not None


def test_what_a_person_asks_for_goes_before_the_sample(tmp_path: Path) -> None:
    async def live() -> None:
        storage = Storage(tmp_path)
        pool = OneWorker()
        runs = Runs(storage, pool, Events(), Settings(tmp_path))
        ready = {"state": "ready", "version": 1, "name": "clip"}
        clips = [storage.new("clips", ready)["id"] for _ in range(2)]

        async def settle(count: int) -> None:
            while len(pool.begun) < count:
                await asyncio.sleep(0.01)

        sample = (await runs.create({**ASKED, "clips": clips, "sample": True}))["id"]
        await settle(1)
        own = (await runs.create({**ASKED, "clips": clips}))["id"]
        await settle(2)
        assert runs.load(sample)["state"] == "queued"
        assert runs.load(own)["state"] == "training"
        pool.end(own, Outcome("done", RESULT))
        await settle(3)
        assert pool.begun == [(sample, BEHIND), (own, ASIDE), (sample, BEHIND)]
        pool.end(sample, Outcome("done", RESULT))
        await runs.close()
        await asyncio.to_thread(storage.writer.close)

    asyncio.run(live())


def test_a_new_folder_gets_a_sample_once(tmp_path: Path) -> None:
    async def live() -> None:
        storage = Storage(tmp_path)
        wired: Any = (storage, OneWorker(), Events(), Settings(tmp_path))
        clips = Clips(*wired)
        runs = Runs(*wired)
        assert not Samples(clips, runs, wanted=False).is_due()
        samples = Samples(clips, runs, wanted=True)
        assert samples.is_due()
        made = storage.new("runs", {"sample": True, "state": "paused", "method": "jokr"})
        assert (await samples.create())["id"] == made["id"]
        await asyncio.to_thread(storage.remove, "runs", made["id"])
        (tmp_path / ".sample").touch()
        assert not samples.is_due()
        await asyncio.to_thread(storage.writer.close)

    asyncio.run(live())


def test_a_model_to_try_learns_from_the_puppets_of_the_other_sample(tmp_path: Path) -> None:
    async def live() -> None:
        storage = Storage(tmp_path)
        wired: Any = (storage, OneWorker(), Events(), Settings(tmp_path))
        runs = Runs(*wired)
        samples = Samples(Clips(*wired), runs, wanted=True)
        ready = {"state": "ready", "version": 1, "name": "clip"}
        clips = [storage.new("clips", ready)["id"] for _ in range(2)]
        storage.new("runs", {"sample": True, "state": "finished", "method": "jokr", "clips": clips})
        model = await samples.create("model")
        assert (model["method"], model["clips"], model["sample"]) == ("fomm", clips, True)
        assert (await samples.create("model"))["id"] == model["id"], "it is made once"
        await runs.close()
        await asyncio.to_thread(storage.writer.close)

    asyncio.run(live())
