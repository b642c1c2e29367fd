"""Inputs that lie elsewhere: an address is fetched once a machine, into a cache that does not grow for ever."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from muybridge.disk import Draft, hold_lock, read_bytes, replace_file
from muybridge.errors import InputError, MissingExtraError, MuybridgeError

CACHE_BYTES = 20 * 2**30
"""What the cache may hold (MUYBRIDGE_BATCH_CACHE_BYTES changes it): what was not used for longest goes first."""
PIECE = 2**20
TAGS = ("size", "ETag", "etag", "mtime", "LastModified", "Last-Modified", "Content-MD5", "created", "blob_id")
"""What different kinds of addresses tell of a file that changes with what is in it."""
EXTRA = ("http", "https", "s3", "hf")
"""Kinds of addresses that the extra `addresses` brings."""
ASKED_AT_ONCE = 16
CHECKSUM = ".sha256"
"""Beside a fetched file: what was in it when it came."""


def is_address(value: str) -> bool:
    """Whether this is `s3://bucket/clip.mp4` or the like, and not a path."""
    return re.match(r"[a-z][a-z0-9+.-]+://", value) is not None


def cache_folder() -> Path:
    """Where fetched inputs lie: MUYBRIDGE_BATCH_CACHE, or beside the other caches of this person."""
    named = os.environ.get("MUYBRIDGE_BATCH_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "muybridge" / "batch"


def fetch_input(address: str) -> Path:
    """The file behind an address, on this machine. It is fetched by one process while others wait, and appears whole;
    one that has changed in the cache since is fetched again.

    Raises InputError where it cannot be had, MissingExtraError where the address wants a package that is not here.
    """
    filesystem, inner, info = _ask(address)
    # What changes at its address has another size, time or tag, and so another place in the cache.
    digest = digest_tags(info, address)
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / digest / Path(inner).name
    # Whoever comes second waits for the same file, however long that takes.
    with hold_lock(folder / f".{digest}.lock", wait=True):
        if not _is_whole(place):
            _fetch(filesystem, inner, place, info)
        # What is used often counts as new, and is swept last.
        os.utime(place)

    _sweep(folder, keep=place.parent)
    return place


def tag_addresses(addresses: Iterable[str]) -> dict[str, str]:
    """What each of these addresses says of its file, in 24 letters, without fetching it; those that answer nothing
    here are left out. Many are asked at once, because each may be far away."""

    def tag(address: str) -> str | None:
        try:
            _, _, info = _ask(address)
        # Whoever fetches it says why it cannot be had: one address must not stop the other jobs.
        except MuybridgeError:
            return None
        return digest_tags(info, address)

    asked = list(addresses)
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        told = list(pool.map(tag, asked))
    return {address: found for address, found in zip(asked, told, strict=True) if found is not None}


def open_address(address: str) -> tuple[Any, str]:
    """(filesystem of fsspec, path in it); MissingExtraError where the address wants a package that is not here."""
    import fsspec

    try:
        filesystem, inner = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as e:
        known = address.partition("://")[0] in EXTRA
        hint = (
            "Install what it needs with: pip install 'muybridge[addresses]'"
            if known
            else "Name a kind of address that fsspec knows, and install its package."
        )
        raise MissingExtraError(f"{address[:200]} cannot be opened here: {str(e)[:200]}", hint) from e
    return filesystem, inner


def describe_error(error: Exception) -> str:
    """What a filesystem says, in one line: some errors have no words of their own, and that of a missing file says only
    its name."""
    told: BaseException = error
    if isinstance(error, FileNotFoundError):
        # On the web, fsspec calls whatever goes wrong a missing file: a server that is down, a strange certificate.
        if error.__cause__ is None or not _is_no_missing_file(error.__cause__):
            return "there is no such file"
        told = error.__cause__
    return (str(told).splitlines() or [""])[0][:200] or type(told).__name__


def _is_no_missing_file(cause: BaseException) -> bool:
    """Whether what led to an error of a missing file is of another kind: an answer of a server, or the network."""
    status = getattr(cause, "status", None)
    if status is not None:
        return status not in (404, 410)
    return isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)


def digest_tags(info: Mapping[str, Any], *more: str) -> str:
    """What a filesystem tells of a file that changes with what is in it, in 24 letters."""
    tags = [str(info.get(key, "")) for key in TAGS]
    return hashlib.sha256("\0".join([*more, *tags]).encode()).hexdigest()[:24]


def _ask(address: str) -> tuple[Any, str, Mapping[str, Any]]:
    """(filesystem, path in it, what it tells of the file)."""
    filesystem, inner = open_address(address)
    try:
        # What it said some time ago is not what lies there now.
        filesystem.invalidate_cache()
        info = filesystem.info(inner)
    # Each kind of address has errors of its own, which are all the same here: the file cannot be had.
    except Exception as e:
        raise _cannot_fetch(address, e, "Check the address, the network and the permissions.") from e
    if info.get("type") == "directory":
        raise InputError(f"{address[:200]} is a folder", "Name a file: of a folder's images, make a video or a ZIP.")
    return filesystem, inner, info


def _cannot_fetch(address: str, error: Exception, hint: str) -> InputError:
    return InputError(f"{address[:200]} cannot be fetched: {describe_error(error)}", hint)


def _is_whole(place: Path) -> bool:
    """Whether the file is there, with exactly what came."""
    try:
        told = read_bytes(place.with_name(CHECKSUM)).decode()
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == told
    except (OSError, UnicodeDecodeError):
        return False


def _fetch(filesystem: Any, inner: str, place: Path, info: Mapping[str, Any]) -> None:
    draft = Draft(place, folder=False)
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    came = 0
    try:
        with filesystem.open(inner, "rb") as far, draft.path.open("wb") as near:
            while piece := far.read(PIECE):
                near.write(piece)
                came += len(piece)
                sha256.update(piece)
                md5.update(piece)

        _check(inner, info, came, sha256.hexdigest(), base64.b64encode(md5.digest()).decode())
        draft.commit()
        replace_file(place.with_name(CHECKSUM), sha256.hexdigest().encode())
    except MuybridgeError:
        raise
    except Exception as e:
        raise _cannot_fetch(inner, e, "Check the address, the permissions and the disk.") from e
    finally:
        draft.discard()


def _check(inner: str, info: Mapping[str, Any], came: int, sha256: str, md5: str) -> None:
    """InputError where what came is not what the other side says that it has."""
    size = info.get("size")
    if size is not None and came != size:
        raise InputError(f"{inner[:200]} came with {came} of {size} bytes", "Try again.")
    # Hugging Face tells the one, some web servers and clouds the other.
    lfs = info.get("lfs") or {}
    for told, found in ((lfs.get("sha256"), sha256), (info.get("Content-MD5"), md5)):
        if told and told != found:
            raise InputError(f"{inner[:200]} came damaged: its checksum is another", "Try again.")


def _sweep(folder: Path, keep: Path) -> None:
    """Remove what was not used for longest, until the rest fits."""
    limit = int(os.environ.get("MUYBRIDGE_BATCH_CACHE_BYTES", CACHE_BYTES))
    entries = []
    for inside in folder.iterdir():
        # Hidden ones are no entries: locks, and the folders in which batches with an address work.
        files = list(inside.glob("*")) if inside.is_dir() and not inside.name.startswith(".") else []
        if files:
            # An entry's own date does not change when a file in it is touched.
            used = max(file.stat().st_mtime for file in files)
            size = sum(file.stat().st_size for file in files)
            entries.append((used, size, inside))

    total = sum(size for _, size, _ in entries)
    for _, size, inside in sorted(entries):
        if total <= limit:
            break
        # The file just handed out is about to be read, however large it is.
        if inside != keep:
            shutil.rmtree(inside, ignore_errors=True)
            total -= size
