"""How soon the studio answers a person, and twenty: one command, one table.

    python benchmarks/studio_load.py --clients 20 --seconds 15 --video cat.mp4
    python benchmarks/studio_load.py --busy 2 --video cat.mp4   (beside two processes that never rest)
    python benchmarks/studio_load.py --minutes 30               (its memory alone)

Trains the preset `draft` for a few steps (its weights do not change its speed), opens a studio on it, and measures:
1. in Chromium, from the address to the first paint, and from a video that is dropped to its first picture (the
   browser's own where it can play the file; where it cannot, as with an AVI, the first frame that the studio reads),
   to the first look at its subject, and until the studio has read all its frames;
2. in Chromium, from the pointer's event to the frame in which the picture is shown, and what of that is drawing;
3. on the socket, from a message to its picture, for one client and for many that drag at once, 20 moves a second each;
4. with --minutes, the memory, threads and open files of the studio and its workers while it is asked without pause.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "studio"))

import psutil
from chromium import DROP, FOUND, browser
from endurance_studio import ask_for_minutes, compare_ends
from open_studio import Studio, opened
from websockets.asyncio.client import connect

FRAMES, SIZE, PACE = 8, 256, 0.05
SETTLE = 6
"""Seconds that a crowd drags before it is measured."""
LOADS = 5
"""How often the page is opened, each time by a browser that has nothing of it."""
DROPS = 3
"""How often the video is dropped."""
PATIENCE = 120_000
PAINTED = """() => new Promise((done) => {
  const told = () => performance.getEntriesByName('first-contentful-paint')[0];
  if (told()) done(told().startTime);
  else new PerformanceObserver(() => told() && done(told().startTime)).observe({ type: 'paint', buffered: true }); })"""
WATCH = """() => {
  const began = performance.now();
  window.seen = {};
  const marks = {
    'its first picture': '.slot video, .slot .running img, .slot img.screen',
    'all its frames, read by the studio': '.slot .running canvas[role=img]',
    'the first look at its subject': '.slot .strip[aria-label*="first look"] img' };
  const look = () => {
    for (const [name, selector] of Object.entries(marks)) {
      const found = document.querySelector(selector);
      const there = found && (found.readyState > 1 || found.naturalWidth > 0 || (found.getContext && found.width > 16));
      if (there && !(name in window.seen)) window.seen[name] = performance.now() - began; }
    requestAnimationFrame(look); };
  look(); }"""


def prepare(studio: Studio, preset: str) -> str:
    """A run of the preset's own sizes, after a few steps."""
    clips = studio.ask("POST", "/api/clips/puppets", {"scene": "cat-horse", "frames": FRAMES, "size": SIZE}).json
    for clip in clips:
        studio.clip(clip["id"])
    asked = {
        "clips": [clip["id"] for clip in clips],
        "preset": preset,
        "set": {"shape.steps": 3, "texture.steps": 2, "motion.steps": 2},
    }
    run = studio.ask("POST", "/api/runs", asked).json
    while (found := studio.get(f"/api/runs/{run['id']}"))["state"] not in ("finished", "failed"):
        time.sleep(1)
    assert found["state"] == "finished", found
    return str(run["id"])


def copy_runs(runs: Path | None, folder: Path) -> Path:
    """A studio's folder to measure in: a new one, or a copy of one with a finished run."""
    if runs is not None:
        shutil.copytree(runs, folder / "runs", ignore=shutil.ignore_patterns(".studio", ".token"))
    return folder / "runs"


def count_seconds(studio: Studio) -> float:
    """Processor time of the studio and of all that it has started, in seconds."""
    server = psutil.Process(studio.process.pid)
    times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    return sum(each.user + each.system for each in times)


async def drag(address: str, token: dict[str, str], seconds: float, turn: int) -> list[float]:
    """One client that moves a keypoint all the time; how long each picture that it got took."""
    sent: dict[int, float] = {}
    delays: list[float] = []
    async with connect(address, max_size=2**24, additional_headers=token) as line:

        async def listen() -> None:
            async for message in line:
                if isinstance(message, str):
                    raise SystemExit(message)
                seq = struct.unpack("<I", message[:4])[0]
                delays.append(time.perf_counter() - sent[seq])

        hearing = asyncio.create_task(listen())
        began, seq = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            seq += 1
            moves = {str(turn % 4): [0.002 * (seq % 50), 0.0]}
            sent[seq] = time.perf_counter()
            await line.send(json.dumps({"seq": seq, "side": "a", "frame": turn % FRAMES, "moves": moves}))
            await asyncio.sleep(PACE)
        await asyncio.sleep(2)
        hearing.cancel()
    return delays


async def drag_together(studio: Studio, run: str, clients: int, seconds: float) -> list[list[float]]:
    """So many clients at once."""
    address = f"{studio.base.replace('http', 'ws')}api/runs/{run}/drag"
    studio.get(f"/api/runs/{run}/handles")  # loads it
    return await asyncio.gather(*(drag(address, studio.token, seconds, turn) for turn in range(clients)))


def tell(name: str, delays: Sequence[float]) -> None:
    """One row of the table."""
    ordered = sorted(1000 * d for d in delays)
    if not ordered:
        print(f"| {name} | 0 | | | |", flush=True)
        return
    share = [ordered[min(len(ordered) - 1, int(p * len(ordered)))] for p in (0.5, 0.95, 0.99)]
    print(f"| {name} | {len(ordered)} | " + " | ".join(f"{each:.0f} ms" for each in share) + " |", flush=True)


