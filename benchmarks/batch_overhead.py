"""What a batch costs beside its jobs: thousands of jobs that do nothing, and how well workers share the cores.

    python benchmarks/batch_overhead.py overhead --on local --jobs 10000 [--folder DIR]
    python benchmarks/batch_overhead.py efficiency [--preset smoke]

`overhead` sends the jobs through `muybridge.batch` as a person's would go: the list is read, each job has a process of
its own, records what became of it, and is a row of the table; only its work is nothing. It prints seconds a job, the
driver's memory as the jobs end, and whether the table is whole. `efficiency` does four pairs of puppets with one, two
and four workers. Both print JSON.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import muybridge
from muybridge import puppets
from muybridge.batches.folder import Status

NOTHING = """
import json, os, sys
folder, name = sys.argv[1:3]
place = os.path.join(folder, ".jobs", name)
with open(os.path.join(place, "job.json")) as file:
    fingerprint = json.load(file)["fingerprint"]
os.makedirs(os.path.join(folder, name), exist_ok=True)
part = os.path.join(place, ".state.tmp")
state = {"fingerprint": fingerprint, "status": "done", "seconds": 0.0, "figures": {"number": int(name[3:])}}
with open(part, "w") as file:
    json.dump(state, file)
os.replace(part, os.path.join(place, "state.json"))
"""
"""A job's own process that does what `record_job` does around its work, without importing PyTorch for nothing."""
MARKS = 10
"""Looks at the driver's memory."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = arguments.add_subparsers(dest="part", required=True)
    overhead = parts.add_parser("overhead")
    overhead.add_argument("--on", default="local")
    overhead.add_argument("--jobs", type=int, default=10_000)
    overhead.add_argument("--folder", type=Path, help="where to work; else a folder that is taken away")
    efficiency = parts.add_parser("efficiency")
    efficiency.add_argument("--preset", default="smoke")
    given = arguments.parse_args()

    with tempfile.TemporaryDirectory() as taken_away:
        if given.part == "overhead":
            found = measure_overhead(given.folder or Path(taken_away), given.on, given.jobs)
        else:
            found = measure_efficiency(Path(taken_away), given.preset)
    print(json.dumps(found, indent=1))


def measure_overhead(folder: Path, on: str, count: int) -> dict[str, Any]:
    """Send `count` jobs that do nothing through an engine, twice: done, then skipped."""
    listed = write_list(folder, count)
    importlib.import_module("muybridge.api.batch").WORKER = NOTHING
    found: dict[str, Any] = {"on": on, "jobs": count, "cores": len(os.sched_getaffinity(0))}

    began = time.monotonic()
    memory = []
    for number, _ in enumerate(muybridge.batch(listed, folder / "out", on=on), 1):
        if number == 1:
            found["seconds_to_the_first_end"] = time.monotonic() - began
        if number % max(1, count // MARKS) == 0:
            memory.append(round(resident_megabytes(), 1))
    seconds = time.monotonic() - began
    found |= {"seconds": seconds, "milliseconds_a_job": 1000 * seconds / count, "driver_megabytes": memory}
    found["table"] = check_table(folder / "out" / "batch.csv", count, Status.DONE)

    began = time.monotonic()
    skipped = sum(outcome.status == Status.SKIPPED for outcome in muybridge.batch(listed, folder / "out", on=on))
    found |= {"skipped": skipped, "milliseconds_a_skipped_job": 1000 * (time.monotonic() - began) / count}
    check_table(folder / "out" / "batch.csv", count, Status.SKIPPED)
    return found


def write_list(folder: Path, count: int) -> Path:
    """A list of that many jobs of one pair."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("a.mp4", "b.mp4"):
        (folder / name).write_bytes(name.encode())
    lines = ["name,a,b,seed"]
    for number in range(count):
        lines.append(f"job{number},a.mp4,b.mp4,{number}")

    listed = folder / "jobs.csv"
    listed.write_text("\n".join(lines) + "\n")
    return listed


def check_table(path: Path, count: int, status: Status) -> str:
    """Every job is one row, in the list's order, with its own figure."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["job"] for row in rows] == [f"job{number}" for number in range(count)]
    assert {row["status"] for row in rows} == {str(status)}
    assert [int(float(row["number"])) for row in rows] == list(range(count))
    return f"{count} rows, all {status}, each with its own figure"


def resident_megabytes() -> float:
    """Memory of this process that is in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure_efficiency(folder: Path, preset: str) -> dict[str, float]:
    """Seconds of four pairs, one worker after another with all cores, two at once, and four at once."""
    scene = puppets.write_scene("gif", folder / "gif", frames=8, size=64)
    jobs = []
    for seed in range(4):
        masks = {"masks_a": f"{scene}/a_masks", "masks_b": f"{scene}/b_masks"}
        jobs.append({"a": f"{scene}/a.mp4", "b": f"{scene}/b.mp4", "preset": preset, "seed": seed, **masks})

    seconds: dict[str, float] = {}
    for workers in (1, 2, 4):
        began = time.monotonic()
        for outcome in muybridge.batch(jobs, folder / f"workers{workers}", at_most=workers):
            assert outcome.status == Status.DONE, outcome.error
        seconds[f"{workers} at once"] = time.monotonic() - began
    return seconds


if __name__ == "__main__":
    main()
