"""Runs that move a picture: imported or found; what is asked of them, refused, and taken back."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from open_studio import Studio
from tiny_runs import save_checkpoint, save_run

from muybridge.errors import CheckpointError
from muybridge.puppets import SceneClips, scene
from muybridge.studio import animation_tasks, decode_upload, live_worker
from muybridge.studio.child_process import LARGEST_PICTURE, ChildProcess
from muybridge.studio.live_worker import LiveWorker, decode_jpeg
from muybridge.studio.messages import Channel, pack_message
from muybridge.video import Timing, write

BYTES = {"content-type": "application/octet-stream"}


def test_a_run_of_the_command_is_found(studio: Studio, finished: dict[str, Any], tmp_path: Path) -> None:
    save_run(studio.runs / "my faces")
    (studio.runs / "elsewhere").symlink_to(save_run(tmp_path / "run"))
    found = [m for m in studio.get("/api/models") if m["made_by"] == "fit" and m["name"] != "my dogs"]
    assert [(m["name"], m["method"], m["state"], m["size"]) for m in found] == [("my faces", "fomm", "ready", 32)]
    assert found[0]["modes"] == ["relative", "standard"]
    assert studio.ask("DELETE", f"/api/models/{found[0]['id']}").status == 404
    picture, driving = finished["clips"]
    wish = {"model": found[0]["id"], "picture": picture, "driving": driving}
    assert studio.ask("POST", "/api/animations", {**wish, "mode": "sideways"}).status == 409
    assert studio.ask("POST", "/api/animations", {**wish, "picture": "0" * 12}).status == 404
    made = studio.ask("POST", "/api/animations", wish)
    assert made.status == 201, made.body
    path = f"/api/animations/{made.json['id']}"
    assert studio.ask("POST", f"{path}/files", {"suffix": "gif"}).status == 409
    assert studio.ask("GET", f"{path}/times").status == 404
    # Taken back while it is made: nothing stays.
    assert studio.ask("DELETE", path).status == 204
    assert studio.ask("GET", path).status == 404
    assert list((studio.runs / "animations").iterdir()) == []


def test_an_import_waits_for_its_file(studio: Studio) -> None:
    begun = studio.ask("POST", "/api/models", {"name": "../faces.pth.tar"})
    assert (begun.status, begun.json["name"], begun.json["state"]) == (201, "faces.pth", "uploading")
    number = begun.json["id"]
    refused = studio.ask("POST", "/api/animations", dict.fromkeys(("model", "picture", "driving"), number))
    assert refused.status == 409
    assert "not ready" in refused.json["message"]
    assert studio.ask("PUT", f"/api/models/{number}/checkpoint", b"", BYTES).status == 400
    assert number not in {m["id"] for m in studio.get("/api/models")}
    assert not (studio.runs / "imports" / number).exists()


def test_a_wide_picture_is_no_row_of_frames(unbounded: list[tuple[int, ...]], tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "upload.png"), np.full((48, 192, 3), 90, np.uint8))
    (tmp_path / "upload.png").rename(tmp_path / "upload")
    order = {
        "folder": str(tmp_path),
        "name": "photo",
        "side": 96,
        "source_side": 4096,
        "source_pixels": 10**9,
        "seconds": 9,
        "memory": 10,
    }
    told = decode_upload.decode_upload({**order, "frames": 1, "strip": False}, print)
    assert (told["frames"], told["width"], told["height"], told["notes"]) == (1, 96, 24, [])
    row = decode_upload.decode_upload({**order, "frames": 3, "strip": None}, print)
    assert (row["frames"], row["width"], row["notes"]) == (3, 48, ["only its first 3 frames are used"])


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The limits that a worker would set itself, which are not for the tests' own process."""
    asked: list[tuple[int, ...]] = []
    for module in (animation_tasks, decode_upload, live_worker):
        monkeypatch.setattr(module, "limit_process", lambda *given: asked.append(given))
    return asked


def _order(folder: Path) -> dict[str, Any]:
    return {"folder": str(folder), "name": "faces", "seconds": 9, "memory": 10, "one_file": 11}


@pytest.mark.parametrize(
    ("content", "config", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\nsize 357922299\n", "", "faces is a git-lfs pointer"),
        (b"\x80\x02cos\nsystem\n(S'true'\ntR.\xff\xfe", "", "faces is .* damaged or asks to run code"),
        (None, "just words", "the YAML is not a YAML file of options"),
    ],
)
def test_a_sentence_for_every_other_file(
    content: bytes | None, config: str, said: str, unbounded: list[tuple[int, ...]], tmp_path: Path
) -> None:
    if content is None:
        save_checkpoint(tmp_path / "checkpoint")
    else:
        (tmp_path / "checkpoint").write_bytes(content)
    if config:
        (tmp_path / "config.yaml").write_text(config)
    with pytest.raises(CheckpointError, match=said) as told:
        animation_tasks.import_checkpoint(_order(tmp_path), print)
    assert str(tmp_path) not in str(told.value)
    assert unbounded == [(9, 10, 11)]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("method", ["monkeynet", "articulated", "fomm"])
