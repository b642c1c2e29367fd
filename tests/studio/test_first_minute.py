"""What happens to a clip in its first minute: a first look, limits, lanes, and how long the rest takes."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from muybridge.errors import InputError
from muybridge.puppets import scene
from muybridge.studio import Settings, glance
from muybridge.studio.clips import Clips
from muybridge.studio.decode_upload import _decode
from muybridge.studio.events import Events
from muybridge.studio.glance import FRAMES, STRIDE
from muybridge.studio.paces import Paces
from muybridge.studio.storage import Storage
from muybridge.studio.worker_pool import OnEvent, Outcome, WorkerPool
from muybridge.video import read, write

ORDER = {"frames": 600, "side": 64, "source_side": 8192, "source_pixels": 10**9, "glance": True}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    drawn = scene("gif", FRAMES * STRIDE, 64).a
    return Path(write(tmp_path_factory.mktemp("walk") / "upload.mp4", drawn.pixels, drawn.timing))


def test_the_subject_is_looked_for_before_all_is_read(walk: Path, tmp_path: Path) -> None:
    told: dict[str, Any] = {}
    _decode(walk, tmp_path, ORDER, lambda event, **more: told.update({event: more}))
    assert told.keys() - {"read"} == {"first", "glance"}
    found = told["glance"]
    assert found["frames"] == [STRIDE * i for i in range(FRAMES)]
    assert found["seconds"] > 0
    shown = read(tmp_path / "glance").pixels.float().mean((1, 2, 3))
    whole = read(tmp_path / "frames").pixels[found["frames"]].float().mean((1, 2, 3))
    assert (shown < whole).all()


def test_the_first_look_goes_first(walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong subject is to be seen within seconds; beside the reading, the look took twice as long."""
    find, read = glance.find, []

    def find_now(clip: Any) -> Any:
        time.sleep(0.3)
        read.append(sum("frames" in str(p.relative_to(tmp_path)) for p in tmp_path.glob("**/*.png")))
        return find(clip)

    monkeypatch.setattr(glance, "find", find_now)
    told: list[str] = []
    _decode(walk, tmp_path, ORDER, lambda event, **more: told.append(event))
    assert told == ["first", "glance"]
    assert 0 < read[0] < FRAMES * STRIDE - 2


def test_frames_wait_for_the_first_look_no_longer_than_a_person(
    walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that does much else, a look may take half a minute."""
    monkeypatch.setattr(glance, "PATIENCE", 0.1)
    read_first = threading.Event()
    find = glance.find

    def find_late(clip: Any) -> Any:
        assert read_first.wait(60), "reading stands still"
        return find(clip)

    monkeypatch.setattr(glance, "find", find_late)
    told: list[tuple[str, Any]] = []

    def tell(event: str, **more: Any) -> None:
        told.append((event, more))
        if event == "read":
            assert len(list((tmp_path / "frames").glob("*.png"))) == FRAMES * STRIDE
            read_first.set()

    result = _decode(walk, tmp_path, ORDER, tell)
    assert [event for event, _ in told] == ["first", "read", "glance"]
    assert told[1][1]["result"] == result


def test_what_has_been_read_is_shown_while_the_look_goes_on(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    read = {"frames": 40, "width": 64, "height": 48}

    class Reading(WorkerPool):
        async def run(self, key: str, lane: str, order: Any, on_event: OnEvent) -> Outcome:
            told.append(clips.all()[0])
            if lane == "reading":
                on_event({"event": "ready"})
                on_event({"event": "read", "result": read})
                told.append(clips.all()[0])
                on_event({"event": "glance", "frames": [0, 6], "seconds": 1.0})
                return Outcome("done", read)
            return Outcome("done", {})

    settings = Settings(tmp_path)
    clips = Clips(Storage(tmp_path, settings.limits.quota_bytes), Reading(), Events(), settings)

    async def upload() -> None:
        clip = await clips.upload("cat.mp4", _bytes())
        await clips.wait(clip["id"])

    asyncio.run(upload())
    assert [(clip["state"], clip.get("frames"), clip.get("glance")) for clip in (*told, clips.all()[0])] == [
        ("reading", None, None),
        ("finding", 40, None),
        ("finding", 40, [0, 6]),
        ("ready", 40, [0, 6]),
    ]


async def _bytes() -> AsyncIterator[bytes]:
    yield b"any"


def test_a_short_clip_is_soon_read_as_a_whole(tmp_path: Path) -> None:
    drawn = scene("gif", 5, 64).a
    upload = write(tmp_path / "short.mp4", drawn.pixels, drawn.timing)
    told: list[str] = []
    assert _decode(Path(upload), tmp_path, ORDER, lambda event, **more: told.append(event))["frames"] == 5
    assert told == ["first"]
    assert read(tmp_path / "glance").pixels.shape[0] == 1


def test_pixels_times_frames_are_limited_before_they_are_decoded(walk: Path, tmp_path: Path) -> None:
    """A file of 69 KB with 3,000 frames of 8000 x 8000 px held everybody up for three minutes."""
    most = 64 * 64 * 10
    with pytest.raises(InputError, match=f"64x64 px and there are {FRAMES * STRIDE} of them: that is too much"):
        _decode(walk, tmp_path, {**ORDER, "source_pixels": most}, lambda event, **more: None)
    assert not (tmp_path / "frames").exists()


def test_puppets_pass_the_queue() -> None:
    async def hold_all() -> None:
        pool = WorkerPool()
        assert not pool.is_full("reading")
        for _ in range(2):
            await pool.lanes["reading"].acquire()
        assert pool.is_full("reading")
        assert not pool.is_full("puppets")
        assert not pool.is_full("finding")

    asyncio.run(hold_all())


def test_a_pace_is_measured_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "machine.json"
    paces = Paces(path)
    assert paces.expect("silhouettes", 10) is None
    paces.note("silhouettes", 100, 50)
    assert Paces(path).expect("silhouettes", 10) == 5
    paces.note("silhouettes", 100, 150)
    assert Paces(path).expect("silhouettes", 10) == 10
    monkeypatch.setattr("platform.node", lambda: "another")
    assert Paces(path).expect("silhouettes", 10) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"here": 3}', '{"here": {"silhouettes": "fast"}}'])
def test_a_broken_file_of_paces_is_measured_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "machine.json"
    path.write_text(content, encoding="utf-8")
    paces = Paces(path)
    assert paces.expect("silhouettes", 10) is None
    paces.note("silhouettes", 1, 1)
    assert Paces(path).expect("silhouettes", 10) == 10
