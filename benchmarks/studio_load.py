"""How soon the studio draws while people drag: one pointer in a browser, and many clients on the socket.

    python benchmarks/studio_load.py --clients 50 --seconds 20

Trains the preset `draft` for a few steps (its weights do not change its speed), opens a studio on it, and measures:
1. in Chromium, from the pointer's event to the frame in which the picture is shown;
2. on the socket, from a message to its picture, for one client and for many that drag at once, 20 moves a second each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "studio"))

from chromium import FOUND, browser
from open_studio import Studio, opened
from websockets.asyncio.client import connect

FRAMES, SIZE, PACE = 8, 256, 0.05


def prepared(studio: Studio, preset: str) -> str:
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


async def many(studio: Studio, run: str, clients: int, seconds: float) -> list[list[float]]:
    """So many clients at once."""
    address = f"{studio.base.replace('http', 'ws')}api/runs/{run}/drag"
    studio.get(f"/api/runs/{run}/handles")  # loads it
    return await asyncio.gather(*(drag(address, studio.token, seconds, turn) for turn in range(clients)))


def told(name: str, delays: list[float]) -> None:
    ordered = sorted(1000 * d for d in delays)
    share = [ordered[min(len(ordered) - 1, int(p * len(ordered)))] for p in (0.5, 0.95, 0.99)]
    print(f"{name}: {len(ordered)} pictures, median {share[0]:.0f} ms, 95 % {share[1]:.0f} ms, 99 % {share[2]:.0f} ms")


def pointer(studio: Studio, run: str) -> list[float]:
    """Seconds from the pointer's event to the picture, as the page itself measures them."""
    with browser() as started:
        page = started.new_page(viewport={"width": 1200, "height": 900})  # type: ignore[attr-defined]
        page.goto(f"{studio.address}#/run/{run}/edit")
        page.locator(".dot").first.wait_for(timeout=90_000)
        page.locator(".editor canvas[data-full=true]").wait_for(timeout=90_000)
        box = page.locator(".dot").nth(3).bounding_box()
        page.mouse.move(box["x"] + 15, box["y"] + 15)
        page.mouse.down()
        for step in range(80):
            page.mouse.move(box["x"] + 15 + 2 * (step % 40), box["y"] + 15 - step % 25)
            page.wait_for_timeout(50)
        page.mouse.up()
        page.wait_for_timeout(1000)
        said = page.locator(".editor canvas").get_attribute("data-delays")
    return [int(ms) / 1000 for ms in said.split()]


def main() -> None:
    """Measure, and print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--preset", default="draft")
    asked = parser.parse_args()
    print(
        f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}, preset {asked.preset}, {SIZE} px frames"
    )
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as studio:
        run = prepared(studio, asked.preset)
        if FOUND is not None:
            told("pointer to picture, one browser", pointer(studio, run))
        told("socket, 1 client", (asyncio.run(many(studio, run, 1, 5)))[0])
        each = asyncio.run(many(studio, run, asked.clients, asked.seconds))
        told(f"socket, {asked.clients} clients", [d for delays in each for d in delays])
        counts = [len(delays) for delays in each]
        print(f"pictures a client: {min(counts)} to {max(counts)}, median {statistics.median(counts):.0f}")


if __name__ == "__main__":
    main()