def test_golden_checkpoints_import(method: str, unbounded: list[tuple[int, ...]], shared: Path, tmp_path: Path) -> None:
    golden = shared / "golden" / method
    (tmp_path / "checkpoint").write_bytes((golden / "checkpoint.pth").read_bytes())
    (tmp_path / "config.yaml").write_bytes((golden / "config.yaml").read_bytes())
    told = animation_tasks.import_checkpoint(_order(tmp_path), print)
    assert (told["method"], told["live"]) == (method, True)
    assert not (tmp_path / "checkpoint").exists()


def test_a_checkpoint_that_moves_no_picture(unbounded: list[tuple[int, ...]], shared: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes((shared / "golden" / "jokr" / "checkpoint.pth").read_bytes())
    with pytest.raises(CheckpointError, match="faces is a checkpoint of jokr, which does not move a picture"):
        animation_tasks.import_checkpoint(_order(tmp_path), print)
    assert not (tmp_path / "run").exists()


def _jpeg(pixels: torch.Tensor) -> bytes:
    return cv2.imencode(".jpg", np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()[:, :, ::-1]))[1].tobytes()


def _wish(folder: Path, drawn: SceneClips) -> dict[str, Any]:
    write(folder / "picture" / "frames", drawn.a.pixels[:1], Timing.constant(1))
    order = {"run": str(save_run(folder / "run")), "picture": str(folder / "picture"), "mode": "relative"}
    return {**order, "device": "cpu", "memory": 2**33}


def test_what_follows_a_camera(unbounded: list[tuple[int, ...]], tmp_path: Path) -> None:
    drawn = scene("dog-cat", 6, 64)
    wish = _wish(tmp_path, drawn)
    first, later = _jpeg(drawn.b.pixels[0]), _jpeg(drawn.b.pixels[4].flip(2))
    still = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    parts = [({}, first), ({}, later), ({}, b"no picture"), ({}, still), ({}, later), ({"again": True}, later)]
    frames = b"".join(pack_message(head, part) for head, part in parts)
    heard = io.BytesIO(pack_message(wish) + frames + b"\1\0")
    told = io.BytesIO()
    LiveWorker(Channel(heard, told)).serve()
    told.seek(0)
    answers = [*iter(Channel(told, io.BytesIO()).read, None)]
    assert unbounded == [(None, 2**33)]
    ready, at_first, moved, refused, other, again, anew = answers
    assert ready == ({}, b"")
    assert "no picture" in refused[0]["message"]
    assert other == refused  # no other decoder sees what comes from a page
    assert moved == again != at_first
    # From a new pose the picture stands as it stood at first.
    assert anew == at_first
    picture = decode_jpeg(moved[1])
    assert picture is not None
    assert picture.shape == (3, 64, 64)


def test_the_process_that_follows_a_camera_has_limits(tmp_path: Path) -> None:
    """As the studio starts it: a frame too large is refused before it is decoded, and the next one is drawn."""
    drawn = scene("dog-cat", 6, 64)
    huge = cv2.imencode(".jpg", np.zeros((2049, 2048, 3), np.uint8))[1].tobytes()
    whole = cv2.imencode(".jpg", np.zeros((2048, 2048, 3), np.uint8))[1].tobytes()
    frames = (huge, whole, _jpeg(drawn.b.pixels[0]))

    async def asked() -> tuple[list[tuple[dict[str, Any], bytes]], str]:
        process = await ChildProcess.start("muybridge.studio.live_worker", largest_picture=LARGEST_PICTURE)
        try:
            answers = [await process.ask(_wish(tmp_path, drawn))]
            answers += [await process.ask({}, frame) for frame in frames]
            return answers, Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
        finally:
            await process.end()

    (ready, refused, drawn_whole, drawn_small), limits = asyncio.run(asked())
    assert ready == ({}, b"")
    assert "no picture" in refused[0]["message"]
    assert drawn_whole[1].startswith(b"\xff\xd8")
    assert drawn_small[1].startswith(b"\xff\xd8")
    bounds = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert (bounds["Max open files"], bounds["Max core file size"]) == ("128", "0")
    assert int(bounds["Max address space"]) > 2**33


def test_what_the_camera_s_socket_refuses(studio: Studio, finished: dict[str, Any]) -> None:
    client = pytest.importorskip("websockets.sync.client")
    from websockets.exceptions import ConnectionClosed

    host = studio.base.removeprefix("http://").rstrip("/")

    def told(number: str, wish: str | bytes) -> str:
        with client.connect(f"ws://{host}/api/models/{number}/live", additional_headers=studio.token) as line:
            line.send(wish)
            answer = json.loads(line.recv(timeout=20))
            with pytest.raises(ConnectionClosed) as closed:
                line.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        assert closed.value.rcvd.reason.startswith(answer["message"][:100])
        return str(answer["message"])

    save_run(studio.runs / "my dogs")
    run = next(m["id"] for m in studio.get("/api/models") if m["name"] == "my dogs")
    picture = finished["clips"][0]
    assert "no import" in told("0" * 12, json.dumps({"picture": picture}))
    assert "no clip" in told(run, json.dumps({"picture": "0" * 12}))
    assert "cannot follow" in told(run, json.dumps({"picture": picture, "mode": "sideways"}))
    assert "not something" in told(run, "hello")
    assert "not something" in told(run, b"hello")
    with (
        pytest.raises(Exception, match="403"),
        client.connect(f"ws://{host}/api/models/{run}/live", origin="http://evil.example"),
    ):
        pass
