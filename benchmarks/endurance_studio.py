"""The studio and its workers killed at a random moment, and a day's requests in minutes, for `endurance.py`."""

import os
import random
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "studio"))

import open_studio
from endurance_verbs import digest_weights
from open_studio import Studio, opened

from muybridge.disk.drafts import LEFTOVER

LONGEST = 20.0
"""Seconds after which nobody is killed any more: the tiny training is over by then."""
ENDED = ("finished", "failed", "paused", "kept")
# On a machine that other programs fill, a worker alone takes a minute to start.
open_studio.PATIENCE = 900.0
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def survive_kills(runs: Path, count: int, chance: random.Random) -> list[str]:
    """Kill the studio or its worker while a pair is learned, again and again; what went wrong each time, or nothing."""
    with opened(runs) as studio:
        clips = studio.pair()
        began = time.monotonic()
        first = _wait_until_ended(studio, studio.train(clips))
        seconds = min(LONGEST, time.monotonic() - began)
        expected = digest_weights(_weights(runs, first))

    said = []
    for number in range(count):
        worker = number % 2 == 0
        found = _survive_kill(runs, clips, expected, chance, chance.uniform(0.0, seconds), worker=worker)
        said.append(found)
        # One takes minutes on a busy machine: whoever stops the benchmark knows what was done.
        print(f"{'worker' if worker else 'studio'} killed: {found or 'finished to the same bits'}", flush=True)
    return said


def _survive_kill(
    runs: Path, clips: list[str], expected: str, chance: random.Random, after: float, *, worker: bool
) -> str:
    what = "worker" if worker else "studio"
    with opened(runs) as studio:
        # Each time one run, so that what is looked at stays small.
        run = studio.train(clips)
        time.sleep(after)
        if worker:
            for process in _find_workers(studio):
                _send(process, chance.choice(SIGNALS))
            found = _wait_until_ended(studio, run)
            if found["state"] != "finished":
                studio.ask("POST", f"/api/runs/{run['id']}/actions/resume")
        else:
            studio.process.send_signal(chance.choice(SIGNALS))
            studio.process.wait(open_studio.PATIENCE)

    with opened(runs) as studio:
        if [clip for clip in clips if studio.clip(clip)["state"] != "ready"]:
            return f"{what}: a clip is lost"
        if run["id"] not in {each["id"] for each in studio.get("/api/runs")}:
            return f"{what}: the run is lost"

        found = _wait_until_ended(studio, run)
        if found["state"] != "finished":
            studio.ask("POST", f"/api/runs/{run['id']}/actions/resume")
            found = _wait_until_ended(studio, run)
        if found["state"] != "finished":
            return f"{what}: the run ends as {found['state']}: {found.get('message')}"
        if digest_weights(_weights(runs, run)) != expected:
            return f"{what}: the weights are others"
        studio.ask("DELETE", f"/api/runs/{run['id']}")

    left = sorted(str(path.relative_to(runs)) for path in runs.rglob(".*") if LEFTOVER.fullmatch(path.name))
    return f"{what}: {left} is left over" if left else ""


def _weights(runs: Path, run: dict[str, Any]) -> Path:
    return next(iter(runs.rglob(f"{run['id']}/out/run")))


def _wait_until_ended(studio: Studio, run: dict[str, Any]) -> dict[str, Any]:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        found: dict[str, Any] = studio.get(f"/api/runs/{run['id']}")
        if found["state"] in ENDED:
            return found
        time.sleep(0.2)
    return found


def _find_workers(studio: Studio) -> list[int]:
    """The processes that do a task or wait for one."""
    children = Path(f"/proc/{studio.process.pid}/task/{studio.process.pid}/children").read_text(encoding="utf-8")
    return [int(each) for each in children.split()]


def _send(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def ask_for_minutes(runs: Path, minutes: float, chance: random.Random) -> tuple[int, list[dict[str, float]]]:
    """Ask a studio without pause; how many requests were answered, and what it took of the machine on the way.

    Each measurement tells its memory in MB, its threads and its open files, itself and its workers together.
    """
    measured: list[dict[str, float]] = []
    count = 0
    with opened(runs) as studio:
        clips = studio.pair()
        run = _wait_until_ended(studio, studio.train(clips))
        until = time.monotonic() + 60 * minutes
        due = time.monotonic()
        while time.monotonic() < until:
            count += _ask_once(studio, clips, run, chance)
            if time.monotonic() >= due:
                measured.append(_measure(studio))
                due = time.monotonic() + max(1.0, 0.6 * minutes)
    return count, measured


def _ask_once(studio: Studio, clips: list[str], run: dict[str, Any], chance: random.Random) -> int:
    """What a page asks for while somebody looks round in it, and now and then a change; how many requests that was."""
    clip, frame = chance.choice(clips), chance.randrange(5)
    kind = chance.randrange(20)
    if kind == 0:
        answer = studio.ask("POST", "/api/clips/puppets", {"scene": "gif", "frames": 3, "size": 64})
        assert answer.status == 201, (answer.status, answer.body[:300])
        drawn = answer.json
        for each in drawn:
            studio.clip(each["id"])
            studio.ask("DELETE", f"/api/clips/{each['id']}")
        return 1 + 2 * len(drawn)
    if kind == 1:
        studio.ask("PATCH", f"/api/clips/{clip}", {"name": f"name {chance.random()}"})
        return 1
    if kind == 2:
        sent = studio.ask(
            "POST", "/api/clips?name=broken.mp4", chance.randbytes(2000), {"content-type": "application/octet"}
        )
        # A clip that cannot be read is told and kept, and there is room for so many.
        if sent.status == 201:
            studio.ask("DELETE", f"/api/clips/{sent.json['id']}")
        return 2

    paths = (
        *("/", "/api/clips", "/api/runs", "/api/about", f"/api/clips/{clip}", f"/api/runs/{run['id']}"),
        *(f"/api/clips/{clip}/frames/{frame}", f"/api/clips/{clip}/silhouettes/{frame}"),
        *(f"/api/runs/{run['id']}/curves", f"/api/runs/{run['id']}/files", f"/api/runs/{run['id']}/handles"),
        *(f"/api/runs/{run['id']}/results/a/0/{frame}", "/api/clips/none", "/nothing"),
    )
    studio.ask("GET", chance.choice(paths))
    return 1


def _measure(studio: Studio) -> dict[str, float]:
    totals = {"MB": 0.0, "threads": 0.0, "files": 0.0}
    for process in (studio.process.pid, *_find_workers(studio)):
        try:
            status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
            files = len(os.listdir(f"/proc/{process}/fd"))
        except OSError:
            continue
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        totals["MB"] += int(told["VmRSS"].split()[0]) / 1024
        totals["threads"] += int(told["Threads"])
        totals["files"] += files
    return totals


def compare_ends(measured: list[dict[str, float]]) -> str:
    """The medians of the second tenth and of the last one: the first tenth is loading."""
    tenth = max(1, len(measured) // 10)
    parts = []
    for name in ("MB", "threads", "files"):
        values = [each[name] for each in measured]
        early = statistics.median(values[tenth : 2 * tenth] or values)
        late = statistics.median(values[-tenth:])
        parts.append(f"{early:.0f} to {late:.0f} {name}")
    return ", ".join(parts)
