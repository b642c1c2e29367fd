"""How the studio and its processes talk: long messages, broken ones, limits, and what is done about them."""

import asyncio
import io
import json
import resource
from pathlib import Path
from typing import Any

import pytest

from muybridge.errors import InputError
from muybridge.studio import Limits, Settings, child_process
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.child_process import BROKEN, ChildProcess
from muybridge.studio.clips import Clips
from muybridge.studio.decode_upload import GRACE, limit_process
from muybridge.studio.events import Events
from muybridge.studio.messages import SENTENCE, Channel, describe_failure, pack_message, unpack_header
from muybridge.studio.records import ATTEMPTS
from muybridge.studio.runs import Runs
from muybridge.studio.storage import Storage
from muybridge.studio.worker_pool import Outcome, WorkerPool

SPEAKING = """
import sys
from muybridge.studio.messages import Channel
channel = Channel.open()
print("what a library prints")
while message := channel.read():
    channel.write({"said": message[0].get("say")}, message[1] * 2)
"""


async def _speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChildProcess:
    (tmp_path / "speaker.py").write_text(SPEAKING)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(child_process.__file__).parents[2]}")
    return await ChildProcess.start("speaker")


def test_messages_are_as_long_as_they_need_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a line may be that asyncio reads, and with bodies that are no text."""

    async def ask() -> None:
        process = await _speaker(tmp_path, monkeypatch)
        for words, body in (("short", b""), ("é" * 1_250_000, b"\n\0\xff" * 500_000)):
            assert await process.ask({"say": words}, body) == ({"said": words}, body * 2)
        await process.end()

    asyncio.run(ask())


def test_a_process_that_ends_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        process = await _speaker(tmp_path, monkeypatch)
        process.process.kill()
        with pytest.raises(BROKEN):
            await process.ask({"say": "hello"})
        await process.end()
        assert not process.is_running

    asyncio.run(ask())


def test_a_message_that_nobody_can_mean_is_refused() -> None:
    with pytest.raises(ValueError, match="a message of"):
        unpack_header(b"\xff" * 8)
    assert Channel(io.BytesIO(pack_message({"a": 1})[:-2]), io.BytesIO()).read() is None


@pytest.mark.parametrize("length", [17_000, 1_250_000])
def test_what_went_wrong_is_said_in_a_sentence(length: int) -> None:
    """A file's own words are in it, and a file can say much."""
    told = describe_failure(InputError("it has " + "x" * length + ", which is no number", "y" * length))
    assert len(told["message"]) <= SENTENCE
    assert len(told["hint"]) <= SENTENCE
    assert told["message"].startswith("it has xxx")
    assert told["message"].endswith(", which is no number")


def test_the_person_reads_of_time_and_not_of_memory() -> None:
    """Where soft and hard limit were the same, the process was killed without a word."""
    set_limits: dict[int, tuple[int, int]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resource, "setrlimit", lambda what, pair: set_limits.update({what: pair}))
        limit_process(7, None)
    soft, hard = set_limits[resource.RLIMIT_CPU]
    assert hard == soft + GRACE


class Refusing(WorkerPool):
    """Every task breaks in a way that nobody has foreseen."""

    async def run(self, *_: Any) -> Outcome:
        raise ValueError("this is new")


def _import_record(storage: Storage, **more: Any) -> dict[str, Any]:
    record = storage.new("imports", {"name": "faces", "state": "reading", "created": "2026", **more})
    (storage.folder("imports", record["id"]) / "checkpoint").write_bytes(b"x")
    return record


def test_what_breaks_unforeseen_fails_and_does_not_begin_again(tmp_path: Path) -> None:
    async def begin() -> dict[str, Any]:
        storage = Storage(tmp_path)
        models = AnimationModels(storage, Refusing(), Events(), Settings(tmp_path))
        record = _import_record(storage)
        models.begin()
        await asyncio.gather(*models.tasks.values())
        await storage.writer.flush()
        return storage.load("imports", record["id"])

    failed = asyncio.run(begin())
    assert failed["state"] == "failed"
    assert "this is new" in failed["message"]


def test_a_file_that_ends_studios_is_left_alone(tmp_path: Path) -> None:
    """An import that is begun by each new studio, and takes it along each time."""
    record = _import_record(Storage(tmp_path))

    async def begin() -> str:
        storage = Storage(tmp_path)
        models = AnimationModels(storage, WorkerPool(), Events(), Settings(tmp_path))
        models.begin()
        for task in models.tasks.values():
            task.cancel()
        await storage.writer.flush()
        return str(storage.load("imports", record["id"])["state"])

    states = [asyncio.run(begin()) for _ in range(ATTEMPTS)]
    assert states == ["reading"] * (ATTEMPTS - 1) + ["failed"]


@pytest.mark.parametrize("kind", ["clips", "runs", "imports", "animations"])
@pytest.mark.parametrize("without", ["made", "files", "notes", "state", "clips", "created", "name", "version"])
def test_a_studio_starts_with_records_that_lack_something(tmp_path: Path, kind: str, without: str) -> None:
    """Every field of every kind, and one of another type."""
    whole = {"name": "one", "state": "failed", "created": "2026", "notes": [], "made": [], "files": [], "version": 1}
    whole |= {"clips": ["", ""], "names": ["", ""]}

    async def begin() -> int:
        storage = Storage(tmp_path)
        storage.new(kind, {name: value for name, value in whole.items() if name != without})
        storage.new(kind, {**whole, without: {"what": 3}})
        await storage.writer.flush()
        for keeper in (Clips, Runs, AnimationModels):
            keeper(storage, WorkerPool(), Events(), Settings(tmp_path, limits=Limits())).begin()
        return len(storage.all(kind))

    assert asyncio.run(begin()) >= 1


def test_no_page_waits_while_a_record_reaches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was saved last is what is read, on the page at once and on the disk a moment later."""
    from muybridge.studio import record_writer

    slow = record_writer.replace_file
    written: list[float] = []

    def replace_slowly(path: Path, content: bytes) -> None:
        import time

        time.sleep(0.2)
        slow(path, content)
        written.append(time.monotonic())

    monkeypatch.setattr(record_writer, "replace_file", replace_slowly)

    async def save() -> tuple[float, dict[str, Any]]:
        storage = Storage(tmp_path)
        loop = asyncio.get_running_loop()
        before = loop.time()
        record = storage.new("clips", {"name": "one"})
        for name in ("two", "three", "four"):
            storage.save("clips", {**record, "name": name})
        took = loop.time() - before
        assert storage.load("clips", record["id"])["name"] == "four"
        await storage.writer.flush()
        return took, record

    took, record = asyncio.run(save())
    assert took < 0.15
    assert json.loads((tmp_path / "clips" / record["id"] / "clip.json").read_text())["name"] == "four"
    assert len(written) < 4  # what came after it is written with it
