"""The bytes of an upload on their way to the disk, with limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from muybridge.errors import InputError, UsageError
from muybridge.studio.quota import Quota

STEP = 4 * 2**20
"""Bytes after which it is looked again whether there is space."""


async def receive_upload(
    path: Path, body: AsyncIterator[bytes], name: str, most: int, quota: Quota, length: int | None = None
) -> int:
    """Write what comes to a new file; its size.

    length  how many bytes were announced, where that was said
    Raises InputError where it is empty, larger than `most` bytes, or more than there is space for, UsageError where it
    was deleted meanwhile; no file stays.
    """
    size = 0
    with _open_new(path) as file:
        await quota.refuse_full(length or 0)
        with quota.expect(path, length or 0):
            async for part in body:
                size += len(part)
                if size > most:
                    raise _too_large(name, most)

                # Not everybody says how much comes, and others write to this disk, too.
                if size // STEP > (size - len(part)) // STEP:
                    quota.coming[path] = max(quota.coming[path], size)
                    await quota.refuse_full()
                    if not path.exists():
                        raise UsageError(f"{name} was deleted while it came in")
                # A slow disk must not hold up the other pages.
                await asyncio.to_thread(file.write, part)

        if size == 0:
            raise InputError(f"{name} is empty (0 bytes)", "Choose another file.")
    return size


@contextmanager
def _open_new(path: Path) -> Iterator[BinaryIO]:
    file = path.open("xb")  # before anything is waited for: of two who send it, one is refused
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_length(said: str | None, most: int) -> int | None:
    """How many bytes a request says that it brings; InputError where that is too much."""
    length = int(said) if said is not None and said.isascii() and said.isdigit() else None
    if length is not None and length > most:
        raise _too_large("this file", most)
    return length


def _too_large(name: str, most: int) -> InputError:
    return InputError(
        f"{name} is larger than {most / 2**20:.0f} MB, the most that is allowed", "Cut it, or make it smaller."
    )
