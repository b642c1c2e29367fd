"""A trained run that another one replaces is there, whole, until the first checkpoint of the other."""

import errno
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import muybridge.run
from interrupting import interrupt_within
from muybridge import disk
from muybridge.errors import MuybridgeError
from muybridge.run import Checkpoint, Run

STRIDE = 250
"""Of the instructions, every 250th or so is tried; every 13th was, once, by hand."""
CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "open")


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    # A kill takes nothing from the disk that was written: only a power cut would.
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def train(run: Run, value: float) -> None:
    with run.hold_lock():
        run.save_data({"x": torch.full((2,), value)})
        run.save_checkpoint(Checkpoint(0, "shape", 1, 1, 0.5, {"w": torch.full((3,), value)}))


def make_old(path: Path) -> None:
    run = Run.create(path, "old", {"size": 1}, keep_lock=True)
    train(run, 1.0)
    run.log({"done": 1})
    run.save_preview(1, torch.zeros(3, 2, 2, dtype=torch.uint8))
    (path / "tensorboard").mkdir()
    (path / "tensorboard" / "events.out.tfevents.1").write_text("old")
    (path / "previews" / "thesis.txt").write_text("mine")
    (path / "thesis.txt").write_text("mine")


def replace_old(path: Path) -> None:
    train(Run.create(path, "new", {"size": 2}, force=True, keep_lock=True), 2.0)


def look(path: Path) -> str:
    """Which run stands there, if all that is in it agrees."""
    run = Run.open(path)
    value = run.load_weights()["w"][0].item()
    told = (run.record.method, run.config["size"], value, run.load_data()["x"][0].item())
    events = list((path / "tensorboard").glob("*"))
    shown = (len(run.read_log()), len(run.previews()), len(events))
    assert (told, shown) in ((("old", 1, 1.0, 1.0), (1, 1, 1)), (("new", 2, 2.0, 2.0), (0, 0, 0)))
    assert (path / "thesis.txt").read_text() == (path / "previews" / "thesis.txt").read_text() == "mine"
    assert not run.busy
    return run.record.method


def in_child(act: Callable[[Path], object], path: Path, disturb: Callable[[int, str, tuple], None]) -> int:
    """The exit code of a process that does it, in which each change of a file in the folder is told first."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    counted = 0

    def hear(event: str, given: tuple) -> None:
        nonlocal counted
        if event in CHANGES and str(given[0]).startswith(str(path)):
            counted += 1
            disturb(counted, event, given)

    try:
        sys.addaudithook(hear)
        act(path)
    except MuybridgeError:
        os._exit(1)
    except BaseException:
        os._exit(2)
    os._exit(0)


def test_killed_at_any_change_either_run_is_whole(tmp_path: Path) -> None:
    chance = random.Random(0)
    seen = []
    code = -1
    while code != 0:
        path = tmp_path / str(len(seen)) / "run"
        make_old(path)

        def kill(number: int, event: str, given: tuple, last: int = 2 * len(seen) + 1) -> None:
            if number == last:
                os.kill(os.getpid(), signal.SIGKILL)

        code = in_child(replace_old, path, kill)
        # Whoever puts it back may be killed as well.
        last = chance.randint(1, 40)
        in_child(look, path, lambda number, event, given, last=last: kill(number, event, given, last))
        seen.append(look(path))
        with Run.open(path).hold_lock():
            kept = {".lock", "run.json", "config.json", "weights.safetensors", "data.safetensors", "thesis.txt"}
            assert {p.name for p in path.iterdir()} - {"log.jsonl", "previews", "tensorboard"} == kept

    assert seen == ["old"] * seen.count("old") + ["new"] * seen.count("new")
    assert seen.count("old") > 10
    assert seen.count("new") > 1


def test_interrupted_at_any_instruction_either_run_is_whole(tmp_path: Path) -> None:
    chance = random.Random(0)
    seen = []
    code, at = 2, 0
    while code == 2:
        path = tmp_path / str(at) / "run"
        make_old(path)

        def replace(path: Path, after: int = at) -> None:
            sys.settrace(interrupt_within((disk, muybridge.run), after))
            replace_old(path)

        code = in_child(replace, path, lambda *told: None)
        seen.append(look(path))
        # A look is enough: nobody has to write first for what was left to go.
        kept = {".lock", "run.json", "config.json", "weights.safetensors", "data.safetensors", "thesis.txt"}
        names = {p.name for p in path.iterdir()} - {"log.jsonl", "previews", "tensorboard"}
        assert names == kept, f"interrupted before instruction {at}"
        at += chance.randint(1, 2 * STRIDE - 1)

    assert code == 0
    assert seen == ["old"] * seen.count("old") + ["new"] * seen.count("new")
    assert seen.count("old") > 5
    assert seen.count("new") > 1


def test_a_full_disk_at_any_write_leaves_the_old_run(tmp_path: Path) -> None:
    seen = []
    code = -1
    while code != 0:
        path = tmp_path / str(len(seen)) / "run"
        make_old(path)

        def fill(number: int, event: str, given: tuple, last: int = 3 * len(seen) + 1) -> None:
            makes = event == "os.mkdir" or (event == "open" and given[2] & os.O_CREAT)
            if makes and number >= last:
                raise OSError(errno.ENOSPC, "No space left on device", str(given[0]))

        code = in_child(replace_old, path, fill)
        assert code in (0, 1)
        # Put back at once, by the process that failed.
        assert not list(path.glob(".replac*"))
        seen.append(look(path))

    assert seen[-1] == "new"
    assert set(seen) == {"old", "new"}


def test_a_link_in_the_place_of_what_lies_aside_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "weights.safetensors").write_text("mine")
    run = Run.create(tmp_path / "run", "toy", {})
    for name in (".replaced", ".replacing"):
        (run.path / name).symlink_to(outside)
        Run.open(run.path)
        assert (outside / "weights.safetensors").read_text() == "mine"
        assert not run.has_checkpoint


@pytest.mark.parametrize("again", [False, True])
def test_a_training_that_fails_before_its_first_checkpoint_gives_the_place_back(tmp_path: Path, again: bool) -> None:
    path = tmp_path / "run"
    make_old(path)
    for _ in range(1 + again):
        run = Run.create(path, "new", {}, force=True, keep_lock=True)
        with pytest.raises(ZeroDivisionError), run.hold_lock():
            raise ZeroDivisionError
        assert look(path) == "old"
