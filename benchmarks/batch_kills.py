"""Random kills over a batch: its driver, its workers, the nodes of a real Ray cluster; then what is left is looked at.

    python benchmarks/batch_kills.py --on local --kills 25 --jobs 24 [--seed 0]
    python benchmarks/batch_kills.py --on ray --nodes 4 --kills 25 --jobs 24
    python benchmarks/batch_kills.py --pairs 8 --nodes 4

Each job is a chain of steps with a checkpoint after each, done in a process of its own and recorded as every job is.
At a random moment one of these is ended by SIGKILL: the driver, a job's process, or a node (raylet) of the cluster,
which is then started anew. The driver is started again until the table says that all is done. Then:

nothing lost   every job is done, with the value that its chain has without a kill
nothing twice  no job was begun again after it was done
nothing left   no draft and no temporary file, and no process of a job

`--pairs` does so many small pairs of puppets on `local`, then on a Ray cluster that loses a node while two of them
train: the same bits.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import torch
from batch_overhead import write_list
from safetensors.torch import load_file

import muybridge
from muybridge import puppets
from tiny_jokr import TINY_NETWORKS

STEPS = 20
SMALL = {**TINY_NETWORKS, "shape.steps": 12, "texture.steps": 6, "motion.steps": 6}
"""Settings of a training of seconds."""
JOB = """
import hashlib, json, os, sys, time
from pathlib import Path
from muybridge.batches.folder import BatchFolder
from muybridge.batches.recording import record_job
from muybridge.disk import read_json, replace_file

folder, name = BatchFolder(Path(sys.argv[1])), sys.argv[2]
fingerprint = folder.order(name)["fingerprint"]

def tell(word):
    with open(folder.path.parent / "told", "a") as file:
        file.write(f"{name} {word} {os.getpid()}" + chr(10))

def work(goes_on):
    out = folder.results(name)
    out.mkdir(exist_ok=True)
    place = out / "checkpoint.json"
    state = read_json(place) if goes_on and place.is_file() else {"step": 0, "value": name}
    tell("begun")
    for step in range(state["step"], STEPS):
        time.sleep(0.05)
        value = hashlib.sha256(f"{state['value']} {step}".encode()).hexdigest()
        state = {"step": step + 1, "value": value}
        replace_file(place, json.dumps(state).encode())
    replace_file(out / "result.txt", state["value"].encode())
    tell("done")
    return {"steps": state["step"]}

