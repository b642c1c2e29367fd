"""Verbs that are killed at a random moment, or meet a full disk, for `endurance.py`.

Each verb replaces a result that stands there. Whatever happens to it, the old result or the new one stands there whole;
the same command then makes the new one, to the same bits, and leaves nothing beside it.
"""

import hashlib
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import torch
from safetensors.torch import load_file

from muybridge.cli import main
from muybridge.disk.drafts import LEFTOVER
from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import write
from tiny_jokr import TINY_NETWORKS

# A fork starts where everything is imported: a command of its own would spend its seconds on that.
FORK = multiprocessing.get_context("fork")
TINY_PAIR = {**TINY_NETWORKS, "shape.steps": 2, "motion.steps": 2, "texture.steps": 1}
FORCE, RESUME, AGAIN = "--force", "--resume", ""
"""How a command is told to go on after it was cut off: replacing, resuming, or by the same words alone."""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Command:
    """One command line, and what its result is.

    words   of the command
    target  the file or folder that it makes
    digest  what makes two results the same
    again   how it goes on
    run     the run that it trains, for those that can resume
    """

    words: tuple[str, ...]
    target: Path
    digest: Callable[[Path], str]
    again: str = FORCE
    run: Path | None = None


@dataclass(frozen=True)
class Stage:
    """Where the commands play: their inputs, a finished run, and the commands by name."""

    root: Path
    commands: dict[str, Command]


def set_stage(root: Path, released: Path | None = None, count: int | None = None, only: Sequence[str] = ()) -> Stage:
    """Draw two small clips, train on them where a command needs that, and make every result once.

    released  a folder with checkpoint.pth and config.yaml of an authors' program, for `import`
    count     only the first so many commands
    only      commands by name; all unless told
    """
    torch.set_num_threads(1)
    drawn = scene("gif", 5, 48)
    given = root / "given"
    for side, clip in (("a", drawn.a), ("b", drawn.b)):
        write(given / f"{side}.mp4", clip.pixels, clip.timing)

    everything = list_commands(root, released)
    named = {name: command for name, command in everything.items() if not only or name in only}
    assert named.keys() >= set(only), f"commands are {', '.join(everything)}"
    commands = dict(list(named.items())[:count])
    if not commands.keys() <= {"mask", "puppets"}:
        fit = everything["fit"].words
        code = say_nothing(lambda: main([*fit, "--out", str(given / "run")]))
        assert code == 0, fit
    for command in commands.values():
        code = call(command)
        assert code == 0, command.words
    return Stage(root, commands)


def list_commands(root: Path, released: Path | None) -> dict[str, Command]:
    """All of them, the quickest first."""
    given = root / "given"
    made = root / "made"
    videos = (str(given / "a.mp4"), str(given / "b.mp4"))
    settings = [word for name, value in TINY_PAIR.items() for word in ("--set", f"{name}={value}")]
    small = ("--preset", "smoke", "--device", "cpu", *settings, "--checkpoint-seconds", "0")
    run = str(given / "run")
    puppets = ("puppets", "--scene", "gif", "--frames", "4", "--size", "64")
    bench = ("bench", "--scenes", "gif", "--frames", "4", "--size", "64", *small)

    commands = {
        "mask": Command(("mask", videos[0], "--how", "colour"), made / "masks", digest_files),
        "puppets": Command(puppets, made / "puppets", digest_files),
        "animate": Command(("animate", run, "--source", "A"), made / "moving.mp4", digest_files),
        "motion": Command(("motion", "export", run, "--subject", "a"), made / "motion.csv", digest_files),
        "fit": Command(("fit", "jokr", *videos, *small), made / "run", digest_weights, RESUME, made / "run"),
        "retarget": Command(("retarget", *videos, *small), made / "job", digest_weights, RESUME, made / "job" / "run"),
        "bench": Command(bench, made / "bench", digest_weights, AGAIN),
        "refit": Command(("fit", "jokr", *videos, *small), made / "rerun", digest_weights, FORCE, made / "rerun"),
        "redo": Command(("retarget", *videos, *small), made / "rejob", digest_weights, FORCE, made / "rejob" / "run"),
    }
    # Only methods whose checkpoints are released can be written as ONNX files as well.
    if released is not None:
        words = ("import", str(released / "checkpoint.pth"), "--config", str(released / "config.yaml"))
        commands["import"] = Command(words, made / "imported", digest_weights)
        commands["export"] = Command(("export", str(made / "imported")), made / "networks", digest_files)
    return commands


def call(command: Command, *more: str) -> int:
    return say_nothing(lambda: main([*command.words, "--out", str(command.target), *more]))


