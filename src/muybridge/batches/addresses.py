"""Inputs that lie elsewhere: an address is fetched once a machine, into a cache that does not grow for ever."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Any

from muybridge.disk import Draft, hold_lock
from muybridge.errors import InputError, MissingExtraError

CACHE_BYTES = 20 * 2**30
"""What the cache may hold (MUYBRIDGE_BATCH_CACHE_BYTES changes it): what was not used for longest goes first."""
PIECE = 2**20


def is_address(value: str) -> bool:
    """Whether this is `s3://bucket/clip.mp4` or the like, and not a path."""
    return re.match(r"[a-z][a-z0-9+.-]+://", value) is not None


def cache_folder() -> Path:
    """Where fetched inputs lie: MUYBRIDGE_BATCH_CACHE, or beside the other caches of this person."""
    named = os.environ.get("MUYBRIDGE_BATCH_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "muybridge" / "batch"


def fetch_input(address: str) -> Path:
    """The file behind an address, on this machine. It is fetched by one process while others wait, and appears whole.

    Raises InputError where it cannot be had, MissingExtraError where the address wants a package that is not here.
    """
    import fsspec

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        filesystem, inner = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as e:
        raise MissingExtraError(
            f"{address[:200]} cannot be opened here: {e}", "Install the package of this kind of address beside fsspec."
        ) from e

    try:
        info = filesystem.info(inner)
    except (OSError, ValueError) as e:
        raise InputError(f"{address[:200]} cannot be fetched: {e}", "Check the address and the permissions.") from e

    # What changes at its address has another size, time or tag, and so another place in the cache.
    tags = []
    for key in ("size", "ETag", "etag", "mtime", "LastModified", "created"):
        tags.append(str(info.get(key, "")))

    digest = hashlib.sha256("\0".join([address, *tags]).encode()).hexdigest()[:24]
    place = folder / digest / Path(inner).name
    # Whoever comes second waits for the same file, however long that takes.
    with hold_lock(folder / f".{digest}.lock", wait=True):
        if not place.is_file():
            _fetch(filesystem, inner, place, info.get("size"))
        # What is used often counts as new, and is swept last.
        os.utime(place)

    _sweep(folder, keep=place.parent)
    return place


def _fetch(filesystem: Any, inner: str, place: Path, size: int | None) -> None:
    draft = Draft(place, folder=False)
    try:
        with filesystem.open(inner, "rb") as far, draft.path.open("wb") as near:
            shutil.copyfileobj(far, near, PIECE)

        came = draft.path.stat().st_size
        if size is not None and came != size:
            raise InputError(f"{inner} came with {came} of {size} bytes", "Try again.")
        draft.commit()
    except OSError as e:
        raise InputError(f"{inner} cannot be fetched: {e}", "Check the address, the permissions and the disk.") from e
    finally:
        draft.discard()


def _sweep(folder: Path, keep: Path) -> None:
    """Remove what was not used for longest, until the rest fits."""
    limit = int(os.environ.get("MUYBRIDGE_BATCH_CACHE_BYTES", CACHE_BYTES))
    entries = []
    for inside in folder.iterdir():
        files = list(inside.glob("*")) if inside.is_dir() else []
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
