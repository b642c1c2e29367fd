"""A studio started as a person starts it, in a process of its own, and asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from muybridge.batches.folder import BatchFolder
from tiny_jokr import TINY_NETWORKS

PROGRAM = "import sys; from muybridge.cli import main; sys.exit(main())"
LIMITED = """
import json, sys
from pathlib import Path
from muybridge.studio import Limits, Settings
from muybridge.studio.server import serve
serve(Settings(Path(sys.argv[1]), port=0, background=False, limits=Limits(**json.loads(sys.argv[2]))), browser=False)
"""
PATIENCE = 90.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Studio:
    """A studio that runs."""

    address: str
    """As it was printed, with the token."""
    runs: Path
    process: subprocess.Popen[str]

    @property
    def base(self) -> str:
        """Its address without the token."""
        return self.address.split("?")[0]

    @property
    def token(self) -> dict[str, str]:
        """The token as a header."""
        return {"authorization": f"Bearer {self.address.split('?token=')[1]}"}

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request; bytes go as they are, everything else as JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"content-type": "application/json", **self.token, **(headers or {})}
        request = urllib.request.Request(self.base.rstrip("/") + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as e:
            return Answer(e.code, e.read(), dict(e.headers))

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return answer.json

    def upload(self, name: str, content: bytes) -> dict[str, Any]:
        answer = self.ask(
            "POST", f"/api/clips?name={quote(name)}", content, {"content-type": "application/octet-stream"}
        )
        assert answer.status == 201, answer.body
        return answer.json  # type: ignore[no-any-return]

    def wait(self, path: str, ready: Callable[[Any], object]) -> Any:
        """What stands there, once it is as wished."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self.get(path)
            if ready(found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{path} is still {found}")

    def clip(self, number: str) -> dict[str, Any]:
        """A clip that nobody works on any more."""
        return self.wait(f"/api/clips/{number}", lambda c: c["state"] in ("ready", "failed"))  # type: ignore[no-any-return]

    def pair(self) -> list[str]:
        """Two puppets, ready."""
        answer = self.ask("POST", "/api/clips/puppets", {"scene": "gif", "frames": 5, "size": 64})
        assert answer.status == 201, answer.body
        return [self.clip(clip["id"])["id"] for clip in answer.json]

    def train(self, clips: list[str], shape: int = 2, texture: int = 2) -> dict[str, Any]:
        steps = {"shape.steps": shape, "texture.steps": texture, "motion.steps": 2}
        answer = self.ask("POST", "/api/runs", {"clips": clips, "preset": "smoke", "set": {**TINY_NETWORKS, **steps}})
        assert answer.status == 201, answer.body
        return answer.json  # type: ignore[no-any-return]

    def worker(self) -> int:
        """The process that trains: the one that has the run's lock."""
        held = {line.split()[4] for line in Path("/proc/locks").read_text().splitlines() if "FLOCK" in line}
        mine = {p.name for p in Path("/proc").iterdir() if p.name.isdecimal() and _parent(p) == self.process.pid}
        found = held & mine
        assert len(found) == 1, f"{held} {mine}"
        return int(found.pop())


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return 0


def write_batch(path: Path) -> BatchFolder:
    """A batch of one job that is done and one that has failed, as `muybridge batch` leaves it."""
    folder = BatchFolder(path)
    folder.open()
    states = {"good": {"status": "done"}, "broken": {"status": "failed", "error": "there is no video in a.mp4"}}
    for name, state in states.items():
        folder.place(name, "state.json").parent.mkdir(parents=True, exist_ok=True)
        folder.write_state(name, state)

    results = folder.results("good")
    results.mkdir(exist_ok=True)
    (results / "report.html").write_bytes(b"<p>a report</p>")
    (results / "a-moving-like-b.mp4").write_bytes(b"it is only fetched")
    return folder


@contextmanager
def opened(
    runs: Path, *options: str, limits: Mapping[str, int] | None = None, errors: IO[str] | None = None
) -> Iterator[Studio]:
    """Start one, and end it as the system does; limits are those of `Limits`, which the command does not take.

    errors  a file for what it says on its terminal
    """
    environment = {k: v for k, v in os.environ.items() if k != "MUYBRIDGE_CHECK_SHAPES"} | {"OMP_NUM_THREADS": "1"}
    asked = ["-c", PROGRAM, "studio", "--port", "0", "--no-browser", "--no-background", "--runs", str(runs), *options]
    if limits is not None:
        asked = ["-u", "-c", LIMITED, str(runs), json.dumps(limits)]
    process = subprocess.Popen(
        [sys.executable, *asked],
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "open at " in said, said
        yield Studio(said.split("open at ")[1].strip(), runs, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.stdout.close()
