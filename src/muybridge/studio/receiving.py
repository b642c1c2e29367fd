"""The bytes of an upload on their way to the disk, with limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from muybridge.errors import InputError


async def receive(path: Path, body: AsyncIterator[bytes], name: str, most: int) -> int:
    """Write what comes to a new file; its size. InputError where it is empty or larger than `most` bytes."""
    size = 0
    with path.open("xb") as file:
        async for part in body:
            size += len(part)
            if size > most:
                raise InputError(
                    f"{name} is larger than {most / 2**20:.0f} MB, the most that is taken",
                    "Cut it, or make it smaller.",
                )
            await asyncio.to_thread(file.write, part)
    if size == 0:
        raise InputError(f"{name} is empty (0 bytes)", "Choose another file.")
    return size


def refuse_long(said: str | None, most: int) -> None:
    """InputError where a request says beforehand that it is too long."""
    if said is not None and said.isdigit() and int(said) > most:
        raise InputError(
            f"this file is larger than {most / 2**20:.0f} MB, the most that is taken", "Cut it, or shrink it."
        )
