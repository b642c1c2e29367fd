"""So many and no more: clips, trainings, animations, sockets and cameras; and a crowd that drags at once."""

import asyncio
import json
import logging
import os
import signal
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from open_studio import Studio, opened
from tiny_runs import save_run

pytest.importorskip("websockets", reason="needs websockets: pip install 'muybridge[studio]'")

from websockets.asyncio.client import connect as crowd
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from muybridge.puppets import scene
from muybridge.studio.server import is_news
from muybridge.video import write

CROWD = 50
LONG = 100_000
"""Steps that nobody waits for."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, dict[str, Any]]]:
    """A studio that has as much as it may: two clips, and one run that learns."""
    limits = {"clips": 2, "queue": 1, "sockets": 1, "cameras": 1}
    with opened(tmp_path_factory.mktemp("full"), limits=limits) as studio:
        run = studio.train(studio.pair(), shape=LONG)
        studio.wait(f"/api/runs/{run['id']}", lambda r: r["progress"].get("step", 0) > 0)
        # It only has to be there: while it stands still, it takes no core from the others.
        worker = studio.worker()
        os.kill(worker, signal.SIGSTOP)
        yield studio, run
        os.kill(worker, signal.SIGCONT)


def _line(studio: Studio, path: str) -> ClientConnection:
    return connect(studio.base.replace("http", "ws") + path, additional_headers=studio.token)


def _refused(line: ClientConnection) -> str:
    """What a socket said before it was closed for good."""
    said = json.loads(line.recv(timeout=60))
    with pytest.raises(ConnectionClosed) as closed:
        line.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, said["message"])
    assert said["hint"]
    return str(said["message"])


def test_a_crowd_that_drags_at_once(studio: Studio, finished: dict[str, Any]) -> None:
    """Each of 50 pages gets the picture of its last wish, and nobody an error; how soon is measured elsewhere."""
    address = f"{studio.base.replace('http', 'ws')}api/runs/{finished['id']}/drag"

    async def one(turn: int) -> list[str | int]:
        said: list[str | int] = []
        async with crowd(address, max_size=2**24, additional_headers=studio.token) as line:
            for seq in range(1, 6):
                wish = {
                    "seq": seq,
                    "side": "ab"[turn % 2],
                    "frame": turn % 5,
                    "moves": {str(turn % 4): [0.02 * seq, 0]},
                }
                await line.send(json.dumps(wish))
                await asyncio.sleep(0.05)
            while 5 not in said:
                message = await line.recv()
                said.append(message if isinstance(message, str) else struct.unpack("<I", message[:4])[0])
                assert isinstance(said[-1], int), message
        return said

    async def all_of_them() -> list[list[str | int]]:
        return await asyncio.wait_for(asyncio.gather(*(one(turn) for turn in range(CROWD))), 200)

    told = asyncio.run(all_of_them())
    assert len(told) == CROWD
    assert all(said == sorted(said) for said in told)  # type: ignore[type-var]
    assert studio.ask("GET", "/api/about").status == 200


def test_a_clip_is_deleted_while_it_is_read(studio: Studio, tmp_path: Path) -> None:
    """Its process is stopped, and whoever waits behind it comes on."""
    drawn = scene("gif", 60, 96).a
    video = write(tmp_path / "long.mp4", drawn.pixels, drawn.timing).read_bytes()
    for states in (("reading",), ("finding",)):
        number = studio.upload("long.mp4", video)["id"]
        studio.wait(f"/api/clips/{number}", lambda clip, states=states: clip["state"] in states)
        assert studio.ask("DELETE", f"/api/clips/{number}").status == 204
        assert not (studio.runs / "clips" / number).exists()
    assert studio.clip(studio.upload("next.mp4", b"no video")["id"])["state"] == "failed"


def test_a_request_that_the_studios_end_cuts_off_leaves_no_traceback() -> None:
    def record(error: BaseException) -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "Exception", (), (type(error), error, None))

    assert not is_news(record(asyncio.CancelledError()))
    assert is_news(record(ValueError("a fault")))
    counted = "Cancel %s running task(s), timeout graceful shutdown exceeded"
    assert not is_news(logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, counted, (1,), None))


def test_so_many_clips(full: tuple[Studio, dict[str, Any]]) -> None:
    studio, _ = full
    upload = studio.ask("POST", "/api/clips?name=one", b"more", {"content-type": "application/octet-stream"})
    drawn = studio.ask("POST", "/api/clips/puppets", {"scene": "gif", "frames": 5, "size": 64})
    for refused in (upload, drawn):
        assert refused.status == 400
        assert refused.json["message"] == "2 clips are here already, the most there may be"
    assert len(studio.get("/api/clips")) == 2


def test_so_many_trainings(full: tuple[Studio, dict[str, Any]]) -> None:
    studio, run = full
    refused = studio.ask("POST", "/api/runs", {"clips": run["clips"], "preset": "smoke"})
    assert refused.status == 409
    assert refused.json == {"message": "1 trainings wait already", "hint": "Let some of them finish."}


def test_so_many_animations(full: tuple[Studio, dict[str, Any]]) -> None:
    studio, run = full
    save_run(studio.runs / "faces")
    model = next(m["id"] for m in studio.get("/api/models") if m["name"] == "faces")
    wish = {"model": model, "picture": run["clips"][0], "driving": run["clips"][1]}
    first, second = (studio.ask("POST", "/api/animations", wish) for _ in range(2))
    assert (first.status, second.status) == (201, 409)
    assert second.json["message"] == "1 animations wait already"
    assert studio.ask("DELETE", f"/api/animations/{first.json['id']}").status == 204


def test_so_many_pages_edit(full: tuple[Studio, dict[str, Any]]) -> None:
    studio, run = full
    path = f"api/runs/{run['id']}/drag"
    with _line(studio, path) as first:
        first.send("hello")
        assert "not something" in first.recv(timeout=60)
        with _line(studio, path) as second:
            assert _refused(second) == "1 pages are editing already, the most there may be"
        first.send("hello")
        assert "not something" in first.recv(timeout=60)
    with _line(studio, f"api/runs/{'0' * 12}/drag") as strange:
        assert _refused(strange) == "there is no run '000000000000' here"


def test_so_many_cameras(full: tuple[Studio, dict[str, Any]]) -> None:
    studio, run = full
    save_run(studio.runs / "dogs")
    model = next(m["id"] for m in studio.get("/api/models") if m["name"] == "dogs")
    with _line(studio, f"api/models/{model}/live"), _line(studio, f"api/models/{model}/live") as second:
        second.send(json.dumps({"picture": run["clips"][0]}))
        assert _refused(second) == "1 pages follow a camera already"
