"""What stands before every route: who may ask, from where, and what the browser may do with the answer."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from muybridge.studio.settings import Settings, is_loopback

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
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
        self.app = app
        self.settings = settings
        # Cookies know no ports, and another studio of this machine has another token.
        self.cookie = f"{COOKIE}-{settings.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server's own start and end are no request of anybody's.
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        headers = {}
        for name, value in scope["headers"]:
            headers[name.decode("latin-1").lower()] = value.decode("latin-1")

        refusal = self._find_refusal(scope, headers)
        if refusal is None:
            await self.app(scope, receive, self._add_headers(scope, send))
        elif scope["type"] == "websocket":
            # A closing message has room for 123 bytes.
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[:100]})
        else:
            await _send_text(send, 403, refusal)

    def _find_refusal(self, scope: Scope, headers: dict[str, str]) -> str | None:
        if not self._is_own_host(headers.get("host", "")):
            return "This address is not the studio's own: open the one that it printed when it started."

        # The page itself may be linked to from anywhere; nobody but the page asks for what is behind it.
        ours = scope["type"] == "websocket" or scope["method"] not in SAFE or scope["path"].startswith("/api/")
        if ours and not _is_same_origin(headers):
            return "Another site asked this; the studio takes such requests from its own pages alone."
        if self.settings.token is not None and not self._has_token(scope, headers):
            return "This studio asks for its token: open the whole address that it printed when it started."
        return None

    def _is_own_host(self, host: str) -> bool:
        """Loopback names for a loopback studio; elsewhere any address, but of names only the one it was given."""
        parts = _split_address(f"//{host}")
        name = parts.hostname or "" if parts is not None else ""
        if is_loopback(name):
            return True
        if self.settings.loopback:
            return False
        # Browsers write names in small letters, whatever a person types.
        return name == self.settings.host.lower() or name.replace(".", "").isdigit() or ":" in name

    def _has_token(self, scope: Scope, headers: dict[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            cookie = None
        bearer = headers.get("authorization", "").removeprefix("Bearer ")

        token = str(self.settings.token).encode()
        tries = [cookie.value if cookie else "", bearer, _token_in_address(scope)]
        return any(hmac.compare_digest(text.encode(), token) for text in tries)

    def _add_headers(self, scope: Scope, send: Send) -> Send:
        token = self.settings.token
        # Only the page's own address has the token in it; what the page loads is let in by the cookie.
        sets_cookie = scope["type"] == "http" and token is not None and _token_in_address(scope) != ""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = set()
                for name, _ in message["headers"]:
                    given.add(name)

                extra = []
                for header in _encode_headers(HEADERS):
                    # The report comes with a stricter policy of its own.
                    if header[0] not in given:
                        extra.append(header)

                if sets_cookie:
                    extra += _encode_headers(
                        {"set-cookie": f"{self.cookie}={token}; HttpOnly; SameSite=Strict; Path=/"}
                    )
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        return send_with_headers


def _is_same_origin(headers: dict[str, str]) -> bool:
    origin = headers.get("origin")
    if origin is None:
        # No browser leaves Origin out of a request for a change without saying where it came from.
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")

    parts = _split_address(origin)
    return parts is not None and parts.netloc == headers.get("host") and parts.scheme in ("http", "https")


def _split_address(address: str) -> SplitResult | None:
    """The parts of an address, or None for what is none, such as one with half a pair of brackets."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _token_in_address(scope: Scope) -> str:
    """The token of the address, on the page itself only."""
    if scope.get("path") != "/":
        return ""
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])
    return values[0]


def _encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    encoded = []
    for name, value in headers.items():
        encoded.append((name.encode(), value.encode()))

    return encoded


async def _send_text(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), **HEADERS}
    await send({"type": "http.response.start", "status": status, "headers": _encode_headers(headers)})
    await send({"type": "http.response.body", "body": body})
