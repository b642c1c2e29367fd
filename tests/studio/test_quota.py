"""How much comes in: limits hold while bytes arrive, together, and nothing of what was refused stays."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from muybridge.errors import InputError, MuybridgeError, UsageError
from muybridge.studio import Limits, Settings, quota
from muybridge.studio.animation_models import AnimationModels
from muybridge.studio.animations import Animations
from muybridge.studio.clips import Clips
from muybridge.studio.events import Events
from muybridge.studio.quota import Quota, size_of
from muybridge.studio.runs import Runs
from muybridge.studio.storage import Storage
from muybridge.studio.upload import STEP
from muybridge.studio.worker_pool import OnEvent, Outcome, WorkerPool


class Failing(WorkerPool):
    """Every file turns out to be no video and no checkpoint."""

    async def run(self, *_: Any) -> Outcome:
        return Outcome("failed", message="this is something else", hint=None)


class Endless(WorkerPool):
    """Every task goes on until it is cancelled."""

    async def run(self, key: str, lane: str, order: Any, on_event: OnEvent) -> Outcome:
        return await asyncio.Future()


def _made(folder: Path, pool: WorkerPool, **limits: int) -> tuple[Clips, AnimationModels]:
    settings = Settings(folder, limits=Limits(**limits))
    storage = Storage(folder, settings.limits.quota_bytes)
    return tuple(kind(storage, pool, Events(), settings) for kind in (Clips, AnimationModels))  # type: ignore[return-value]


async def _body(size: int, part: int = 1 << 20) -> AsyncIterator[bytes]:
    for begun in range(0, size, part):
        yield b"x" * min(part, size - begun)
        await asyncio.sleep(0)


def _files(folder: Path, kind: str) -> list[str]:
    return sorted(path.name for path in (folder / kind).rglob("*") if path.is_file())


def test_a_file_that_is_too_large_ends_while_it_comes_in(tmp_path: Path) -> None:
    """Without a length, too, and nothing of it stays."""
    clips, _ = _made(tmp_path, Failing(), upload_bytes=1000)
    with pytest.raises(InputError, match="larger than"):
        asyncio.run(clips.upload("big.mp4", _body(10**6, 100)))
    assert list((tmp_path / "clips").iterdir()) == []


@pytest.mark.parametrize("told", [True, False])
def test_uploads_at_the_same_time_share_the_quota(tmp_path: Path, told: bool) -> None:
    """Where nobody says how long they are, it is seen on the way."""
    clips, _ = _made(tmp_path, Failing(), quota_bytes=10 * 2**20)
    size = 9 * 2**20

    async def both() -> list[Any]:
        uploads = (clips.upload(name, _body(size), length=size if told else None) for name in ("a.mp4", "b.mp4"))
        return await asyncio.gather(*uploads, return_exceptions=True)

    said = asyncio.run(both())
    assert {type(each) for each in said} == {dict, InputError}
    assert any("are allowed" in str(each) for each in said)
    assert size_of(tmp_path) < 10 * 2**20


def test_one_upload_may_fill_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come of it is not counted beside what was announced."""
    monkeypatch.setattr(quota, "FRESH", 0.0)
    clips, _ = _made(tmp_path, Endless(), quota_bytes=4 * STEP + 10**5)
    record = asyncio.run(clips.upload("whole.mp4", _body(4 * STEP), length=4 * STEP))
    assert record["state"] == "reading"


def test_the_disk_is_looked_at_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([10**10, 10**10, 10**6])
    free = type("Usage", (), {"free": property(lambda _: next(left))})
    monkeypatch.setattr(quota.shutil, "disk_usage", lambda _: free())
    _, models = _made(tmp_path, Failing())

    async def sent() -> None:
        begun = await models.create("faces", "")
        await models.upload(begun["id"], _body(3 * STEP))

    with pytest.raises(InputError, match="less than 256 MB"):
        asyncio.run(sent())
    assert list((tmp_path / "imports").iterdir()) == []


def test_the_folder_is_not_walked_for_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[Path] = []
    monkeypatch.setattr(quota, "size_of", lambda folder, without: walks.append(folder) or 100)

    async def asked() -> None:
        room = Quota(tmp_path, 1000)
        assert await asyncio.gather(*(room.measure_used() for _ in range(20))) == [100] * 20
        assert len(walks) == 1
        with room.expect(tmp_path / "upload", 400):
            assert await room.measure_used() == 500
            with pytest.raises(InputError, match="allowed"):
                await room.refuse_full(501)
        assert await room.measure_used() == 100
        assert len(walks) == 2

    asyncio.run(asked())


