"""Getting one file from its publisher: resumed where it was cut, checked, and whole or not there at all."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from muybridge.errors import DownloadError, InputError, Option, OutputExistsError, Sentence, Verb
from muybridge.model_files.catalogue import ModelFile

Progress = Callable[[int, int], None]
"""Told how many bytes are here, and how many there will be."""

TRIES = 5
"""Times in a row that a connection may fail without bringing anything."""
WAIT = 1.0
"""Seconds before the second try; each further one waits twice as long."""
TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as cut."""
CHUNK = 2**18
SPARE = 2**26
"""Bytes that stay free on the disk."""


def download_model(entry: ModelFile, progress: Progress | None = None, wait: float = WAIT) -> Path:
    """Fetch one network's file from its publisher; what is there already, and right, is not fetched again.

    A part that an earlier call brought is gone on with. Proxies are taken from the environment (HTTPS_PROXY and so on).

    Raises DownloadError (no connection, no such file, no space, other content than was published), OutputExistsError
    where another file lies in its place.
    """
    target = entry.path
    if is_in_place(entry):
        return target

    # Under a name of its own, so that nobody takes a half of it for the whole.
    part = target.with_name(f"{target.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _check_space(entry, part)
        _bring(entry, part, progress or _keep_silent, wait)
        _put_in_place(entry, part)
    except OSError as error:
        _refuse_os_error(entry, part, error)
    return target


def copy_model(entry: ModelFile, source: Path) -> Path:
    """Put a file that a person brought on some other way in its place, once it is known to be the published one.

    source  the file, or a folder that holds it under its name

    Raises InputError (no such file, or another content), DownloadError (no space), OutputExistsError.
    """
    if is_in_place(entry):
        return entry.path
    brought = source / entry.file if source.is_dir() else source
    if not brought.is_file():
        raise InputError(f"there is no file {brought}", f"{entry.name} is the file that {entry.address} has.")
    found = sha256_of(brought)
    if found != entry.sha256:
        raise InputError(
            f"{brought} is not {entry.name} as it was published: its SHA-256 is {found}, expected {entry.sha256}",
            f"Get it from {entry.address}",
        )

    part = entry.path.with_name(f"{entry.path.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _check_space(entry, part)
        shutil.copyfile(brought, part)
        _put_in_place(entry, part)
    except OSError as error:
        _refuse_os_error(entry, part, error)
    return entry.path


def is_in_place(entry: ModelFile) -> bool:
    """Whether the file is there and right; OutputExistsError where another one lies in its place."""
    if not entry.path.is_file():
        return False
    if entry.path.stat().st_size == entry.size and sha256_of(entry.path) == entry.sha256:
        return True
    raise OutputExistsError(
        f"another file lies at {entry.path}: it is not {entry.name} as it was published", "Move it away first."
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bring(entry: ModelFile, part: Path, progress: Progress, wait: float) -> None:
    """Bring what is missing of the file to `part`, over as many connections as it takes."""
    failed = 0
    while (have := part.stat().st_size if part.exists() else 0) < entry.size:
        try:
            _bring_once(entry, part, have, progress)
            reason = "the connection ended early"
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink()  # what is here is no part of what is there
            elif error.code < 500 and error.code not in (408, 429):
                raise DownloadError(
                    f"{entry.address} answered {error.code} {error.reason}",
                    Sentence("The publisher may have moved it. Bring the file yourself: ", _by_hand(entry)),
                ) from error
            reason = f"it answered {error.code} {error.reason}"
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__

        # A connection that brought something is no failure, so a bad line gets as many tries as it needs.
        brought = part.exists() and part.stat().st_size > have
        failed = 0 if brought else failed + 1
        if failed == TRIES:
            raise DownloadError(
                f"{entry.name} could not be fetched from {entry.address}: {reason}",
                Sentence(
                    "What has come is kept, and the same command goes on with it. On a machine without a network: ",
                    _by_hand(entry),
                ),
            )
        if failed:
            time.sleep(wait * 2 ** (failed - 1))


def _bring_once(entry: ModelFile, part: Path, have: int, progress: Progress) -> None:
    """Append to `part` what one connection brings."""
    headers = {"User-Agent": "muybridge", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(entry.address, headers=headers)

    # An opener of its own: the shared one remembers the proxies of the first call.
    with urllib.request.build_opener().open(request, timeout=TIMEOUT) as answer:
        # A server may ignore the range and send the whole file, which then begins anew.
        goes_on = answer.status == http.client.PARTIAL_CONTENT and _begins_at(answer, have)
        if answer.status == http.client.PARTIAL_CONTENT and not goes_on:
            raise http.client.HTTPException("it sent another part than was asked for")
        with part.open("ab" if goes_on else "wb") as file:
            _pour(answer, file, have if goes_on else 0, entry, progress)


def _begins_at(answer: http.client.HTTPResponse, have: int) -> bool:
    return (answer.headers.get("Content-Range") or "").startswith(f"bytes {have}-")


def _pour(answer: http.client.HTTPResponse, file: BinaryIO, have: int, entry: ModelFile, progress: Progress) -> None:
    """Copy what comes; no more than the file has, whoever sends more."""
    while chunk := answer.read(min(CHUNK, entry.size - have + 1)):
        have += len(chunk)
        if have > entry.size:
            file.truncate(0)
            raise DownloadError(f"{entry.address} sends more than the {entry.size} bytes that {entry.name} has")
        file.write(chunk)
        progress(have, entry.size)


def _put_in_place(entry: ModelFile, part: Path) -> None:
    """Check the whole file and give it its name."""
    found = sha256_of(part)
    if found != entry.sha256:
        part.unlink()
        raise DownloadError(
            f"what came from {entry.address} is not {entry.name} as it was published: its SHA-256 is {found}, "
            f"expected {entry.sha256}",
            "It is thrown away. Try again later; if it stays so, the publisher has changed it.",
        )

    with part.open("rb+") as file:
        # Under its final name the file is trusted, so its bytes have to be on the disk before.
        os.fsync(file.fileno())
    part.replace(entry.path)


def _check_space(entry: ModelFile, part: Path) -> None:
    """Refuse before the first byte what the disk cannot hold."""
    missing = entry.size - (part.stat().st_size if part.exists() else 0)
    free = shutil.disk_usage(part.parent).free
    if free < missing + SPARE:
        raise DownloadError(
            f"{entry.name} needs {missing / 2**20:.0f} MiB more at {part.parent}, and {free / 2**20:.0f} MiB are free",
            "Make room, or name another folder with MUYBRIDGE_CACHE (torch's own files: TORCH_HOME).",
        )


def _refuse_os_error(entry: ModelFile, part: Path, error: OSError) -> None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise DownloadError(
            f"the disk became full while {entry.name} was written to {part}",
            "Make room and say the same again: it goes on with what has come.",
        ) from error
    raise DownloadError(f"{entry.name} cannot be written to {part}: {error.strerror or error}") from error


def _by_hand(entry: ModelFile) -> Verb:
    return Verb("fetch", entry.name, Option("brought", entry.file))


def _keep_silent(here: int, whole: int) -> None:
    pass
