"""Two in a queue, pause and resume, stop and keep, a killed worker, a studio that ends and comes back."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from open_studio import Studio, opened

from muybridge.errors import RunError, UsageError
from muybridge.run import Run
from muybridge.studio import Settings
from muybridge.studio.server import serve

LONG = 100_000
"""Steps that nobody waits for."""


def _state(studio: Studio, run: dict[str, Any], *wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = studio.wait(f"/api/runs/{run['id']}", lambda r: r["state"] in (*wanted, "failed"))
    return found


def _learning(studio: Studio, run: dict[str, Any], beyond: int = 0) -> dict[str, Any]:
    """It learns, and has come further than so many steps."""
    path = f"/api/runs/{run['id']}"
    found: dict[str, Any] = studio.wait(
        path, lambda r: r["state"] == "training" and r["progress"].get("step", 0) > 2 and r["progress"]["done"] > beyond
    )
    return found


def _act(studio: Studio, run: dict[str, Any], what: str) -> int:
    return studio.ask("POST", f"/api/runs/{run['id']}/actions/{what}").status


def test_runs_survive_their_worker_and_their_studio(tmp_path: Path) -> None:
    with opened(tmp_path) as studio:
        run = studio.train(studio.pair(), shape=LONG)
        _learning(studio, run)
        os.kill(studio.worker(), signal.SIGKILL)
        failed = _state(studio, run, "failed")
        assert "SIGKILL" in failed["message"]
        assert failed["hint"]
        assert _act(studio, run, "resume") == 202
        _learning(studio, run, failed["progress"]["done"])
        second = studio.train(run["clips"])
        assert second["state"] == "queued"
        assert _act(studio, run, "pause") == 202
        assert _act(studio, run, "pause") in (202, 409)  # a second tab
        paused = _state(studio, run, "paused")
        assert paused["state"] == "paused", paused
        assert paused["progress"]["done"] > 2
        assert _state(studio, second, "finished")["state"] == "finished"
        assert _act(studio, run, "resume") == 202
        _learning(studio, run, paused["progress"]["done"])
        studio.process.kill()
        studio.process.wait()
    with opened(tmp_path) as studio:
        assert {r["id"] for r in studio.get("/api/runs")} == {run["id"], second["id"]}
        _learning(studio, run, paused["progress"]["done"])  # by itself
        assert studio.ask("DELETE", f"/api/runs/{run['id']}").status == 409
        assert studio.ask("DELETE", f"/api/clips/{run['clips'][0]}").status == 409
        assert _act(studio, run, "keep") == 202
        kept = _state(studio, run, "kept")
        assert kept["state"] == "kept", kept
        assert any("stopped after" in note for note in kept["notes"])
        assert "report.html" in studio.get(f"/api/runs/{run['id']}/files")
        assert studio.ask("DELETE", f"/api/runs/{second['id']}").status == 204
        assert studio.ask("GET", f"/api/runs/{second['id']}").status == 404
        assert _act(studio, run, "resume") == 202
        far = _learning(studio, run, kept["progress"]["done"])["progress"]["done"]
    # Ended as it should be: the training kept its steps, and goes on with the next studio.
    _no_worker_is_left(tmp_path)
    record = json.loads((tmp_path / "runs" / run["id"] / "run.json").read_text(encoding="utf-8"))
    assert record["state"] == "queued"
    assert Run(tmp_path / "runs" / run["id"] / "out" / "run").record.done >= far


def _no_worker_is_left(runs: Path) -> None:
    until = time.monotonic() + 20
    left = ["?"]
    while left and time.monotonic() < until:
        left = [line for line in Path("/proc/locks").read_text().splitlines() if _locks(runs, line)]
        time.sleep(0.1)
    assert left == []


def _locks(runs: Path, line: str) -> bool:
    inodes = {str(p.stat().st_ino) for p in runs.rglob(".lock")}
    return line.split()[5].rsplit(":", 1)[-1] in inodes


def test_one_folder_has_one_studio(studio: Studio) -> None:
    with pytest.raises(RunError, match="another studio"):
        serve(Settings(studio.runs, port=0), browser=False)
    with pytest.raises(UsageError, match="cannot be listened on"):
        serve(Settings(studio.runs.parent / "other", port=int(studio.base.split(":")[2].strip("/"))), browser=False)


def test_two_tabs_do_not_overwrite_each_other(studio: Studio, finished: dict[str, Any]) -> None:
    path = f"/api/runs/{finished['id']}/edits"
    kept = studio.get(path)
    mine = {"revision": kept["revision"], "a": {"2": {"1": [0.1, 0.2]}}, "b": {}}
    assert studio.ask("PUT", path, mine).json == {"revision": kept["revision"] + 1}
    late = studio.ask("PUT", path, {**mine, "a": {}})
    assert late.status == 409
    assert "another tab" in late.json["message"]
    assert studio.get(path)["a"] == {"2": {"1": [0.1, 0.2]}}


def test_what_is_made_afterwards(studio: Studio, finished: dict[str, Any]) -> None:
    path = f"/api/runs/{finished['id']}/renders"
    wishes = [
        {"side": "a", "suffix": "gif", "background": "transparent"},
        {"side": "b", "suffix": "zip", "background": "#336699", "affine": False},
        {"side": "a", "suffix": "mp4", "background": "white", "driving": finished["clips"][1]},
    ]
    entries = [studio.ask("POST", path, wish).json for wish in wishes]
    assert studio.ask("POST", path, wishes[0]).json["file"] == entries[0]["file"]
    done = studio.wait(f"/api/runs/{finished['id']}", lambda r: all(m["state"] != "making" for m in r["made"]))
    assert [m.get("message") for m in done["made"] if m["state"] != "done"] == []
    for entry in entries:
        answer = studio.ask("GET", f"/api/runs/{finished['id']}/files/{entry['file'].replace('#', '%23')}")
        assert answer.status == 200
        assert len(answer.body) > 100
    assert studio.ask("POST", path, {"side": "a", "suffix": "mp4", "background": "transparent"}).status == 409
    assert studio.ask("POST", path, {"side": "a", "suffix": "mp4", "background": "../x"}).status == 422
    for name in ("../run.json", "..%2frun.json", "weights.safetensors", "%2e%2e"):
        assert studio.ask("GET", f"/api/runs/{finished['id']}/files/{name}").status == 404
    report = studio.ask("GET", f"/api/runs/{finished['id']}/files/report.html")
    assert report.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
