"""Starting the studio: address, token, browser."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn

from muybridge.engine import settle
from muybridge.errors import MuybridgeError, RunError, UsageError
from muybridge.studio.app import create
from muybridge.studio.settings import Settings


def serve(settings: Settings, *, browser: bool = True, say: Callable[[str], object] = print) -> None:
    """Serve until Ctrl-C.

    settings  port 0 takes a free one; a token is made where other machines can reach it
    browser   open the page
    say       told the address
    Raises UsageError where the address cannot be listened on or the device is not there, RunError where another
    studio has the folder.
    """
    settle(settings.device, "float32")
    if not settings.loopback and settings.token is None:
        settings = replace(settings, token=secrets.token_urlsafe(24))
    with _folder(settings.runs), _listening(settings) as listening:
        settings = replace(settings, port=listening.getsockname()[1])
        address = address_of(settings)
        config = uvicorn.Config(
            create(settings),
            log_level="warning",
            ws_max_size=1 << 17,
            timeout_graceful_shutdown=2,
            server_header=False,
            limit_concurrency=512,
        )
        server = uvicorn.Server(config)
        say(f"The studio is open at {address}")
        if browser:
            threading.Timer(0.5, webbrowser.open, (address,)).start()
        server.run(sockets=[listening])


def address_of(settings: Settings) -> str:
    """What to type into a browser, with the token where there is one."""
    host = settings.host
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname() if settings.token is None else _own_address()
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}/" + (f"?token={settings.token}" if settings.token else "")


def _own_address() -> str:
    """This machine's address on its network; loopback where it has none."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # an address for documentation; nothing is sent
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"


@contextmanager
def _folder(runs: Path) -> Iterator[None]:
    """The folder held alone, so that two studios do not train the same runs."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        handle = os.open(runs / ".studio", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as e:
        raise MuybridgeError(f"{runs} cannot be used: {e.strerror}", "Name another folder with --runs.") from e
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as e:
        raise RunError(f"another studio has {runs} open", "Use its page, or name another folder with --runs.") from e
    finally:
        os.close(handle)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    if not 0 <= settings.port < 65536:
        raise UsageError(f"there is no port {settings.port}", "Ports go up to 65535; 0 takes a free one.")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        # Whoever comes between the address being told and the server being ready waits, instead of being refused.
        listening.listen(128)
    except OSError as e:
        listening.close()
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be listened on: {e.strerror}", "Choose another --port or --host."
        ) from e
    try:
        yield listening
    finally:
        listening.close()
