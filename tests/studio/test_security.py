"""Who may ask: Host, Origin, token; and what every answer says to the browser."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from open_studio import opened

from muybridge.studio.security import SecurityMiddleware
from muybridge.studio.server import token_of
from muybridge.studio.settings import Settings

HERE = "127.0.0.1:8642"


async def _hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def ask(settings: Settings, method: str = "GET", path: str = "/", query: str = "", **headers: str) -> dict[str, Any]:
    """One request straight at the guard."""
    said = [(k.replace("_", "-").encode(), v.encode()) for k, v in {"host": HERE, **headers}.items()]
    kind = "websocket" if method == "WS" else "http"
    scope = {"type": kind, "method": method, "path": path, "query_string": query.encode(), "headers": said}
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    asyncio.run(SecurityMiddleware(_hello, settings)(scope, receive, send))
    first = sent[0]
    return {"status": first.get("status", first.get("code")), "headers": dict(first.get("headers", []))}


HOME = Settings(Path("."))
AWAY = Settings(Path("."), host="192.168.1.7", token="sesame")


@pytest.mark.parametrize("host", [HERE, "localhost:8642", "[::1]:8642", "127.0.0.1"])
def test_loopback_names_are_the_studio(host: str) -> None:
    assert ask(HOME, host=host)["status"] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.7",
        "",
        "localhost.evil:8642",
        "[",
        "[::1",
        "a]b",
        "[x]",
        "\u2100",
    ],
)
def test_other_names_are_not(host: str) -> None:
    """DNS rebinding: a name of somebody else that leads here."""
    assert ask(HOME, host=host)["status"] == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "WS"])
def test_other_sites_may_not_ask_for_changes(method: str) -> None:
    refused = 1008 if method == "WS" else 403
    assert ask(HOME, method, origin="https://evil.example")["status"] == refused
    assert ask(HOME, method, origin="null")["status"] == refused
    assert ask(HOME, method, origin="http://127.0.0.1:9999")["status"] == refused
    assert ask(HOME, method, sec_fetch_site="cross-site")["status"] == refused
    assert ask(HOME, method, origin=f"http://{HERE}")["status"] == 200
    assert ask(HOME, method)["status"] == 200  # a program, not a browser


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "WS"])
@pytest.mark.parametrize("origin", ["[", "http://[", "http://[::1", "http://a]b", "//", ""])
def test_an_origin_that_is_none_is_refused(method: str, origin: str) -> None:
    assert ask(HOME, method, path="/api/runs", origin=origin)["status"] == (1008 if method == "WS" else 403)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_link_to_the_page_and_ask_for_nothing_behind_it(site: str) -> None:
    """A page at another port of this machine is of the same site."""
    assert ask(HOME, sec_fetch_site=site)["status"] == 200
    assert ask(HOME, path="/app.js", sec_fetch_site=site)["status"] == 200
    assert ask(HOME, path="/api/events", sec_fetch_site=site)["status"] == 403
    assert ask(HOME, path="/api/events", sec_fetch_site="same-origin")["status"] == 200
    assert ask(HOME, path="/api/events", sec_fetch_site="none")["status"] == 200


def test_a_name_is_the_same_in_capitals() -> None:
    named = Settings(Path("."), host="MyBox", token="sesame")
    for host in ("mybox:8642", "MyBox:8642"):
        assert ask(named, query="token=sesame", host=host)["status"] == 200
    assert ask(named, query="token=sesame", host="otherbox:8642")["status"] == 403


def test_the_token_is_asked_for_everywhere() -> None:
    place = {"host": "192.168.1.7:8642"}
    assert ask(AWAY, **place)["status"] == 403
    assert ask(AWAY, path="/api/runs", query="token=sesame", **place)["status"] == 403
    assert ask(AWAY, path="/api/runs", cookie="muybridge-token-8642=wrong", **place)["status"] == 403
    assert ask(AWAY, path="/api/runs", authorization="Bearer sesame", **place)["status"] == 200
    assert ask(AWAY, path="/api/runs", cookie="muybridge-token-8642=sesame", **place)["status"] == 200
    first = ask(AWAY, query="token=sesame", **place)
    assert first["status"] == 200
    assert first["headers"][b"set-cookie"].startswith(b"muybridge-token-8642=sesame; HttpOnly; SameSite=Strict")
    assert ask(AWAY, query="token=sesame", host="evil.example")["status"] == 403


@pytest.mark.parametrize("status", [200, 403])
def test_answers_bind_the_browser(status: int) -> None:
    answer = ask(HOME, host=HERE if status == 200 else "evil.example")
    assert answer["status"] == status
    policy = answer["headers"][b"content-security-policy"].decode()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy.replace("https:", "")
    assert answer["headers"][b"x-content-type-options"] == b"nosniff"
    assert answer["headers"][b"referrer-policy"] == b"no-referrer"


def test_loopback_is_told_from_the_rest() -> None:
    assert all(
        Settings(Path("."), host=h).loopback for h in ("127.0.0.1", "127.3.4.5", "::1", "localhost", "LocalHost")
    )
    assert not any(Settings(Path("."), host=h).loopback for h in ("0.0.0.0", "::", "192.168.1.7", "example.org"))


def test_the_token_is_kept_for_those_who_may_know_it(tmp_path: Path) -> None:
    first, path = token_of(tmp_path), tmp_path / ".token"
    assert len(first) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert token_of(tmp_path) == first
    second = token_of(tmp_path, new=True)
    assert second != first
    assert token_of(tmp_path) == second
    path.chmod(0o644)  # now others may have read it
    third = token_of(tmp_path)
    assert third != second
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("short")
    assert len(token_of(tmp_path)) == 32
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert token_of(tmp_path) != elsewhere.read_text()
    assert not path.is_symlink()


def test_pages_go_on_after_a_restart(tmp_path: Path) -> None:
    """On an address that others can reach."""
    said = []
    for _ in range(2):
        with opened(tmp_path, "--host", "0.0.0.0") as studio:
            token = studio.address.split("?token=")[1]
            port = studio.base.split(":")[2].strip("/")
            here = replace(studio, address=f"http://127.0.0.1:{port}/?token=")
            assert here.ask("GET", "/api/runs").status == 403
            said.append(token)
            assert here.ask("GET", "/api/runs", headers={"cookie": f"muybridge-token-{port}={said[0]}"}).status == 200
    assert said[0] == said[1]
