"""Pages that go away in the middle, that say nothing for ever, and a studio that ends while they look."""

import asyncio
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from open_studio import Studio, opened

pytest.importorskip("uvicorn", reason="needs uvicorn: pip install 'muybridge[studio]'")

import uvicorn

from muybridge.studio.patience import BodyTimeout, PatientProtocol

SOON = 0.4


class Hasty(PatientProtocol):
    """One that waits for nobody."""

    headers_timeout = SOON


async def _read_all(scope: Any, receive: Any, send: Any) -> None:
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _talk(said: list[bytes], wait: float = 0.0) -> bytes:
    """What a server that is in a hurry answers before it closes the connection."""
    app = BodyTimeout(_read_all, SOON)
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=Hasty, log_level="error", lifespan="off"))
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listening]))
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    with suppress(ConnectionError):
        for part in said:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(wait)
    answer = b""
    with suppress(ConnectionError):  # it was closed while we spoke
        answer = await asyncio.wait_for(reader.read(), 15)
    writer.close()
    server.should_exit = True
    await serving
    listening.close()
    return answer


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nhost: x\r\nx-slow:"])
def test_headers_that_never_come_are_not_waited_for(said: bytes) -> None:
    began = time.monotonic()
    assert asyncio.run(_talk([said])) == b""
    assert time.monotonic() - began > 0.8 * SOON


def test_headers_that_come_one_by_one_do_not_keep_it_waiting() -> None:
    line = b"x-more: 1\r\n"
    assert asyncio.run(_talk([b"GET / HTTP/1.1\r\nhost: x\r\n", *[line] * 4], wait=SOON / 3)) == b""


def test_a_body_that_stops_is_answered_and_closed() -> None:
    said = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf"
    answer = asyncio.run(_talk([said]))
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_request_that_comes_in_time_is_answered() -> None:
    said = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 8\r\n\r\n"
    answer = asyncio.run(_talk([said, b"half", b"half"], wait=SOON / 3))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"ok")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[Studio, Path]]:
    """A studio, and what it says on its terminal."""
    log = tmp_path / "terminal.txt"
    with log.open("w") as errors, opened(tmp_path / "runs", errors=errors) as studio:
        yield studio, log


def _connect(studio: Studio) -> socket.socket:
    host, port = re.findall(r"//(.*):(\d+)/", studio.base)[0]
    return socket.create_connection((host, int(port)))


def _head(studio: Studio, first: str, *more: str) -> bytes:
    host = studio.base.removeprefix("http://").rstrip("/")
    lines = [first, f"host: {host}", f"authorization: {studio.token['authorization']}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def test_who_goes_away_leaves_no_traceback(terminal: tuple[Studio, Path]) -> None:
    """Uploads that are cut off, and Ctrl-C while a page listens: then the studio ends at once, and says nothing."""
    studio, log = terminal
    for _ in range(5):
        with closing(_connect(studio)) as line:
            first = "POST /api/clips?name=cut.mp4 HTTP/1.1"
            line.sendall(_head(studio, first, "content-length: 100000") + b"x" * 1000)
    listening = _connect(studio)
    listening.sendall(_head(studio, "GET /api/events HTTP/1.1"))
    assert listening.recv(1000)
    studio.wait("/api/clips", lambda clips: clips == [])
    began = time.monotonic()
    studio.process.send_signal(signal.SIGINT)
    assert studio.process.wait(60) == 0
    assert time.monotonic() - began < 8
    assert log.read_text() == ""
    listening.close()


def test_the_page_has_a_head(studio: Studio) -> None:
    answer = studio.ask("HEAD", "/")
    assert (answer.status, answer.body) == (200, b"")


def test_a_studio_of_this_machine_asks_for_its_token_as_well(studio: Studio) -> None:
    """Other people may be logged in here, too."""
    for path in ("/", "/api/runs"):
        assert studio.ask("GET", path, headers={"authorization": "Bearer wrong"}).status == 403
        assert studio.ask("GET", path).status == 200


def test_what_waits_for_its_turn_can_be_deleted(tmp_path: Path) -> None:
    with opened(tmp_path) as studio:
        first = studio.train(studio.pair(), shape=100_000)
        second = studio.train(first["clips"])
        studio.wait(f"/api/runs/{first['id']}", lambda run: run["state"] == "training")
        assert studio.get(f"/api/runs/{second['id']}")["state"] == "queued"
        assert studio.ask("DELETE", f"/api/runs/{second['id']}").status == 204
        assert studio.ask("GET", f"/api/runs/{second['id']}").status == 404
        assert studio.ask("DELETE", f"/api/runs/{first['id']}").status == 409
