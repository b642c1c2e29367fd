"""What strangers upload: a sentence, never a crash, and never more than the limits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from open_studio import Studio

from muybridge.puppets import scene
from muybridge.video import write

MANY = """
import json, os, sys
from pathlib import Path
import muybridge.video
from muybridge.errors import MuybridgeError
from muybridge.studio.decode_upload import decode_upload
for folder in sorted(Path(sys.argv[1]).iterdir()):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        order = {"folder": str(folder), "name": "it", "frames": 20, "side": 96}
        try:
            limits = {"source_side": 4096, "source_pixels": 10**9}
            said = decode_upload({**order, **limits, "seconds": 10, "memory": 2**31}, lambda *a, **k: None)
        except MuybridgeError as e:
            said = {"message": e.message}
        except MemoryError:
            said = {"message": "there was not enough memory for this"}
        print(json.dumps(said))
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(json.dumps({"name": folder.name, "status": status}))
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Small files that can be read."""
    folder = tmp_path_factory.mktemp("good")
    clip = scene("gif", 6, 48).a
    return {s: write(folder / f"clip{s}", clip.pixels, clip.timing).read_bytes() for s in (".mp4", ".gif", ".webm")}


def spoiled(good: dict[str, bytes]) -> dict[str, bytes]:
    """Files cut off, with bytes changed, of other kinds, or that lie about their size."""
    import random

    dice = random.Random(7)
    made = {
        "text": b"hello\n" * 50,
        "nulls": bytes(5000),
        "noise": dice.randbytes(5000),
        "html": b"<html><script>alert(1)</script></html>",
        "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "huge-png": _png(65535, 65535),
        "huge-gif": b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\2\2D\1\0;",
    }
    for suffix, content in good.items():
        for n in range(8):
            changed = bytearray(content)
            for _ in range(2**n):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
            made[f"changed-{suffix[1:]}-{n}"] = bytes(changed)
        for part in (0.02, 0.3, 0.7, 0.99):
            made[f"cut-{suffix[1:]}-{part}"] = content[: int(len(content) * part)]
    return made


def _png(width: int, height: int) -> bytes:
    """The head of a PNG, and nothing to decode."""
    sides = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + sides + b"\x08\2\0\0\0" + bytes(64)


def test_nothing_that_is_uploaded_breaks_the_reader(good: dict[str, bytes], tmp_path: Path) -> None:
    files = spoiled(good)
    for name, content in files.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "upload").write_bytes(content)
    environment = {k: v for k, v in os.environ.items() if k != "MUYBRIDGE_CHECK_SHAPES"} | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", MANY, str(tmp_path)], capture_output=True, text=True, env=environment, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    said: dict[str, dict[str, object]] = {}
    waiting: dict[str, object] = {}
    for line in lines:
        if "status" in line:
            assert line["status"] == 0, f"{line['name']} ended the process: {line['status']}"
            said[line["name"]], waiting = waiting, {}
        else:
            waiting = line
    assert set(said) == set(files)
    for name, answer in said.items():
        if "message" in answer:
            message = str(answer["message"])
            assert str(tmp_path) not in message, message
            assert len(message) > 10
        else:
            assert 1 <= int(str(answer["frames"])) <= 20, name
            assert max(int(str(answer["width"])), int(str(answer["height"]))) <= 96
    for name in ("text", "nulls", "noise", "html", "playlist", "concat", "huge-png", "huge-gif"):
        assert "message" in said[name], name
    assert any("frames" in answer for answer in said.values())


def test_uploads_through_the_door(studio: Studio, good: dict[str, bytes]) -> None:
    before = {clip["id"] for clip in studio.get("/api/clips")}
    names = ["../../evil.mp4", "\0.mp4", "a\r\nb.gif"]
    for name in names:
        clip = studio.clip(studio.upload(name, b"no video at all, but long enough to be looked at")["id"])
        assert clip["state"] == "failed"
        assert clip["message"]
        assert str(studio.runs) not in json.dumps(clip)
        assert not set(clip["name"]) & set("/\\\r\n\0")
        assert studio.ask("DELETE", f"/api/clips/{clip['id']}").status == 204
    empty = studio.ask("POST", "/api/clips?name=x", b"", {"content-type": "application/octet-stream"})
    assert empty.status == 400
    assert "empty" in empty.json["message"]
    assert {clip["id"] for clip in studio.get("/api/clips")} == before
    assert {p.name for p in (studio.runs / "clips").iterdir()} == before


def test_a_clip_is_read_masked_and_corrected(studio: Studio, good: dict[str, bytes]) -> None:
    clip = studio.clip(studio.upload("élan.gif", good[".gif"])["id"])
    assert (clip["state"], clip["name"], clip["frames"], clip["width"]) == ("ready", "élan", 6, 48)
    assert clip["how"] == "threshold"
    frame = studio.ask("GET", f"/api/clips/{clip['id']}/frames/2?height=24")
    assert frame.headers["content-type"] == "image/jpeg"
    assert frame.body[:2] == b"\xff\xd8"
    mask = studio.ask("GET", f"/api/clips/{clip['id']}/silhouettes/2").body
    said = studio.ask(
        "PUT", f"/api/clips/{clip['id']}/silhouettes/2", mask, {"content-type": "application/octet-stream"}
    )
    assert said.status == 202
    after = studio.clip(clip["id"])
    assert (after["how"], after["corrected"]) == ("corrected", [2])
    assert after["version"] > clip["version"]
    path = f"/api/clips/{clip['id']}/silhouettes/2"
    # What it says that it is, it need not be: this much is looked at before anything is decoded.
    for painted, said in ((b"no png", "no PNG"), (_png(16384, 16384), "16384x16384 px"), (mask[:20], "no PNG")):
        refused = studio.ask("PUT", path, painted, {"content-type": "application/octet-stream"})
        assert refused.status == 400
        assert said in refused.json["message"]
    assert studio.clip(clip["id"]) == after
    assert studio.ask("PUT", path, _png(48, 48), {"content-type": "application/octet-stream"}).status == 202
    kept = studio.clip(clip["id"])
    assert kept["state"] == "ready"
    assert kept["message"] == "the painted silhouette is a broken or truncated image"
    box = studio.ask("POST", f"/api/clips/{clip['id']}/silhouettes", {"box": [4, 4, 44, 44]})
    assert box.status == 202
    assert studio.clip(clip["id"])["how"] == "colour"
    assert studio.ask("GET", f"/api/clips/{clip['id']}/frames/99").status == 404
