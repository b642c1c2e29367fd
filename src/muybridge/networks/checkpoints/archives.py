"""What is inside a torch file, looked at before it is loaded: whole, uncompressed, and not nested for ever."""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muybridge.errors import CheckpointError

LARGEST_TABLE = 64 * 2**20
"""Bytes of the table in a checkpoint; its tensors lie beside it. A large one has a hundred thousand."""
DEEPEST = 20_000
"""Containers that may be open at once; a flat table of a thousand tensors in one step has a few thousand."""
OPENING = {"EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE", "EMPTY_SET", "MARK"}
CLOSING = {"APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "TUPLE", "TUPLE1", "LIST", "DICT", "POP", "POP_MARK"}
AGAIN = "Fetch the checkpoint itself again."


def check_archive(path: Path) -> None:
    """CheckpointError for a zip archive that is damaged, compressed, or whose table cannot be read in peace."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise CheckpointError(f"{path} has compressed members, which torch never writes", AGAIN)
            # All members first: the table may only be opened in an archive that is sound.
            for member in members:
                _check_member(archive, member)

            for member in members:
                if member.filename.endswith("/data.pkl"):
                    # Before it is read: a small file can claim a table that fills the memory.
                    if member.file_size > LARGEST_TABLE:
                        raise CheckpointError(f"{path} has a table of {member.file_size / 2**20:.0f} MB", AGAIN)
                    with archive.open(member) as table:
                        check_table(table, path)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}", AGAIN) from error


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read it once: BadZipFile where its checksum is another one. Torch can leave the sums out; then they are 0."""
    if member.CRC == 0:
        return
    with archive.open(member) as stream:
        while stream.read(2**20):
            pass


def check_legacy(path: Path) -> None:
    """The same for a file of old, which is several tables one after the other."""
    with path.open("rb") as file:
        for _ in range(5):
            check_table(file, path)


def check_table(stream: Any, path: Path) -> None:
    """CheckpointError where a table opens more containers, one inside another, than any checkpoint has."""
    depth = 0
    for name in _opcodes(stream):
        if name in OPENING:
            depth += 1
        elif name in CLOSING:
            depth -= 1
        if depth > DEEPEST:
            raise CheckpointError(f"{path} is nested too deeply to be a checkpoint", AGAIN)


def _opcodes(stream: Any) -> Iterator[str]:
    """Names of what a table is built by, as far as it can be read; what is broken torch says itself."""
    steps: Iterator[tuple[Any, Any, Any]] = pickletools.genops(stream)
    while True:
        try:
            code, _, _ = next(steps)
        except (StopIteration, ValueError, EOFError, UnicodeDecodeError, OverflowError, MemoryError):
            return
        yield code.name