record_job(folder, name, fingerprint, work)
""".replace("STEPS", str(STEPS))
"""What a job's own process runs."""
DRIVER = """
import importlib, sys
import muybridge
importlib.import_module("muybridge.api.batch").WORKER = sys.argv[4]
for outcome in muybridge.batch(sys.argv[1], sys.argv[2], on=sys.argv[3], at_most=4):
    print(outcome.name, outcome.status, outcome.error, flush=True)
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--on", default="local", choices=("local", "ray"))
    arguments.add_argument("--nodes", type=int, default=2, help="of the Ray cluster; the first one is never killed")
    arguments.add_argument("--kills", type=int, default=25)
    arguments.add_argument("--jobs", type=int, default=24)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--pairs", type=int, default=0, help="instead: so many real pairs, on both engines")
    given = vars(arguments.parse_args())
    pairs = given.pop("pairs")
    with tempfile.TemporaryDirectory() as folder:
        found = compare_engines(Path(folder), pairs, given["nodes"]) if pairs else kill_at_random(Path(folder), **given)
        print(json.dumps(found, indent=1))


def compare_engines(folder: Path, pairs: int, nodes: int) -> dict[str, Any]:
    """The same pairs on this machine, and on a cluster that loses a node; AssertionError where a bit is another."""
    scene = puppets.write_scene("gif", folder / "gif", frames=5, size=48)
    shown = {"masks_a": f"{scene}/a_masks", "masks_b": f"{scene}/b_masks", "max_frames": 4}
    jobs = []
    for seed in range(pairs):
        job = {"name": f"job{seed}", "a": f"{scene}/a.mp4", "b": f"{scene}/b.mp4", "seed": seed, **shown}
        jobs.append({**job, "preset": "smoke", "set": SMALL})

    began = time.monotonic()
    do_all(jobs, folder / "local", "local")
    seconds = {"local": round(time.monotonic() - began)}

    began = time.monotonic()
    lost: list[str] = []
    with start_cluster(nodes) as cluster:
        os.environ["RAY_ADDRESS"] = cluster.address
        try:
            killer = threading.Thread(target=lose_a_node, args=(cluster, folder / "ray", lost), daemon=True)
            killer.start()
            do_all(jobs, folder / "ray", "ray")
            killer.join(1)
        finally:
            os.environ.pop("RAY_ADDRESS")
    seconds["ray"] = round(time.monotonic() - began)

    assert len(lost) == 2, "no node was lost while two jobs trained"
    compared = sum(compare_results(folder / "local" / job["name"], folder / "ray" / job["name"]) for job in jobs)
    rest = [path.name for path in (folder / "ray").rglob("*") if path.name.endswith((".part", ".old", ".tmp"))]
    assert rest == []
    return {"pairs": pairs, "nodes": nodes, "trained_then": lost, "seconds": seconds, "same_bits": compared}


def do_all(jobs: list[dict[str, Any]], out: Path, on: str) -> None:
    """Run a batch to its end; AssertionError where a job is not done."""
    for outcome in muybridge.batch(jobs, out, on=on):
        assert outcome.status == "done", outcome.error


def compare_results(here: Path, there: Path) -> int:
    """How many weights and videos two folders have, bit by bit the same; AssertionError where one is another."""
    one, other = (load_file(folder / "run" / "weights.safetensors") for folder in (here, there))
    assert one.keys() == other.keys()
    for name in one:
        # Not the whole file: beside them stands the time that it took.
        assert torch.equal(as_bytes(one[name]), as_bytes(other[name])), (there, name)

    videos = sorted(here.glob("*.mp4"))
    assert videos
    for video in videos:
        assert video.read_bytes() == (there / video.name).read_bytes(), there / video.name
    return len(one) + len(videos)


def as_bytes(tensor: torch.Tensor) -> torch.Tensor:
    """Its memory: as numbers, two that are none would not be the same."""
    return tensor.reshape(-1).view(torch.uint8)


def lose_a_node(cluster: Cluster, folder: Path, lost: list[str]) -> None:
    """SIGKILL to a node as soon as two jobs have begun to train; their names go to `lost`."""
    while len(found := list(folder.glob("job*/run/weights.safetensors"))) < 2:
        time.sleep(0.05)
    lost += [path.parent.parent.name for path in found[:2]]
    # Ray adds nodes in the main thread alone, so that nothing takes its place here.
    cluster.cluster.remove_node(cluster.others.pop(), allow_graceful=False)


def kill_at_random(folder: Path, on: str, nodes: int, kills: int, jobs: int, seed: int) -> dict[str, Any]:
    """Run a batch under that many kills, and look at what is left; AssertionError where something is wrong."""
    chance = random.Random(seed)
    listed = write_list(folder, jobs)
    done: dict[str, int] = {}
    began = time.monotonic()

    with start_cluster(nodes) if on == "ray" else contextlib.nullcontext() as cluster:

        def kill_worker() -> bool:
            running = alive(folder)
            return bool(running) and kill(chance.choice(running))

        victims: dict[str, Callable[[], bool]] = {"worker": kill_worker}
        if cluster is not None:
            victims["node"] = cluster.kill_node
        for starts in itertools.count(1):
            driver = start_driver(folder, listed, on, cluster)
            while driver.poll() is None:
                time.sleep(chance.uniform(0.2, 1.0))
                # No kill before there is anything to lose.
                if sum(done.values()) >= kills or not alive(folder):
                    continue
                kind = chance.choice([*victims, "driver"])
                killed = kill(driver.pid) if kind == "driver" else victims[kind]()
                done[kind] = done.get(kind, 0) + killed
            driver.wait()
            if driver.returncode == 0 and is_whole(folder / "out" / "batch.csv", jobs):
                break
            assert starts < 20 * (kills + 1), (folder / "driver.log").read_text()[-2000:]

        found = {"on": on, "kills": done, "jobs": jobs, "driver_starts": starts}
        return {**found, **look_at_rest(folder, jobs), "seconds": time.monotonic() - began}


def start_driver(folder: Path, listed: Path, on: str, cluster: Cluster | None) -> subprocess.Popen[bytes]:
    """`muybridge.batch` in a process of its own, as a person would start it again."""
    # Where tests check shapes, each start of a driver would take twice as long to import the same.
    environment = {**os.environ, "MUYBRIDGE_CHECK_SHAPES": "0"}
    if cluster is not None:
        environment["RAY_ADDRESS"] = cluster.address
    command = (sys.executable, "-c", DRIVER, str(listed), str(folder / "out"), on, JOB)
    with (folder / "driver.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


class Cluster:
    """Ray's own cluster of several nodes on one machine."""

    def __init__(self, nodes: int) -> None:
        from ray.cluster_utils import Cluster as RayCluster

        self.cluster = RayCluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.others = [self.cluster.add_node(num_cpus=1) for _ in range(nodes - 1)]
        self.address = self.cluster.address

    def kill_node(self) -> bool:
        """SIGKILL to a node's raylet; another node takes its place."""
        victim = self.others.pop(0)
        self.cluster.remove_node(victim, allow_graceful=False)
        self.others.append(self.cluster.add_node(num_cpus=1))
        return True


