"""Runs that move a picture: imported or found; what is asked of them, refused, and taken back."""

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
from muybridge.puppets import scene
from muybridge.studio import moving_tasks
from muybridge.studio.filming import Filming, decoded
from muybridge.video import Timing, read, write

BYTES = {"content-type": "application/octet-stream"}
FRAMES = 4


def _import(studio: Studio, name: str, content: bytes) -> dict[str, Any]:
    begun = studio.ask("POST", "/api/movers", {"name": name})
    assert begun.status == 201, begun.body
    number = begun.json["id"]
    sent = studio.ask("PUT", f"/api/movers/{number}/checkpoint", content, BYTES)
    assert sent.status == 202, sent.body
    assert studio.ask("PUT", f"/api/movers/{number}/checkpoint", b"again", BYTES).status == 409
    assert studio.ask("DELETE", f"/api/movers/{number}").status == 409
    listed = studio.wait("/api/movers", lambda all_: _of(all_, number)["state"] in ("ready", "failed"))
    return _of(listed, number)


def _of(listed: list[dict[str, Any]], number: str) -> dict[str, Any]:
    return next(each for each in listed if each["id"] == number)


@pytest.fixture(scope="module")
def clips(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """A picture that is as wide as a row of frames, and a driving clip."""
    folder, drawn = tmp_path_factory.mktemp("clips"), scene("gif", FRAMES, 48)
    wide = np.tile(drawn.a.pixels[0].permute(1, 2, 0).numpy(), (1, 4, 1))[:, :, ::-1]
    cv2.imwrite(str(folder / "photo.png"), np.ascontiguousarray(wide))
    clip = write(folder / "walk.mp4", drawn.b.pixels, drawn.b.timing)
    numbers = []
    for path, use in ((folder / "photo.png", "picture"), (clip, "driving")):
        asked = studio.ask("POST", f"/api/clips?name={path.name}&use={use}", path.read_bytes(), BYTES)
        assert asked.status == 201, asked.body
        numbers.append(asked.json["id"])
    return studio.clip(numbers[0]), studio.clip(numbers[1])


def test_a_run_of_the_command_moves_a_picture(studio: Studio, clips: Any, tmp_path: Path) -> None:
    save_run(studio.runs / "my faces")
    (studio.runs / "elsewhere").symlink_to(save_run(tmp_path / "run"))
    found = [m for m in studio.get("/api/movers") if m["made_by"] == "fit"]
    assert [(m["name"], m["method"], m["state"], m["size"]) for m in found] == [("my faces", "fomm", "ready", 32)]
    assert found[0]["modes"] == ["relative", "standard"]
    assert studio.ask("DELETE", f"/api/movers/{found[0]['id']}").status == 404
    picture, driving = clips
    assert (picture["state"], picture["frames"], picture["width"]) == ("ready", 1, 192)
    assert (driving["state"], driving["frames"], driving["version"]) == ("ready", FRAMES, 0)
    wish = {"mover": found[0]["id"], "picture": picture["id"], "driving": driving["id"]}
    assert studio.ask("POST", "/api/animations", {**wish, "mode": "sideways"}).status == 409
    assert studio.ask("POST", "/api/animations", {**wish, "picture": "0" * 12}).status == 404
    asked = studio.ask("POST", "/api/animations", {**wish, "mode": "standard", "best_frame": True})
    assert asked.status == 201, asked.body
    other = studio.ask("POST", "/api/animations", wish)
    path = f"/api/animations/{asked.json['id']}"
    assert studio.ask("POST", f"{path}/files", {"suffix": "gif"}).status == 409
    made = studio.wait(path, lambda a: a["state"] in ("done", "failed"))
    # Taken back while it is made: the worker is stopped, and nothing stays.
    assert studio.ask("DELETE", f"/api/animations/{other.json['id']}").status == 204
    assert [p.name for p in (studio.runs / "animations").iterdir()] == [asked.json["id"]]
    assert made["state"] == "done", made
    assert made["name"] == "photo moving like walk"
    assert any("posed most like the source" in note for note in made["notes"])
    assert len(studio.get(f"{path}/times")["pts"]) == FRAMES
    assert studio.ask("GET", f"{path}/frames/{FRAMES - 1}?height=24").body[:2] == b"\xff\xd8"
    fetched = studio.ask("GET", f"{path}/files/photo-moving-like-walk.mp4?download=true")
    assert "attachment" in fetched.headers["Content-Disposition".lower()]
    (tmp_path / "kept.mp4").write_bytes(fetched.body)
    clip = read(tmp_path / "kept.mp4")
    assert (len(clip), clip.width, clip.height) == (FRAMES, 192, 48)
    assert studio.ask("GET", f"{path}/files/..%2fanimation.json").status == 404
    assert studio.ask("DELETE", f"/api/clips/{picture['id']}").status == 409
    assert studio.ask("DELETE", path).status == 204
    assert studio.ask("GET", path).status == 404


def test_clips_without_silhouettes_are_not_trained_on(studio: Studio, clips: Any) -> None:
    refused = studio.ask("POST", "/api/runs", {"clips": [clip["id"] for clip in clips]})
    assert refused.status == 409
    assert "no silhouettes" in refused.json["message"]


def test_what_a_file_really_is_is_told_through_the_door(studio: Studio) -> None:
    failed = _import(studio, "faces.pth.tar", b"<html><title>Sign in</title></html>")
    assert failed["state"] == "failed"
    assert 'faces.pth is an HTML page ("Sign in"), not a checkpoint' in failed["message"]
    assert str(studio.runs) not in json.dumps(failed)
    assert studio.ask("DELETE", f"/api/movers/{failed['id']}").status == 204
    assert not (studio.runs / "imports" / failed["id"]).exists()
    empty = studio.ask("POST", "/api/movers", {"name": "nothing"}).json["id"]
    assert studio.ask("PUT", f"/api/movers/{empty}/checkpoint", b"", BYTES).status == 400
    assert empty not in {m["id"] for m in studio.get("/api/movers")}


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The limits that a worker would set itself, which are not for the tests' own process."""
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(moving_tasks, "limit", lambda *given: asked.append(given))
    return asked


def _order(folder: Path) -> dict[str, Any]:
    return {"folder": str(folder), "name": "faces", "seconds": 9, "memory": 10, "one_file": 11}


@pytest.mark.parametrize(
    ("content", "config", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\nsize 357922299\n", "", "faces is a git-lfs pointer"),
        (b"\x80\x02cos\nsystem\n(S'true'\ntR.\xff\xfe", "", "faces is .* damaged or asks to run code"),
        (None, "just words", "the YAML is not a config of FOMM"),
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
        moving_tasks.importing(_order(tmp_path), print)
    assert str(tmp_path) not in str(told.value)
    assert unbounded == [(9, 10, 11)]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("method", ["monkeynet", "articulated", "fomm"])
def test_golden_checkpoints_import(method: str, unbounded: list[tuple[int, ...]], shared: Path, tmp_path: Path) -> None:
    golden = shared / "golden" / method
    (tmp_path / "checkpoint").write_bytes((golden / "checkpoint.pth").read_bytes())
    (tmp_path / "config.yaml").write_bytes((golden / "config.yaml").read_bytes())
    told = moving_tasks.importing(_order(tmp_path), print)
    assert (told["method"], told["live"]) == (method, True)
    assert not (tmp_path / "checkpoint").exists()


def test_a_checkpoint_that_moves_no_picture(unbounded: list[tuple[int, ...]], shared: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes((shared / "golden" / "jokr" / "checkpoint.pth").read_bytes())
    with pytest.raises(CheckpointError, match="faces is a checkpoint of jokr, which does not move a picture"):
        moving_tasks.importing(_order(tmp_path), print)
    assert not (tmp_path / "run").exists()


def _jpeg(pixels: torch.Tensor) -> bytes:
    return cv2.imencode(".jpg", np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()[:, :, ::-1]))[1].tobytes()


def test_the_process_that_follows_a_camera(tmp_path: Path) -> None:
    drawn = scene("dog-cat", 6, 64)
    write(tmp_path / "picture" / "frames", drawn.a.pixels[:1], Timing.constant(1))
    order = {"run": str(save_run(tmp_path / "run")), "picture": str(tmp_path / "picture"), "mode": "relative"}
    first, later = _jpeg(drawn.b.pixels[0]), _jpeg(drawn.b.pixels[4].flip(2))
    parts = [first, later, b"no picture", later, b"", later]
    frames = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    heard = io.BytesIO(json.dumps({**order, "device": "cpu"}).encode() + b"\n" + frames + b"\1\0")
    told = io.BytesIO()
    Filming(heard, told).serve()
    told.seek(0)
    answers = [(head := json.loads(line), told.read(head["bytes"])) for line in iter(told.readline, b"")]
    ready, at_first, moved, refused, again, anew = answers
    assert ready == ({"bytes": 0}, b"")
    assert "no picture" in refused[0]["message"]
    assert moved == again != at_first
    # From a new pose the picture stands as it stood at first.
    assert anew == at_first
    picture = decoded(moved[1])
    assert picture is not None
    assert picture.shape == (3, 64, 64)


def test_what_the_camera_s_socket_refuses(studio: Studio, clips: Any) -> None:
    client = pytest.importorskip("websockets.sync.client")
    host = studio.address.removeprefix("http://").rstrip("/")

    def told(number: str, wish: str) -> dict[str, Any]:
        with client.connect(f"ws://{host}/api/movers/{number}/live") as line:
            line.send(wish)
            answer: dict[str, Any] = json.loads(line.recv(timeout=20))
        return answer

    run = next(m["id"] for m in studio.get("/api/movers") if m["name"] == "my faces")
    picture = clips[0]["id"]
    assert "no import" in told("0" * 12, json.dumps({"picture": picture}))["message"]
    assert "no clip" in told(run, json.dumps({"picture": "0" * 12}))["message"]
    assert "cannot follow" in told(run, json.dumps({"picture": picture, "mode": "sideways"}))["message"]
    assert "not something" in told(run, "hello")["message"]
    with (
        pytest.raises(Exception, match="403"),
        client.connect(f"ws://{host}/api/movers/{run}/live", origin="http://evil.example"),
    ):
        pass
