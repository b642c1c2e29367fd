"""Networks of other people, fetched from their publishers on a person's word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from muybridge.errors import InputError, UsageError
from muybridge.model_files import MODEL_FILES, ModelFile, copy_model, download_model, find_model, models_used_by

Announce = Callable[[ModelFile], None]
Progress = Callable[[ModelFile, int, int], None]


def fetch(
    *names: str,
    brought: str | Path | None = None,
    all_for: str | None = None,
    announce: Announce | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Fetch pretrained networks from their publishers. This is the only thing in Muybridge that downloads.

    Args:
        names: Networks by name, as `fetchable()` lists them.
        brought: A file that was brought on some other way, or a folder that holds such files: they are checked and
            copied, and nothing is downloaded.
        all_for: A method or a verb: everything that it can use.
        announce: Told of each network before its download starts.
        progress: Told of each network how many bytes are here, and how many there will be.

    Returns:
        Where the files lie, in the order of the names.

    Raises:
        UsageError: No such network, or none named.
        DownloadError: No connection, no space, or another content than was published.
        InputError: `brought` is not what was published.
        OutputExistsError: Another file lies in its place.

    Example:
        >>> import muybridge
        >>> muybridge.fetch("u2netp")  # doctest: +SKIP
        [PosixPath('.../muybridge/u2netp.onnx')]
    """
    entries = []
    for name in names:
        entries.append(find_model(name))

    if all_for is not None:
        entries += [entry for entry in models_used_by(all_for) if entry not in entries]
    if not entries:
        raise UsageError("no network was named", f"Take one of: {', '.join(entry.name for entry in MODEL_FILES)}")

    # One file cannot be several networks; a folder is searched for each of them.
    place = None if brought is None else Path(brought)
    if place is not None and len(entries) > 1 and not place.is_dir():
        raise InputError(f"{place} is one file for {len(entries)} networks", "Name a folder that holds them.")

    paths = []
    for entry in entries:
        paths.append(_fetch_one(entry, place, announce, progress))

    return paths


def fetchable() -> tuple[ModelFile, ...]:
    """Every network that can be fetched: its address, size, SHA-256, licence, and where it will lie."""
    return MODEL_FILES


def _fetch_one(entry: ModelFile, place: Path | None, announce: Announce | None, progress: Progress | None) -> Path:
    if announce is not None:
        announce(entry)
    if place is not None:
        return copy_model(entry, place)
    return download_model(entry, None if progress is None else lambda here, whole: progress(entry, here, whole))
