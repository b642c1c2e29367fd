"""Every route keeps to its own OpenAPI description, whatever is asked; and the pages are the ones that are shipped."""

import json
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from open_studio import Studio, write_batch

import muybridge.studio

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis: pip install schemathesis")

PAGE = Path(muybridge.studio.__file__).parent / "page"
EXAMPLES = 4
LEFT_OUT = ("/api/events", "/api/samples")
"""What does not end, and what begins a training of minutes."""
ANY, RIGHTLY, WRONGLY = "any number", "what is here", "what is here, asked wrongly"


@pytest.fixture
def here(studio: Studio, finished: dict[str, Any]) -> Iterator[dict[str, dict[str, Any]]]:
    """What leads to something in an address, for each kind; copies, which nobody else needs."""
    kinds = ("runs", "animations", "clips", "models")
    before = {kind: {found["id"] for found in studio.get(f"/api/{kind}")} for kind in kinds}
    clip, run = _copied(studio.runs / "clips", finished["clips"][0]), _copied(studio.runs / "runs", finished["id"])
    (studio.runs / "clips" / clip / "glance").mkdir()
    # What was seen there once; the network that sees it is not here.
    (studio.runs / "clips" / clip / "parts").mkdir()
    for found in ("glance/00000.png", "parts/0-00000.png"):
        cv2.imwrite(str(studio.runs / "clips" / clip / found), np.zeros((8, 8, 3), np.uint8))
    previews = sorted((studio.runs / "runs" / run / "out" / "run" / "previews").iterdir())
    model = studio.ask("POST", "/api/models", {"name": "announced"}).json["id"]
    batch = write_batch(studio.runs / "batches" / "described").path.name
    yield {
        "batches": {"name": batch, "job": "good", "file": "report.html"},
        "clips": {"number": clip, "index": 0},
        "runs": {"number": run, "index": 0, "done": int(previews[0].stem), "name": "report.html"},
        "models": {"number": model},
        "animations": {"number": _animation(studio, finished), "index": 0, "name": "animation.mp4"},
    }
    # Something is being made of them, perhaps: then it is stopped.
    for kind in kinds:
        for number in {found["id"] for found in studio.get(f"/api/{kind}")} - before[kind]:
            _delete(studio, kind, number)


def _delete(studio: Studio, kind: str, number: str) -> None:
    """Take one away; a training is paused first, such as that of a sample."""
    end = time.monotonic() + 60
    while (status := studio.ask("DELETE", f"/api/{kind}/{number}").status) == 409:
        assert kind == "runs"
        assert time.monotonic() < end
        studio.ask("POST", f"/api/runs/{number}/actions/pause")
        time.sleep(0.2)
    # What belonged to a run may have gone with it.
    assert status in (204, 404)


def _copied(folder: Path, number: str) -> str:
    new = secrets.token_hex(6)
    shutil.copytree(folder / number, folder / new)
    record = next(path for path in (folder / new / "clip.json", folder / new / "run.json") if path.is_file())
    told = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps({**told, "id": new}), encoding="utf-8")
    return new


def _animation(studio: Studio, finished: dict[str, Any]) -> str:
    """A clip's own frames, as if they had been animated."""
    picture, driving = finished["clips"]
    folder = studio.runs / "animations" / secrets.token_hex(6)
    shutil.copytree(studio.runs / "clips" / driving / "frames", folder / "frames")
    (folder / "made").mkdir()
    (folder / "made" / "animation.mp4").write_bytes(b"it is only fetched")
    said = {"model": "0" * 12, "picture": picture, "driving": driving, "mode": None, "best_frame": False}
    more = {"name": "animation", "file": "animation", "state": "done", "files": [], "notes": [], "created": "2026"}
    (folder / "animation.json").write_text(json.dumps({"id": folder.name, **said, **more}), encoding="utf-8")
    return folder.name


@pytest.mark.parametrize("way", [ANY, RIGHTLY, WRONGLY])
def test_the_routes_do_as_they_say(studio: Studio, here: dict[str, dict[str, Any]], way: str) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    told = studio.get("/api/openapi.json")
    schema = schemathesis.openapi.from_dict(told)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    mode = GenerationMode.NEGATIVE if way == WRONGLY else GenerationMode.POSITIVE
    seen, said = set(), set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in LEFT_OUT:
            continue
        seen.add((operation.path, operation.method))
        if not _worth_asking(way, operation):
            continue

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def asked(case: Any) -> None:
            there = {} if way == ANY else here.get(case.operation.path.split("/")[2], {})
            case.path_parameters |= {
                name: value
                for name, value in there.items()
                if name in case.path_parameters and (name == "number" or way == RIGHTLY)
            }
            answer = case.call(base_url=studio.base.rstrip("/"), headers=studio.token, timeout=60)
            case.validate_response(answer, checks=checks)
            said.add((case.operation.label, answer.status_code))
            if answer.status_code >= 400:
                assert isinstance(answer.json()["message"], str)

        asked()
    assert len(seen) == sum(len(methods) for path, methods in told["paths"].items() if path not in LEFT_OUT)
    if way == RIGHTLY:
        assert [label for label, _ in said if label.startswith("GET") and (label, 200) not in said] == []


def _worth_asking(way: str, operation: Any) -> bool:
    """Where it is what is here: something that leaves it there, and has a number or, for wrong things, a body."""
    if way == ANY:
        return True
    return operation.method != "delete" and ("{" in operation.path or (way == WRONGLY and operation.method != "get"))


def test_events_tell_what_happens(studio: Studio) -> None:
    import urllib.request

    request = urllib.request.Request(studio.base + "api/events", headers=studio.token)
    with urllib.request.urlopen(request, timeout=60) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.readline() == b"retry: 1000\n"
        clip = studio.upload("short.mp4", b"nothing")
        lines = []
        while not any('"failed"' in line and clip["id"] in line for line in lines):
            lines.append(stream.readline().decode())
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    mine = [t["state"] for t in told if t["id"] == clip["id"]]
    # That bytes are still coming is said too, where they take long enough.
    assert next(state for state in mine if state != "uploading") == "reading"
    assert mine[-1] == "failed"


def test_the_page_is_ours_and_asks_nobody(studio: Studio) -> None:
    names = sorted(path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file())
    assert {"index.html", "app.js", "style.css", "views/start-view.js"} <= set(names)
    for name in names:
        answer = studio.ask("GET", f"/{name}")
        assert answer.status == 200, name
        assert answer.body == (PAGE / name).read_bytes()
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        # The sample's two clips are bytes, and no text.
        if name.endswith(".webm"):
            continue
        text = answer.body.decode()
        assert "https://" not in text, name
        assert "http://" not in text.replace("http://www.w3.org/", ""), name
        assert "innerHTML" not in text, name
    assert studio.ask("GET", "/").body == (PAGE / "index.html").read_bytes()
    for name in ("..%2fapp.py", "app.py", "../app.py", ".git"):
        assert studio.ask("GET", f"/{name}").status == 404
    assert studio.ask("GET", "/", headers={"host": "evil.example"}).status == 403
