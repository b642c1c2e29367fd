"""Every route keeps to its own OpenAPI description, whatever is asked; and the pages are the ones that are shipped."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from open_studio import Studio

import muybridge.studio

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis: pip install schemathesis")

PAGE = Path(muybridge.studio.__file__).parent / "page"
EXAMPLES = 4
ENDLESS = "/api/events"


def test_the_routes_do_as_they_say(studio: Studio) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    told = studio.get("/api/openapi.json")
    schema = schemathesis.openapi.from_dict(told)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == ENDLESS:
            continue
        seen += 1

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def asked(case: Any) -> None:
            answer = case.call(base_url=studio.address.rstrip("/"))
            case.validate_response(answer, checks=checks)
            if answer.status_code >= 400:
                said = answer.json()
                assert isinstance(said.get("message") or said.get("detail"), str), said

        asked()
    assert seen == sum(len(methods) for path, methods in told["paths"].items() if path != ENDLESS)


def test_events_tell_what_happens(studio: Studio) -> None:
    import urllib.request

    with urllib.request.urlopen(studio.address + "api/events", timeout=60) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.readline() == b"retry: 1000\n"
        clip = studio.upload("short.mp4", b"nothing")
        lines = []
        while not any('"failed"' in line and clip["id"] in line for line in lines):
            lines.append(stream.readline().decode())
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    mine = [t["state"] for t in told if t["id"] == clip["id"]]
    assert mine[0] == "reading"
    assert mine[-1] == "failed"


def test_the_page_is_ours_and_asks_nobody(studio: Studio) -> None:
    names = sorted(path.name for path in PAGE.iterdir())
    assert {"index.html", "app.js", "style.css"} <= set(names)
    for name in names:
        answer = studio.ask("GET", f"/{name}")
        assert answer.status == 200, name
        assert answer.body == (PAGE / name).read_bytes()
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        text = answer.body.decode()
        assert "https://" not in text, name
        assert "http://" not in text.replace("http://www.w3.org/", ""), name
        assert "innerHTML" not in text, name
    assert studio.ask("GET", "/").body == (PAGE / "index.html").read_bytes()
    for name in ("..%2fapp.py", "app.py", "../app.py", ".git"):
        assert studio.ask("GET", f"/{name}").status == 404
    assert studio.ask("GET", "/", headers={"host": "evil.example"}).status == 403
