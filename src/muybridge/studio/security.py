"""What stands before every route: who may ask, from where, and what the browser may do with the answer."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from muybridge.studio.settings import Settings, is_loopback

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "muybridge-token"
SAFE = ("GET", "HEAD", "OPTIONS")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


class SecurityMiddleware:
    """ASGI middleware: Host, Origin and token are checked before anything is read.

    A page of another site can make this browser send requests here, and a name of its own can lead here (DNS
    rebinding): the first gives itself away by Origin, the second by Host.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        refused = self._refused(scope, headers)
        if refused is None:
            await self.app(scope, receive, self._dressed(scope, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refused[:100]})
        else:
            await _answer(send, 403, refused)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> str | None:
        if not self._known(headers.get("host", "")):
            return "This address is not the studio's own: open the one that it printed when it started."
        # The page itself may be linked to from anywhere; nobody but the page asks for what is behind it.
        ours = scope["type"] == "websocket" or scope["method"] not in SAFE or scope["path"].startswith("/api/")
        if ours and not self._same(headers):
            return "Another site asked this; the studio takes such requests from its own pages alone."
        if self.settings.token is not None and not self._knows_token(scope, headers):
            return "This studio asks for its token: open the whole address that it printed when it started."
        return None

    def _known(self, host: str) -> bool:
        """Loopback names for a loopback studio; elsewhere any address, but of names only the one it was given."""
        parts = _parts(f"//{host}")
        name = parts.hostname or "" if parts is not None else ""
        if is_loopback(name):
            return True
        if self.settings.loopback:
            return False
        # Browsers write names in small letters, whatever a person types.
        return name == self.settings.host.lower() or name.replace(".", "").isdigit() or ":" in name

    def _same(self, headers: dict[str, str]) -> bool:
        origin = headers.get("origin")
        if origin is not None:
            parts = _parts(origin)
            return parts is not None and parts.netloc == headers.get("host") and parts.scheme in ("http", "https")
        # No browser leaves Origin out of a request for a change without saying where it came from.
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")

    def _knows_token(self, scope: Scope, headers: dict[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        bearer = headers.get("authorization", "")
        said = [cookie.value if cookie else "", bearer.removeprefix("Bearer "), _asked(scope)]
        return any(hmac.compare_digest(s.encode(), str(self.settings.token).encode()) for s in said)

    def _dressed(self, scope: Scope, send: Send) -> Send:
        token = self.settings.token
        sets = scope["type"] == "http" and token is not None and _asked(scope) != ""

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                extra = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in there]
                if sets:
                    cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
                    extra.append((b"set-cookie", cookie.encode()))
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        return dressed


def _parts(address: str) -> SplitResult | None:
    """The parts of an address, or None for what is none, such as one with half a pair of brackets."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _asked(scope: Scope) -> str:
    """The token of the address, on the page itself only."""
    if scope.get("path") != "/":
        return ""
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])
    return values[0]


async def _answer(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    headers += [(k.encode(), v.encode()) for k, v in HEADERS.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