@contextlib.contextmanager
def start_cluster(nodes: int) -> Iterator[Cluster]:
    """A cluster for as long as the block lasts."""
    made = Cluster(nodes)
    try:
        yield made
    finally:
        made.cluster.shutdown()


def told(folder: Path) -> list[tuple[str, str, int]]:
    """(job, word, process) of everything that jobs have told, in time."""
    path = folder / "told"
    lines = []
    for line in path.read_text().splitlines() if path.is_file() else []:
        name, word, pid = line.split()
        lines.append((name, word, int(pid)))
    return lines


def alive(folder: Path) -> list[int]:
    """Processes of jobs that run now."""
    begun = []
    over = set()
    for _, word, pid in told(folder):
        if word == "begun":
            begun.append(pid)
        elif word == "done":
            over.add(pid)
    return [pid for pid in begun if pid not in over and is_running(pid)]


def is_running(pid: int) -> bool:
    """Whether there is such a process that is not a zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def kill(pid: int) -> bool:
    """SIGKILL, and whether there was something to kill."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def is_whole(table: Path, jobs: int) -> bool:
    """Whether the table has every job, done now or before."""
    with table.open(newline="") as file:
        states = [row["status"] for row in csv.DictReader(file)]
    return len(states) == jobs and set(states) <= {"done", "skipped"}


def look_at_rest(folder: Path, jobs: int) -> dict[str, Any]:
    """What is there at the end; AssertionError where something is lost, done twice or left over."""
    for number in range(jobs):
        value = name = f"job{number}"
        for step in range(STEPS):
            value = hashlib.sha256(f"{value} {step}".encode()).hexdigest()
        assert (folder / "out" / name / "result.txt").read_text() == value, name

    lines = told(folder)
    for number in range(jobs):
        words = [word for name, word, _ in lines if name == f"job{number}"]
        # A process may be killed between its last word and its record: the next one then only tells that word again.
        assert words[-1] == "done", words

    rest = [path.name for path in (folder / "out").rglob("*") if path.name.endswith((".part", ".old", ".tmp"))]
    assert rest == []
    time.sleep(1)
    assert alive(folder) == []
    again = sum(word == "done" for _, word, _ in lines) - jobs
    return {"done": jobs, "begun": sum(word == "begun" for _, word, _ in lines), "ends_told_again": again, "left": 0}


if __name__ == "__main__":
    main()
