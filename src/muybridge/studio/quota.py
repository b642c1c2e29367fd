"""How much the studio's folder holds, and whether it may take more."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from muybridge.errors import InputError, Option, Sentence

FRESH = 10.0
"""Seconds for which the size of the folder is believed."""
SPARE = 256 * 2**20
"""Bytes that are left free on the disk."""


class Quota:
    """The folder's size, and what has been announced beside it.

    Uploads that come at the same time are counted together, each as large as it says that it is, so that they do not
    all take the same place.
    """

    def __init__(self, root: Path, quota: int) -> None:
        self.root = root
        self.limit = quota
        self.coming: dict[Path, int] = {}
        self.held = 0
        self.looked = -FRESH
        self.changes = 0
        self.looking = asyncio.Lock()

    async def measure_used(self) -> int:
        """Bytes that are there or announced; the folder is walked in a thread, and not for everybody who asks."""
        async with self.looking:
            if time.monotonic() - self.looked > FRESH:
                before = self.changes
                self.held = await asyncio.to_thread(size_of, self.root, frozenset(self.coming))
                self.looked = time.monotonic() if self.changes == before else -FRESH
        return self.held + sum(self.coming.values())

    async def refuse_full(self, more: int = 0) -> None:
        """InputError where the folder holds, with `more` bytes, more than it may, or the disk is nearly full."""
        used = await self.measure_used() + more
        # Other programs fill the same disk, whatever the studio's own limit is.
        free = shutil.disk_usage(self.root).free
        if used > self.limit:
            raise InputError(
                f"the studio's folder would hold {used / 1e9:.1f} GB, and {self.limit / 1e9:.1f} GB are allowed",
                "Delete runs or clips that are no longer needed.",
            )

        if free - more < SPARE:
            raise InputError(
                "the disk would have less than 256 MB left",
                Sentence("Delete runs or clips, or start the studio with another ", Option("runs"), "."),
            )

    @contextmanager
    def expect(self, path: Path, size: int) -> Iterator[None]:
        """Count a file that is being written as `size` bytes; `coming[path]` may grow meanwhile."""
        self.coming[path] = size
        try:
            yield
        finally:
            del self.coming[path]
            self.note_change()

    def note_change(self) -> None:
        """Something large has come or gone: who asks next looks again."""
        self.changes += 1
        self.looked = -FRESH


def size_of(folder: Path, without: Collection[Path] = ()) -> int:
    """Bytes of all that lies in a folder, but for some files."""
    total = 0
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            try:
                total += 0 if path in without else path.lstat().st_size
            except OSError:
                continue  # it was taken away while we looked

    return total