def paint(started: Any, studio: Studio) -> list[float]:
    """Seconds from the address to the first paint, each time in a new context."""
    found = []
    for _ in range(LOADS):
        context = started.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(studio.address, wait_until="commit")
        found.append(page.evaluate(PAINTED) / 1000)
        context.close()
    return found


def drop(started: Any, studio: Studio, video: Path) -> dict[str, float]:
    """Seconds from a video that falls on the page to what is seen of it."""
    context = started.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="no-preference")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(studio.address)
    slot = page.locator(".slot").first
    slot.wait_for()
    content = base64.b64encode(video.read_bytes()).decode()
    page.evaluate(WATCH)
    slot.evaluate(DROP, [video.name, f"video/{video.suffix[1:]}", content])
    page.wait_for_function("() => Object.keys(window.seen).length === 3")
    seen = page.evaluate("() => window.seen")
    context.close()
    # What is done for it goes on behind the next measurement, unless it is taken away.
    for clip in studio.get("/api/clips"):
        if clip["name"] == video.stem:
            studio.ask("DELETE", f"/api/clips/{clip['id']}")
    return {name: ms / 1000 for name, ms in seen.items()}


def point(started: Any, studio: Studio, run: str) -> tuple[list[float], list[float]]:
    """Seconds from the pointer's event to the picture, as the page itself measures them, and how much of each was
    waited for on the line."""
    page = started.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{studio.address}#/run/{run}/edit")
    page.locator(".dot").first.wait_for(timeout=PATIENCE)
    page.locator(".editor canvas[data-full=true]").wait_for(timeout=PATIENCE)
    box = page.locator(".dot").nth(3).bounding_box()
    page.mouse.move(box["x"] + 15, box["y"] + 15)
    page.mouse.down()
    for step in range(120):
        page.mouse.move(box["x"] + 15 + 2 * (step % 40), box["y"] + 15 - step % 25)
        page.wait_for_timeout(50)
    page.mouse.up()
    page.wait_for_timeout(1000)
    canvas = page.locator(".editor canvas")
    delays, waits = (canvas.get_attribute(name) or "" for name in ("data-delays", "data-waits"))
    page.close()
    return [int(ms) / 1000 for ms in delays.split()], [int(ms) / 1000 for ms in waits.split()]


def measure_page(studio: Studio, run: str, video: Path | None) -> None:
    """What takes a browser."""
    with browser() as started:
        tell("one browser, address to first paint", paint(started, studio))
        delays, waits = point(started, studio, run)
        tell("one browser, pointer to picture", delays)
        tell("of that, from the wish on the line to its picture", waits)
        if video is not None:
            drops = [drop(started, studio, video) for _ in range(DROPS)]
            for name in drops[0]:
                tell(f"{video.name} dropped, to {name}", [seen[name] for seen in drops])


@contextmanager
def occupy(count: int) -> Iterator[None]:
    """So many processes that count without pause, as other programs of the same machine would."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def measure_all(asked: argparse.Namespace) -> None:
    """Everything but the minutes."""
    print("| | measured | median | 95 % | 99 % |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder, opened(copy_runs(asked.runs, Path(folder))) as studio:
        finished = [run["id"] for run in studio.get("/api/runs") if run["state"] == "finished"]
        run = finished[0] if finished else prepare(studio, asked.preset)
        if FOUND is not None:
            with occupy(asked.busy):
                measure_page(studio, run, asked.video)
        tell("one client on the socket", asyncio.run(drag_together(studio, run, 1, 5))[0])
        # The second process that draws begins, and loads the run.
        asyncio.run(drag_together(studio, run, asked.clients, SETTLE))
        before = count_seconds(studio)
        each = asyncio.run(drag_together(studio, run, asked.clients, asked.seconds))
        spent = count_seconds(studio) - before
        tell(f"{asked.clients} clients on the socket at once", [d for delays in each for d in delays])
        counts = [len(delays) for delays in each]
        print(f"\nPictures a client: {min(counts)} to {max(counts)}, median {statistics.median(counts):.0f}.")
        print(f"Processor time of the studio and its processes: {1000 * spent / max(1, sum(counts)):.0f} ms a picture.")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--preset", default="draft")
    parser.add_argument("--video", type=Path, help="a video of your own, to be dropped on the page")
    parser.add_argument(
        "--runs", type=Path, help="a studio's folder whose first finished run is used; without it, one is trained"
    )
    parser.add_argument("--busy", type=int, default=0, help="processes that never rest, beside what the page is asked")
    parser.add_argument("--minutes", type=float, default=0, help="its memory alone, over so many minutes")
    asked = parser.parse_args()
    print(
        f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}, preset {asked.preset}, {SIZE} px frames"
    )
    if not asked.minutes:
        measure_all(asked)
        return
    with tempfile.TemporaryDirectory() as folder:
        count, measured = ask_for_minutes(Path(folder) / "runs", asked.minutes, random.Random(0))
        print(f"{asked.minutes:g} minutes, {count} requests: {compare_ends(measured)}")


if __name__ == "__main__":
    main()