def say_nothing(act: Callable[[], int]) -> int:
    """Do it with nowhere to write to; the children of a benchmark would talk at once."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        before = os.dup(1), os.dup(2)
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        try:
            return act()
        finally:
            os.dup2(before[0], 1)
            os.dup2(before[1], 2)
            os.close(before[0])
            os.close(before[1])


def digest_files(target: Path) -> str:
    """All bytes of a file, or of a folder with all that is in it."""
    found = hashlib.sha256()
    for path in sorted(target.rglob("*")) if target.is_dir() else [target]:
        found.update(str(path.relative_to(target.parent)).encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def digest_weights(target: Path) -> str:
    """The weights of every run in a folder, bit by bit, and the names of all files beside them: records tell times,
    which no two runs share."""
    found = hashlib.sha256()
    for path in sorted(target.rglob("*")):
        # Which previews there are hangs on the clock.
        if path.parent.name != "previews" and not path.name.startswith(".lock"):
            found.update(str(path.relative_to(target)).encode())
        if path.name != "weights.safetensors":
            continue
        for name, tensor in sorted(load_file(path).items()):
            found.update(name.encode())
            found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def survives_kill(
    name: str, stage: Stage, chance: random.Random, seconds: float, signals: Sequence[int] = SIGNALS
) -> str:
    """Kill the command at a random moment; what went wrong then, or nothing.

    seconds  that the command takes when nobody kills it
    signals  to choose from
    """
    command = stage.commands[name]
    before = look(command)
    more = clear_way(command)

    child = FORK.Process(target=lambda: os._exit(call(command, *more)))
    child.start()
    time.sleep(chance.uniform(0.0, seconds))
    os.kill(child.pid or 0, chance.choice(signals))
    child.join()
    return finish(name, stage, before)


def survives_full_disk(name: str, stage: Stage, chance: random.Random) -> str:
    """Let no file grow beyond a random size, as a disk without space does; what went wrong then, or nothing."""
    command = stage.commands[name]
    before = look(command)
    more = clear_way(command)

    def fill() -> None:
        limit = int(10 ** chance.uniform(1, 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        os._exit(call(command, *more))

    child = FORK.Process(target=fill)
    child.start()
    child.join()
    if child.exitcode not in (0, 1):
        return f"{name}: ended with {child.exitcode}"
    return finish(name, stage, before)


def clear_way(command: Command) -> tuple[str, ...]:
    """What to say so that the command does its work: replace the old result, or begin where nothing stands."""
    if command.again == FORCE:
        return (FORCE,)
    shutil.rmtree(command.target)
    return ()


@dataclass(frozen=True)
class Seen:
    """What stands there: the bits of the result, and when the run in it was begun."""

    digest: str
    begun: str


def look(command: Command) -> Seen:
    run = None if command.run is None else Run(command.run)
    return Seen(command.digest(command.target), run.record.created if run is not None and run.is_begun else "")


def finish(name: str, stage: Stage, before: Seen) -> str:
    """What is wrong with what stands there, with the same command afterwards, or with what lies beside it."""
    command = stage.commands[name]
    if command.again == FORCE:
        # The plain command must refuse, for the old result or the new one stands there whole.
        refused, found = call(command), look(command)
        more = (FORCE,)
        if refused == 1 and found.begun > before.begun:
            # A trained run goes with the first checkpoint of the one that replaces it, which is gone on with.
            more = (RESUME,)
        elif refused != 1 or found != before:
            left = sorted(path.name for path in command.target.rglob(".*")) if command.target.is_dir() else []
            # Made again, so that the next kill begins with a whole one, and one fault is not told twice.
            call(command, *more)
            return f"{name}: what stood there is lost or another ({refused}), with {left} in it"
    else:
        # A training has no old result to keep: its checkpoint is gone on with.
        more = (RESUME,) if command.run is not None and Run(command.run).is_begun else ()

    if call(command, *more) != 0:
        return f"{name}: the same command fails"
    if command.digest(command.target) != before.digest:
        return f"{name}: the same command makes something else"
    within = command.target.rglob(".*") if command.target.is_dir() else []
    beside = sorted(path.name for path in (*command.target.parent.iterdir(), *within) if LEFTOVER.fullmatch(path.name))
    return f"{name}: {beside} is left over" if beside else ""


def measure_seconds(stage: Stage) -> dict[str, float]:
    """How long each command takes when nothing happens to it."""
    seconds = {}
    for name, command in stage.commands.items():
        more = clear_way(command)
        began = time.monotonic()
        call(command, *more)
        seconds[name] = time.monotonic() - began
    return seconds
