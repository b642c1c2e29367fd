"""Kills, races, full disks and hostile files by seed: nothing lost, nothing left over, one sentence each.

    python benchmarks/endurance.py --kills 100 --races 30 --folders 200 --verbs 50 --full 50 --media 1000 --texts 500 \
        --checkpoints 300

kills    a folder is replaced again and again by a process that is killed (9, 15 or 2) at a random moment; then the
         old or the new one must stand there whole, and nothing beside it
races    four processes make one run at the same time: one of them believes that it did
folders  a run folder with a random change of its bytes or values: a result or one sentence, within 10 s
verbs    mask, puppets, animate, motion, export and import killed at a random moment over an old result, which must
         still stand; fit, retarget and bench killed; fit --force and retarget --force (refit, redo) killed over a
         finished run, which must stand until the new one has a checkpoint; the same command then makes the same
         bits, and leaves nothing beside them
full     the same commands, no file of which may grow beyond a random size
media    videos and pictures of 13 kinds with random changes: a result or one sentence, within 10 s and 1 GB each
studio   the studio or its worker killed at a random moment while a pair is learned; started again, it has all clips
         and runs, and the run ends with the same weights
minutes  requests to one studio without pause: its memory, threads and files then and at the end
texts    landmarks, motion and options with random changes: the same
checkpoints  weights and data of a run, and files of an authors' program, with random changes: each animates and is
         resumed, or is imported, to a result or one sentence, within 10 s of a processor and 1 GB; no code in it runs
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from muybridge import disk
from muybridge.errors import MuybridgeError
from muybridge.run import Checkpoint, Run

FORK = multiprocessing.get_context("fork")
FILES = ("run.json", "config.json", "log.jsonl", "weights.safetensors")


def replace_for_ever(folder: Path) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(10**9):
            with disk.replace_folder(folder) as draft:
                for name in ("a", "b", "c"):
                    (draft / name).write_text(str(number) * 1000)


def survive_kill(folder: Path, chance: random.Random) -> bool:
    child = FORK.Process(target=replace_for_ever, args=(folder,))
    child.start()
    time.sleep(chance.uniform(0.0, 0.15))
    os.kill(child.pid or 0, chance.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGINT)))
    child.join()

    disk.recover(folder)
    whole = {(folder / name).read_text() for name in ("a", "b", "c")}
    return len(whole) == 1 and os.listdir(folder.parent) == [folder.name]


def make_run(path: Path, start: Any, made: Any) -> None:
    start.wait()
    try:
        run = Run.create(path, "toy", {}, keep_lock=True)
    except MuybridgeError:
        return
    made.put(1)
    time.sleep(0.2)
    run.release_lock()


def one_wins(path: Path) -> bool:
    start, made = FORK.Event(), FORK.Queue()
    children = [FORK.Process(target=make_run, args=(path, start, made)) for _ in range(4)]
    for child in children:
        child.start()
    start.set()
    for child in children:
        child.join()
    made.get(timeout=5)
    return bool(made.empty())


def mutate(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    kind = chance.randrange(4)
    if kind == 0:
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == 1:
        del data[chance.randrange(len(data)) :]
    elif kind == 2:
        data = bytearray(json.dumps({"done": chance.choice([10**400, "x", [], -1])}).encode() + b"\n")
    else:
        data = bytearray(b"[" * chance.randint(1, 10**6))
    path.write_bytes(data)


def reads_or_says(folder: Path, chance: random.Random) -> tuple[bool, float]:
    run = Run.create(folder, "toy", {"size": 3})
    run.save_checkpoint(Checkpoint(0, "learn", 1, 1, 0.5, {"x": torch.zeros(20)}))
    run.log({"done": 1, "losses": {"l1": 0.5}})
    mutate(folder / chance.choice(FILES), chance)

    began = time.monotonic()
    try:
        opened = Run.open(folder)
        opened.read_log()
        opened.load_checkpoint()
    except MuybridgeError as error:
        return len(str(error)) < 3000, time.monotonic() - began
    return True, time.monotonic() - began


def disturb_verbs(root: Path, given: argparse.Namespace, chance: random.Random) -> list[str]:
    kills, full = given.verbs, given.full
    if not kills + full:
        return []
    import endurance_verbs as verbs

    stage = verbs.set_stage(root, given.released, max(kills, full), given.only)
    names = list(stage.commands)
    seconds = verbs.measure_seconds(stage)
    killed = []
    for number in range(kills):
        name = names[number % len(names)]
        killed.append(verbs.survives_kill(name, stage, chance, seconds[name], given.signals))
    filled = [verbs.survives_full_disk(names[number % len(names)], stage, chance) for number in range(full)]

    print(f"verbs killed: {killed.count('')} of {kills} lost nothing and were finished to the same bits")
    print(f"verbs on a full disk: {filled.count('')} of {full} lost nothing and were finished to the same bits")
    return [said for said in (*killed, *filled) if said]


def read_changed_files(root: Path, media: int, texts: int, chance: random.Random) -> list[str]:
    import endurance_files as files

    wrong = []
    if media:
        readers = dict.fromkeys(files.draw_media(root / "media"), files.read_clip)
        found = files.endure(readers, root / "changed-media", media, chance)
        print(f"changed media files: {media - len(found)} of {media} gave a result or one sentence")
        wrong += found
    if texts:
        found = files.endure(files.draw_texts(root / "texts"), root / "changed-texts", texts, chance)
        print(f"changed text files: {texts - len(found)} of {texts} gave a result or one sentence")
        wrong += found
    return wrong


def use_changed_checkpoints(root: Path, count: int, chance: random.Random) -> list[str]:
    if not count:
        return []
    import endurance_checkpoints as checkpoints

    wrong = checkpoints.endure_checkpoints(root, count, chance)
    print(f"changed checkpoints: {count - len(wrong)} of {count} gave a result or one sentence")
    return wrong


def disturb_studio(root: Path, kills: int, minutes: float, chance: random.Random) -> list[str]:
    if not kills and not minutes:
        return []
    import endurance_studio as studios

    said = studios.survive_kills(root / "killed", kills, chance) if kills else []
    if kills:
        print(f"studios and their workers killed: {said.count('')} of {kills} finished to the same bits")
    if minutes:
        count, measured = studios.ask_for_minutes(root / "asked", minutes, chance)
        print(f"studio: {count} requests in {minutes:g} minutes, {studios.compare_ends(measured)}")
    return [each for each in said if each]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("kills", "races", "folders", "verbs", "full", "media", "texts", "checkpoints", "studio", "seed"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--released", type=Path, help="folder with checkpoint.pth and config.yaml, to import")
    parser.add_argument("--only", nargs="*", default=[], help="names of commands to kill: import, refit, ...")
    parser.add_argument("--signals", nargs="*", type=int, default=[9, 15, 2], help="numbers to choose from")
    given = parser.parse_args()
    chance, began = random.Random(given.seed), time.monotonic()
    # A shell starts what it puts into its background deaf to Ctrl-C, and children would stay so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    root = Path(tempfile.mkdtemp())

    folder = root / "kills" / "mine"
    with disk.replace_folder(folder) as draft:
        for name in ("a", "b", "c"):
            (draft / name).write_text("first")

    survived = sum(survive_kill(folder, chance) for _ in range(given.kills))
    won = sum(one_wins(root / f"race-{i}") for i in range(given.races))
    read = [reads_or_says(root / f"run-{i}", chance) for i in range(given.folders)]
    print(f"kills of replacements: {survived} of {given.kills} left a whole folder and nothing beside it")
    print(f"races of four: {won} of {given.races} had one winner")
    slowest = max((seconds for _, seconds in read), default=0.0)
    print(
        f"hostile run folders: {sum(ok for ok, _ in read)} of {given.folders} read or said why, {slowest:.2f} s at most"
    )
    wrong = [*disturb_verbs(root / "verbs", given, chance)]
    wrong += disturb_studio(root / "studio", given.studio, given.minutes, chance)
    wrong += read_changed_files(root, given.media, given.texts, chance)
    wrong += use_changed_checkpoints(root / "checkpoints", given.checkpoints, chance)
    for each in wrong:
        print(each)

    # What went wrong is kept to be looked at.
    if not wrong:
        shutil.rmtree(root)
    print(f"seed {given.seed}, {time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
