"""Two in a queue, pause and resume, stop and keep, a killed worker, a studio that ends and comes back."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from open_studio import Studio, opened

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


def test_a_killed_worker_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as studio:
        run = studio.train(studio.pair(), shape=LONG)
        _learning(studio, run)
        os.kill(studio.worker(), signal.SIGKILL)
        failed = _state(studio, run, "failed")
        assert "SIGKILL" in failed["message"]
        assert failed["hint"]
        assert _act(studio, run, "resume") == 202
        _learning(studio, run)
        assert _act(studio, run, "pause") == 202
        assert _act(studio, run, "pause") in (202, 409)  # a second tab
        paused = _state(studio, run, "paused")
        assert paused["state"] == "paused", paused
        far = paused["progress"]["done"]
        assert far > 2
        second = studio.train(studio.pair())
        assert _state(studio, second, "finished")["state"] == "finished"
        # The studio ends while the first one learns, once as it should and once not.
        assert _act(studio, run, "resume") == 202
        further = _learning(studio, run, far)["progress"]["done"]
    with opened(tmp_path) as studio:
        assert {r["id"] for r in studio.get("/api/runs")} == {run["id"], second["id"]}
        assert _learning(studio, run)["progress"]["done"] >= further
        third = studio.train(studio.get(f"/api/runs/{second['id']}")["clips"])
        assert third["state"] == "queued"
        studio.process.kill()
        studio.process.wait()
    with opened(tmp_path) as studio:
        _learning(studio, run)
        assert studio.get(f"/api/runs/{third['id']}")["state"] == "queued"
        assert studio.ask("DELETE", f"/api/runs/{run['id']}").status == 409
        assert _act(studio, run, "keep") == 202
        kept = _state(studio, run, "kept")
        assert kept["state"] == "kept", kept
        assert any("stopped after" in note for note in kept["notes"])
        assert _state(studio, third, "finished")["state"] == "finished"
        files = studio.get(f"/api/runs/{run['id']}/files")
        assert "report.html" in files
        assert studio.ask("DELETE", f"/api/clips/{run['clips'][0]}").status == 409
        assert studio.ask("DELETE", f"/api/runs/{run['id']}").status == 204
        assert studio.ask("GET", f"/api/runs/{run['id']}").status == 404
    _no_worker_is_left(tmp_path)


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
    with opened_again(studio.runs) as said:
        assert "another studio has" in said


class opened_again:
    """A second studio on the same folder; what it complains of."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs

    def __enter__(self) -> str:
        import subprocess
        import sys

        from open_studio import PROGRAM

        command = [sys.executable, "-c", PROGRAM, "studio", "--port", "0", "--no-browser", "--runs", str(self.runs)]
        environment = {k: v for k, v in os.environ.items() if k != "MUYBRIDGE_CHECK_SHAPES"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)
        assert done.returncode == 1
        return done.stderr

    def __exit__(self, *error: object) -> None:
        return None


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