def test_a_full_folder_takes_nothing_more(tmp_path: Path) -> None:
    clips, models = _made(tmp_path, Endless(), quota_bytes=1000)
    runs = Runs(clips.storage, clips.pool, clips.events, clips.settings)
    animations = Animations(clips.storage, clips.pool, clips.events, clips.settings, models)
    (tmp_path / "clips" / "much").write_bytes(b"x" * 2000)
    begun = (
        clips.upload("a.mp4", _body(1)),
        clips.draw_puppets("gif", 5, 64),
        clips.find("0" * 12, None, "auto"),
        clips.correct("0" * 12, 0, b""),
        runs.create({}),
        runs.act("0" * 12, "resume"),
        animations.create({}),
        models.create("faces", ""),
    )

    async def asked() -> list[Any]:
        return await asyncio.gather(*begun, return_exceptions=True)

    assert ["are allowed" in str(said) for said in asyncio.run(asked())] == [True] * len(begun)


def test_what_cannot_be_read_keeps_its_sentence_and_not_its_files(tmp_path: Path) -> None:
    clips, models = _made(tmp_path, Failing())

    async def sent() -> None:
        await clips.upload("a.mp4", _body(1000))
        begun = await models.create("faces", "options")
        await models.upload(begun["id"], _body(1000))
        await asyncio.gather(*clips.tasks.values(), *models.tasks.values())
        await clips.storage.writer.flush()

    asyncio.run(sent())
    assert [r["message"] for r in (*clips.storage.all("clips"), *clips.storage.all("imports"))] == [
        "this is something else"
    ] * 2
    assert _files(tmp_path, "clips") == ["clip.json"]
    assert _files(tmp_path, "imports") == ["import.json"]


def test_what_is_being_read_can_be_deleted(tmp_path: Path) -> None:
    clips, models = _made(tmp_path, Endless())

    async def sent() -> None:
        clip = await clips.upload("a.mp4", _body(1000))
        begun = await models.create("faces", "")
        await models.upload(begun["id"], _body(1000))
        tasks = [*clips.tasks.values(), *models.tasks.values()]
        await asyncio.sleep(0)
        await clips.remove(clip["id"])
        await models.remove(begun["id"])
        assert all(task.cancelled() for task in tasks)

    asyncio.run(sent())
    assert _files(tmp_path, "clips") == _files(tmp_path, "imports") == []


def test_a_clip_that_is_needed_meanwhile_stays(tmp_path: Path) -> None:
    """An animation takes it while the search for its silhouettes is being stopped: then that goes on."""
    clips, _ = _made(tmp_path, Endless())

    async def sent() -> None:
        record = clips.storage.new("clips", {"name": "cat", "state": "finding", "frames": 3, "version": 0})
        clips.resume(record)
        await asyncio.sleep(0)
        removing = asyncio.create_task(clips.remove(record["id"]))
        await asyncio.sleep(0)
        user = {"name": "cat moving", "picture": record["id"], "driving": record["id"]}
        clips.storage.new("animations", user)
        with pytest.raises(UsageError, match="used by cat moving"):
            await removing
        assert not clips.tasks[record["id"]].done()
        await clips.close()

    asyncio.run(sent())


def test_an_import_that_is_deleted_while_it_comes_in(tmp_path: Path) -> None:
    _, models = _made(tmp_path, Endless())

    async def sent() -> None:
        number = (await models.create("faces", ""))["id"]

        async def body() -> AsyncIterator[bytes]:
            yield b"x"
            await models.remove(number)
            async for part in _body(2 * STEP):
                yield part

        with pytest.raises(MuybridgeError, match="deleted"):
            await models.upload(number, body())

    asyncio.run(sent())
    assert list((tmp_path / "imports").iterdir()) == []


def test_so_many_imports_may_wait_for_their_file(tmp_path: Path) -> None:
    _, models = _made(tmp_path, Endless(), announced=2, imports=3)

    async def asked() -> None:
        first, _ = [await models.create(name, "") for name in ("one", "two")]
        with pytest.raises(UsageError, match="2 imports wait for their file"):
            await models.create("three", "")
        for record in [first, {**first, "id": "0" * 12}]:
            models.storage.folder("imports", first["id"]).with_name(record["id"]).mkdir(exist_ok=True)
            models.storage.save("imports", {**record, "state": "ready"})
        with pytest.raises(UsageError, match="3 imports are here already"):
            await models.create("four", "")

    asyncio.run(asked())


def test_what_a_killed_studio_was_taking_away_is_gone_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / "runs" / ".gone-0123456789ab"
    left.mkdir(parents=True)
    (left / "run.json").write_text("{}")
    Storage(tmp_path)
    assert not left.exists()
