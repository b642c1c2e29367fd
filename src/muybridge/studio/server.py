"""Starting the studio: address, token, browser."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import re
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import uvicorn

from muybridge.engine import resolve_device
from muybridge.errors import MuybridgeError, Option, RunError, Sentence, UsageError
from muybridge.studio.app import create
from muybridge.studio.events import Events
from muybridge.studio.patience import PatientProtocol
from muybridge.studio.settings import Settings

ANOTHER_FOLDER = Sentence("Name another folder with ", Option("runs"), ".")
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


class StudioServer(uvicorn.Server):
    """A server that first ends what would go on for ever: the lines on which pages hear of changes."""

    def __init__(self, config: uvicorn.Config, events: Events) -> None:
        super().__init__(config)
        self.events = events

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the lines of the pages, then everything else."""
        self.events.close()
        await super().shutdown(sockets)


def serve(
    settings: Settings, *, browser: bool = True, new_token: bool = False, say: Callable[[str], object] = print
) -> None:
    """Serve until Ctrl-C.

    settings   port 0 takes a free one; the folder's token is asked of every request
    browser    open the page
    new_token  make another token: pages that know the old one are sent away
    say        told the address, with the token
    Raises UsageError where the address cannot be listened on or the device is not there, RunError where another
    studio has the folder.
    """
    # First, because a wrong device would otherwise show in a worker, long after the page is open.
    resolve_device(settings.device, "float32")
    with _hold_folder(settings.runs), _listen(settings) as listening:
        settings = replace(
            settings,
            port=listening.getsockname()[1],
            token=settings.token or token_of(settings.runs, new=new_token),
        )
        address = address_of(settings)
        say(f"The studio is open at {address}")
        if browser:
            # Serving returns at the end only, so another thread has to open the page.
            threading.Timer(0.5, webbrowser.open, (address,)).start()

        # uvicorn raises Ctrl-C again once it has ended well.
        with suppress(KeyboardInterrupt):
            _make_server(settings).run(sockets=[listening])


def _make_server(settings: Settings) -> StudioServer:
    events = Events()
    config = uvicorn.Config(
        create(settings, events),
        http=PatientProtocol,
        log_level="warning",
        ws_max_size=1 << 17,
        timeout_graceful_shutdown=2,
        server_header=False,
        limit_concurrency=512,
    )
    logging.getLogger("uvicorn.error").addFilter(is_news)
    return StudioServer(config, events)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a line of the server's is worth a person's time: a request that the studio's own end cuts off is not."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError) and "graceful shutdown" not in str(record.msg)


def token_of(runs: Path, new: bool = False) -> str:
    """The token of a studio's folder, which is kept so that pages go on after a restart.

    It is made anew where there is none, where others may have read it, or where it was asked for.
    """
    path = runs / ".token"
    with suppress(OSError, ValueError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with open(handle, encoding="ascii") as file:
            kept = file.read(200).strip()
            mode = os.fstat(handle).st_mode
        # Others may have read one that they can read.
        if not new and TOKEN.fullmatch(kept) and not mode & 0o077:
            return kept

    made = secrets.token_urlsafe(24)
    try:
        # A new file instead of a changed one: nobody else may read it from its first byte on.
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(made)
    except OSError as e:
        raise MuybridgeError(f"{path} cannot be written: {e.strerror}", ANOTHER_FOLDER) from e

    return made


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
def _hold_folder(runs: Path) -> Iterator[None]:
    """The folder held alone, so that two studios do not train the same runs."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        handle = os.open(runs / ".studio", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as e:
        raise MuybridgeError(f"{runs} cannot be used: {e.strerror}", ANOTHER_FOLDER) from e

    try:
        # The lock ends with the process, however that ends.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as e:
        hint = Sentence("Use its page, or name another folder with ", Option("runs"), ".")
        raise RunError(f"another studio has {runs} open", hint) from e
    finally:
        os.close(handle)


@contextmanager
def _listen(settings: Settings) -> Iterator[socket.socket]:
    if not 0 <= settings.port < 65536:
        raise UsageError(f"there is no port {settings.port}", "Ports go up to 65535; 0 takes a free one.")

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    # The port of a studio that was just closed stays taken for a while otherwise.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    try:
        listening.bind((settings.host, settings.port))
        # Whoever comes between the address being told and the server being ready waits, instead of being refused.
        listening.listen(128)
    except OSError as e:
        listening.close()
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be listened on: {e.strerror}",
            Sentence("Choose another ", Option("port"), " or ", Option("host"), "."),
        ) from e

    try:
        yield listening
    finally:
        listening.close()
