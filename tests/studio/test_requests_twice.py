"""What is asked twice is done once, unless something has changed since; no video is read and nothing trained."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muybridge.studio import Settings
from muybridge.studio.child_process import ChildProcess
from muybridge.studio.events import Events
from muybridge.studio.runs import Runs
from muybridge.studio.storage import Storage
from muybridge.studio.worker_pool import OnEvent, Outcome, WorkerPool


class Idle(WorkerPool):
    """Tasks are taken, told to stop, and done when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.stops: list[str] = []
        self.lanes_of: dict[str, str] = {}
        self.over = asyncio.Event()

    async def run(self, key: str, lane: str, order: Mapping[str, Any], on_event: OnEvent) -> Outcome:
        self.lanes_of[key] = lane
        on_event({"event": "ready"})
        await self.over.wait()
        return Outcome("stopped" if lane == "training" else "done", {"notes": []})

    def stop(self, key: str) -> bool:
        self.stops.append(key)
        return True


COUNTING = """
import signal, sys
signal.signal(signal.SIGTERM, lambda number, frame: print("heard", flush=True))
print("ready", flush=True)
sys.stdin.read()
"""


def _runs(folder: Path) -> Runs:
    return Runs(Storage(folder), Idle(), Events(), Settings(folder))


def _kept(runs: Runs, **more: Any) -> tuple[str, Path]:
    """A run that can be asked for things, and its weights."""
    clips = [runs.storage.new("clips", {"name": name, "version": 1})["id"] for name in ("cat", "fox")]
    begun = {"name": "run", "clips": clips, "names": ["cat", "fox"], "state": "kept", "wanted": "keep", "made": []}
    number = runs.storage.new("runs", {**begun, "method": "jokr", "preset": None, "set": {}, "flip": None, **more})[
        "id"
    ]
    weights = runs.storage.folder("runs", number) / "out" / "run" / "weights.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"x")
    return number, weights


def test_a_worker_hears_one_sigterm() -> None:
    """A second one would break off the saving that the first one asked for."""

    async def asked() -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", COUNTING, stdin=pipe, stdout=pipe)
        assert process.stdout is not None
        worker, said = ChildProcess(process), await process.stdout.readline()
        worker.stop()
        said += await process.stdout.readline()
        worker.stop()
        return said + (await process.communicate(b""))[0]

    assert asyncio.run(asked()) == b"ready\nheard\n"


def test_a_pause_that_is_asked_twice(tmp_path: Path) -> None:
    async def asked() -> None:
        runs = _runs(tmp_path)
        number, _ = _kept(runs)
        await runs.act(number, "resume")
        await asyncio.sleep(0)
        said = [await runs.act(number, "pause") for _ in range(2)]
        assert [r["state"] for r in said] == ["pausing", "pausing"]
        assert len(runs.pool.stops) == 1  # type: ignore[attr-defined]
        # Another wish is heard: the last one counts.
        assert (await runs.act(number, "keep"))["state"] == "stopping"

    asyncio.run(asked())


def test_results_of_a_run_that_was_kept_wait_for_no_training(tmp_path: Path) -> None:
    """They came only once the next training was over, perhaps hours later."""

    async def asked() -> None:
        runs = _runs(tmp_path)
        first, _ = _kept(runs, state="paused", wanted="pause")
        second, _ = _kept(runs, state="paused", wanted="pause")
        await runs.act(second, "resume")
        await runs.act(first, "keep")
        pool: Any = runs.pool
        async with asyncio.timeout(30):
            while len(pool.lanes_of) < 2:
                await asyncio.sleep(0.01)
        assert pool.lanes_of == {second: "training", first: "finishing"}
        pool.over.set()
        await runs.close()

    asyncio.run(asked())


def test_a_file_is_made_again_when_the_run_has_learnt_on(tmp_path: Path) -> None:
    wish = {"side": "a", "suffix": "mp4", "background": "black", "affine": True, "driving": None, "keys": None}

    async def asked() -> None:
        runs = _runs(tmp_path)
        number, weights = _kept(runs)
        driving = runs.storage.new("clips", {"name": "third", "version": 1})
        third = await runs.renders.create(number, {**wish, "driving": driving["id"]})
        first, again = await asyncio.gather(runs.renders.create(number, wish), runs.renders.create(number, wish))
        assert again == first
        assert len(runs.tasks) == 2
        os.utime(weights, ns=(1, 1))
        later = await runs.renders.create(number, wish)
        assert later["file"] != first["file"]
        runs.storage.save("clips", {**driving, "version": 2})
        assert (await runs.renders.create(number, {**wish, "driving": driving["id"]}))["file"] != third["file"]

    asyncio.run(asked())
