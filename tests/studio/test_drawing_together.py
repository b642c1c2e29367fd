"""Poses of one run that wait are drawn in one batch, and nobody gets what another one asked for."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from muybridge.errors import MuybridgeError
from muybridge.studio.pose_client import PoseClient
from muybridge.studio.pose_worker import PoseWorker


class Recorded(PoseClient):
    """Answers each order with its own number, one message at a time, and keeps the messages."""

    def __init__(self, painters: int = 1, together: int = 32) -> None:
        super().__init__("cpu", painters, together)
        self.messages: list[list[Any]] = []
        self.go = asyncio.Semaphore(0)

    async def _ask_process(self, painter: Any, message: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        orders = message["orders"]
        if orders[0]["do"] == "load":
            return {"answers": [{"bytes": 0}]}, b""
        self.messages.append([order["number"] for order in orders])
        await self.go.acquire()
        if orders[0]["number"] == "broken":
            raise ConnectionError
        bodies = [str(order["number"]).encode() for order in orders]
        heads = [{"bytes": len(body), "number": order["number"]} for order, body in zip(orders, bodies, strict=True)]
        return {"answers": heads}, b"".join(bodies)


def _pose(number: object, run: str = "x", full: bool = False) -> dict[str, Any]:
    return {"do": "pose", "run": run, "full": full, "number": number}


def test_what_waits_for_one_run_goes_in_one_message() -> None:
    async def drag() -> None:
        client = Recorded()
        orders = [_pose(0), _pose(1), _pose(2, "y"), _pose(333), _pose(4, full=True), _pose(5)]
        orders.append({"do": "handles", "run": "x", "number": 6})
        asked = [asyncio.create_task(client.ask(order)) for order in orders]
        await asyncio.sleep(0)
        # A page that goes away takes nobody else's picture along.
        asked[1].cancel()
        for _ in orders:
            client.go.release()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(answers.pop(1), asyncio.CancelledError)
        orders.pop(1)
        for order, (head, body) in zip(orders, answers, strict=True):
            assert (head["number"], body) == (order["number"], str(order["number"]).encode())
        assert client.messages == [[0, 333, 5], [2], [4], [6]]

    asyncio.run(drag())


def test_a_crowd_is_drawn_by_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one begins once it has loaded the run, takes half, and ends after the crowd has gone."""
    monkeypatch.setattr("muybridge.studio.pose_client.IDLE", 0.05)

    async def drag() -> None:
        client = Recorded(painters=2)

        async def all_ask(count: int, run: str = "x") -> None:
            for _ in range(count):
                client.go.release()
            await asyncio.gather(*(client.ask(_pose(number, run)) for number in range(count)))

        await all_ask(3)
        assert not client.painters[1].runs
        await all_ask(10)
        while "x" not in client.painters[1].runs:
            await asyncio.sleep(0)
        client.messages.clear()
        await all_ask(10)
        assert client.messages == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
        client.messages.clear()
        await all_ask(2, "y")
        assert client.messages == [[0, 1]], "of a run that only the first one has"
        await asyncio.sleep(0.1)
        assert not client.painters[1].runs
        await client.close()

    asyncio.run(drag())


def test_who_waits_gets_what_is_wanted_when_it_is_drawn() -> None:
    """Whoever dragged in a crowd saw how things were when their turn was asked for, a batch or two ago."""

    async def drag() -> None:
        client = Recorded(together=2)
        wanted = dict.fromkeys("abcde", 1)

        def want(page: str) -> Callable[[], dict[str, Any]]:
            return lambda: _pose(f"{page}{wanted[page]}")

        asked = [asyncio.create_task(client.ask_newest(want(page))) for page in wanted]
        await asyncio.sleep(0.01)
        wanted.update(a=2, e=2)
        for _ in range(3):
            client.go.release()
        bodies = [body.decode() for _, body in await asyncio.gather(*asked)]
        assert bodies == ["a1", "b1", "c1", "d1", "e2"], "what is being drawn stays as it was"
        assert client.messages == [["a1", "b1"], ["c1", "d1"], ["e2"]]

    asyncio.run(drag())


def test_a_process_that_ends_is_told_to_all_who_waited_and_to_nobody_after() -> None:
    async def drag() -> None:
        client = Recorded()
        asked = [asyncio.create_task(client.ask(_pose(number))) for number in ("broken", 1)]
        await asyncio.sleep(0)
        client.go.release()
        client.go.release()
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(answer, MuybridgeError)
        assert (await client.ask(_pose(2)))[0]["number"] == 2
        waits = asyncio.create_task(client.ask(_pose(3)))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(asyncio.CancelledError):
            await waits

    asyncio.run(drag())


def test_keypoints_of_a_run_are_found_once(
    finished: dict[str, Any], studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time that a page was opened it took seconds."""
    run = str(Path(studio.runs) / "runs" / finished["id"] / "out" / "run")
    worker = PoseWorker("cpu")
    found = worker.find_handles(run)
    monkeypatch.setattr("muybridge.api.handles", None)
    assert worker.find_handles(run) is found


def test_poses_of_a_batch_are_what_each_is_alone(finished: dict[str, Any], studio: Any) -> None:
    run = Path(studio.runs) / "runs" / finished["id"] / "out" / "run"
    worker = PoseWorker("cpu")
    ways = [("a", 0, {}), ("ab", 4, {"1": (0.3, -0.2)}), ("ba", 1, {"0": (0.1, 0.1)}), ("b", 3, {"2": (0.2, 0.0)})]
    orders: list[dict[str, Any]] = []
    for side, frame, moves in ways:
        asked = {"side": side, "frame": frame, "moves": moves, "background": "black", "full": False}
        orders.append({"do": "pose", "run": str(run), **asked})
    wrong = {**orders[0], "frame": 99}
    together = worker.find_answers([*orders, wrong])
    assert "frame 99 does not exist" in together[-1][0]["message"]
    together = worker.find_answers(orders)
    for order, (head, picture) in zip(orders, together, strict=True):
        ((alone, single),) = worker.find_answers([order])
        assert head == alone
        assert len(head["sources"]) == 1
        assert np.abs(_pixels(picture) - _pixels(single)).max() <= 8, "the rounding of a batch, through a JPEG"


def _pixels(jpeg: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).astype(int)
