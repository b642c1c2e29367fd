"""What is replaced is there whole, before and after, wherever the writing of it is killed."""

import errno
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from interrupting import interrupt_within
from muybridge import disk
from muybridge.disk import drafts
from muybridge.errors import MuybridgeError, OutputExistsError, RunError, TrainingError

STRIDE = 41
"""Of the instructions, every 41st is tried."""
CALLS = ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync", "open")


def write_new(target: Path) -> None:
    if target.suffix:
        disk.replace_file(target, b"new")
        return
    with disk.replace_folder(target) as draft:
        (draft / "inner").mkdir()
        for name in ("a.txt", "inner/b.txt"):
            (draft / name).write_bytes(b"new")


def killed_after(target: Path, calls: int) -> bool:
    """Replace the target in a process that dies after so many calls of the system; whether it came to that."""
    child = os.fork()
    if child == 0:
        left = calls

        def deadly(act: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return act(*args, **options)

            return call

        try:
            for name in CALLS:
                setattr(os, name, deadly(getattr(os, name)))
            write_new(target)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def old_folder(target: Path) -> None:
    (target / "inner").mkdir(parents=True)
    for name in ("a.txt", "inner/b.txt", "only-old.txt"):
        (target / name).write_bytes(b"old")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


OLD = {"a.txt": b"old", "inner/b.txt": b"old", "only-old.txt": b"old"}
NEW = {"a.txt": b"new", "inner/b.txt": b"new"}


def test_a_folder_is_whole_wherever_its_replacement_is_killed(tmp_path: Path) -> None:
    seen, calls = set(), 0
    while True:
        target = tmp_path / str(calls) / "mine"
        old_folder(target)
        killed = killed_after(target, calls)

        disk.recover(target)

        assert contents(target) in (OLD, NEW), f"killed after {calls} calls"
        assert os.listdir(target.parent) == ["mine"], f"left over after {calls} calls"
        seen.add(contents(target) == NEW)
        if not killed:
            break
        calls += 1
    assert contents(target) == NEW
    assert seen == {True, False}
    assert calls > 8


def test_a_file_is_whole_wherever_its_replacement_is_killed(tmp_path: Path) -> None:
    calls = 0
    while True:
        target = tmp_path / str(calls) / "mine.txt"
        target.parent.mkdir()
        target.write_bytes(b"old")
        killed = killed_after(target, calls)

        disk.sweep(target.parent)

        assert target.read_bytes() in (b"old", b"new")
        assert os.listdir(target.parent) == ["mine.txt"]
        if not killed:
            break
        calls += 1
    assert target.read_bytes() == b"new"
    assert calls > 3


def interrupted_after(target: Path, instructions: int) -> bool:
    """Replace the target in a process that Ctrl-C ends after so many instructions; whether it came to that."""
    child = os.fork()
    if child == 0:
        try:
            sys.settrace(interrupt_within((disk,), instructions))
            write_new(target)
            os._exit(0)
        finally:
            os._exit(130)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130


@pytest.mark.parametrize("name", ["mine", "mine.txt"])
def test_interrupted_at_any_instruction_it_is_whole(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    instructions, interrupted = 0, True
    while interrupted:
        target = tmp_path / str(instructions) / name
        old_folder(target.parent / "mine")
        (target.parent / "mine.txt").write_bytes(b"old")
        interrupted = interrupted_after(target, instructions)

        disk.sweep(target.parent)

        assert contents(target.parent / "mine") in (OLD, NEW), f"interrupted after {instructions}"
        assert (target.parent / "mine.txt").read_bytes() in (b"old", b"new"), f"interrupted after {instructions}"
        assert sorted(os.listdir(target.parent)) == ["mine", "mine.txt"], f"interrupted after {instructions}"
        instructions += STRIDE
    assert instructions > 8 * STRIDE


def test_the_next_replacement_sweeps_by_itself(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    old_folder(target)
    for calls in (3, 5, 6, 7):
        killed_after(target, calls)
    with disk.replace_folder(target) as draft:
        (draft / "c.txt").write_bytes(b"newest")
    assert contents(target) == {"c.txt": b"newest"}
    assert os.listdir(tmp_path) == ["mine"]


def test_a_draft_is_not_swept_while_its_writer_lives(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    with disk.replace_folder(target) as first:
        (first / "a.txt").write_bytes(b"first")
        with disk.replace_folder(target) as second:
            (second / "a.txt").write_bytes(b"second")
        disk.recover(target)
        assert (first / "a.txt").is_file()
        assert contents(target) == {"a.txt": b"second"}
    assert contents(target) == {"a.txt": b"first"}
    assert os.listdir(tmp_path) == ["mine"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_ends_badly_leaves_the_old(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "mine"
    old_folder(target)

    def fail() -> None:
        with disk.replace_folder(target) as draft:
            (draft / "a.txt").write_bytes(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert contents(target) == OLD
    assert os.listdir(tmp_path) == ["mine"]


def test_ctrl_c_between_the_two_renames_puts_the_old_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mine"
    old_folder(target)
    rename = os.rename

    def interrupted(source: Path, to: Path) -> None:
        rename(source, to)
        if str(to).endswith(".old"):
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), disk.replace_folder(target) as draft:
        (draft / "a.txt").write_bytes(b"new")
    assert contents(target) == OLD
    assert os.listdir(tmp_path) == ["mine"]


def test_many_at_once_leave_one_whole(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    old_folder(target)
    writers = [Thread(target=lambda: [write_new(target) for _ in range(10)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert contents(target) == NEW
    # Writers that meet may leave what one of them had moved aside; whoever comes next sweeps it.
    disk.recover(target)
    assert contents(target) == NEW
    assert os.listdir(tmp_path) == ["mine"]


def test_nobody_begins_to_write_what_is_being_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / ".mine.00000000.part"
    made.mkdir()  # by a writer who has not yet locked it
    sweeping = Event()
    remove = drafts._remove

    def slow(path: Path) -> None:
        sweeping.set()
        time.sleep(0.2)
        remove(path)

    monkeypatch.setattr(drafts, "_remove", slow)
    sweeper = Thread(target=disk.recover, args=(tmp_path / "mine",))
    sweeper.start()
    assert sweeping.wait(10)
    handle = os.open(made, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    assert not made.exists()
    os.close(handle)
    sweeper.join(10)


def test_names_as_long_as_they_can_be(tmp_path: Path) -> None:
    for name in ("x" * 255, "猫" * 85, "a" * 254 + "b", "a" * 255):
        disk.replace_file(tmp_path / name, name.encode())
        with disk.replace_folder(tmp_path / "folders" / name) as draft:
            (draft / "name").write_text(name)
    assert all(path.read_bytes().decode() == path.name for path in tmp_path.iterdir() if path.is_file())
    assert all((path / "name").read_text() == path.name for path in (tmp_path / "folders").iterdir())


def test_what_is_written_reaches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (flushed.append(os.readlink(f"/proc/self/fd/{handle}")), fsync(handle))
    )
    with disk.replace_folder(tmp_path / "mine") as draft:
        (draft / "a.txt").write_bytes(b"new")
    assert {str(draft), str(draft / "a.txt"), str(tmp_path)} <= set(flushed)


def test_a_full_disk_says_so_and_keeps_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mine"
    old_folder(target)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TrainingError, match="is full"), disk.replace_folder(target) as draft:
            (draft / "a.txt").write_bytes(b"new")
    assert contents(target) == OLD
    assert os.listdir(tmp_path) == ["mine"]


def test_only_what_a_kill_leaves_counts_as_blank(tmp_path: Path) -> None:
    assert disk.is_blank(tmp_path)
    assert not disk.is_blank(tmp_path / "nowhere")
    (tmp_path / ".lock").touch()
    (tmp_path / ".run.json.0123abcd.part").touch()
    (tmp_path / ".mine.0123abcd.old").mkdir()
    assert disk.is_blank(tmp_path)
    (tmp_path / ".hidden").touch()
    assert not disk.is_blank(tmp_path)


def test_a_folder_is_replaced_only_if_all_in_it_is_the_commands_own(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    (target / "masks").mkdir(parents=True)
    (target / "report.json").touch()

    def check(force: bool) -> None:
        disk.check_folder(target, force, lambda there: (there / "report.json").is_file(), "masks", ("masks", "*.json"))

    check(force=True)
    for name in (".DS_Store", ".lock", ".report.json.0123abcd.part"):
        (target / name).touch()
    check(force=True)
    with pytest.raises(OutputExistsError, match="exists already"):
        check(force=False)
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"holds thesis\.txt beside its masks"):
        check(force=True)
    (target / "report.json").unlink()
    with pytest.raises(OutputExistsError, match="holds other things than masks"):
        check(force=True)
    shutil.rmtree(target)
    check(force=False)
    target.write_text("mine")
    with pytest.raises(OutputExistsError, match="holds other things than masks"):
        check(force=True)


def test_what_a_kill_left_goes_at_the_next_start_though_that_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.csv").touch()
    (tmp_path / ".results.0123abcd.part").mkdir()
    with pytest.raises(OutputExistsError, match=r"table\.csv exists already"):
        disk.check_files(tmp_path, ("page.html", "table.csv"), False)
    assert os.listdir(tmp_path) == ["table.csv"]
    disk.check_files(tmp_path, ("page.html", "table.csv"), True)
    disk.check_files(tmp_path / "new", ("page.html",), False)
    with pytest.raises(OutputExistsError, match="is a file"):
        disk.check_files(tmp_path / "table.csv", (), True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": 1e400}', "finite"),
        (b'{"a": NaN}', "finite"),
        (b'{"a": -Infinity}', "finite"),
        (b'{"a": ' + b"9" * 5000 + b"}", "5000 digits|limit"),
        (b'{"a": ', "Expecting value"),
        (b"\xff\xfe\xfd", "decode"),
    ],
)
def test_json_that_no_reader_could_hold(tmp_path: Path, text: bytes, why: str) -> None:
    path = tmp_path / "said.json"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=why) as told:
        disk.read_json(path)
    assert len(str(told.value)) < 300


BAD_YAML = {
    "date": b"a: 2020-13-45",
    "digits": b"a: " + b"9" * 5000,
    "digits in sixties": b"a: 1" + b":59" * 3000,
    "digits in sixteens": b"a: 0x" + b"f" * 10_000,
    "deep": b"a: " + b"[" * 20_000 + b"]" * 20_000,
    "recursive": b"a: &x [1, *x]",
    "unfolding": b"".join(
        b"%c: &%c [%s]\n" % (n, n, b", ".join([b"*%c" % (n - 1)] * 9) if n > 97 else b"1") for n in range(97, 106)
    ),
    "broken": b"a: [1",
    "key": b"? {a: [1]}\n: 2",
    "bytes": b"\xff\xfe\xff",
    "object": b"a: !!python/object/apply:os.getcwd []",
}


@pytest.mark.parametrize("name", BAD_YAML)
def test_yaml_that_no_reader_could_hold(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its words are for whoever wraps it
        disk.parse_yaml(BAD_YAML[name])


def test_yaml_as_people_write_it() -> None:
    said = disk.parse_yaml(b"a: &size [64, 64]\nb: *size\nc: {lr: 1.0e-4, flag: true}\nd: .inf\n")
    assert said == {"a": [64, 64], "b": [64, 64], "c": {"lr": 1e-4, "flag": True}, "d": float("inf")}


def test_no_file_holds_a_reader_up(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    (tmp_path / "large.json").write_bytes(b" " * 2**20)
    began = time.monotonic()
    with pytest.raises(ValueError, match="no ordinary file"):
        disk.read_json(pipe)
    with pytest.raises(ValueError, match="MB"):
        disk.read_json(tmp_path / "large.json", limit=1000)
    with pytest.raises(OSError, match="directory"):
        disk.read_json(tmp_path)
    assert not disk.is_locked(pipe)
    assert time.monotonic() - began < 5


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    with disk.hold_lock(tmp_path / ".lock"):
        assert disk.is_locked(tmp_path / ".lock")
        with pytest.raises(RunError, match="another training"), disk.hold_lock(tmp_path / ".lock"):
            pass
    assert not disk.is_locked(tmp_path / ".lock")


def test_a_folder_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MuybridgeError, match="cannot be written"), disk.replace_folder(tmp_path / "file" / "mine"):
        pass
