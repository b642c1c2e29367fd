"""A folder at an address of fsspec, in which files are written, listed and read back."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from muybridge.batches.addresses import ASKED_AT_ONCE, PIECE, describe_error, digest_tags, open_address
from muybridge.errors import InputError, MuybridgeError, UsageError

READ_ONLY = ("http", "https", "data", "github", "git", "zip", "tar", "libarchive")
"""Kinds of addresses from which fsspec only reads."""
OF_ONE_PROCESS = ("memory",)
"""Kinds whose files only the process sees that has written them."""
WITHOUT_FOLDERS = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "hf", "memory")
"""Kinds that know files with long names and no folders; making one might make a bucket of a misspelt name."""
LARGEST_READ = 64 * 2**20
"""Bytes of a file that is read at once."""


def check_writable(address: str) -> None:
    """UsageError where a job's process cannot leave results, whoever asks."""
    kind = address.partition("://")[0]
    if kind in READ_ONLY:
        why = "such an address can only be read"
    elif kind in OF_ONE_PROCESS:
        why = "other processes do not see it"
    else:
        return
    raise UsageError(
        f"results cannot go to {address[:200]}: {why}",
        "Name a folder, or an address that can be written, such as s3://bucket/folder.",
    )


class Storage:
    """A folder at an address: `s3://bucket/folder`, `sftp://host/folder`, `file:///folder`.

    Paths are relative to it. What cannot be reached, read or written is a MuybridgeError in one sentence. Raises
    MissingExtraError where the address wants a package that is not here.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.filesystem, root = open_address(self.address)
        self.root = root.rstrip("/")
        self.has_folders = self.address.partition("://")[0] not in WITHOUT_FOLDERS
        self.at_once = ASKED_AT_ONCE if self.filesystem.async_impl else 1
        """Requests that may be under way beside one another."""
        self._made: set[str] = set()

    def read(self, path: str) -> bytes | None:
        """What is in a file; None where there is none. InputError where it has more than `LARGEST_READ`."""
        with self._explain(path, "read"):
            try:
                # What was there some time ago is not what is there now.
                self.filesystem.invalidate_cache()
                with self.filesystem.open(self._inner(path), "rb") as file:
                    content: bytes = file.read(LARGEST_READ + 1)
            except FileNotFoundError:
                return None
        if len(content) > LARGEST_READ:
            raise InputError(f"{self.at(path)} is too large to be what it should be")
        return content

    def write(self, path: str, content: bytes) -> None:
        """Put a small file there, at once where the address can do that (object stores can)."""
        with self._explain(path, "written"):
            self._make_parent(path)
            self.filesystem.pipe_file(self._inner(path), content)

    def send(self, file: Path, path: str) -> None:
        """Copy a file of this machine there."""
        with self._explain(path, "written"):
            self._make_parent(path)
            self.filesystem.put_file(str(file), self._inner(path))

    def fetch(self, path: str, place: Path) -> str:
        """Copy a file from there to this machine, and return the SHA-256 of what came."""
        came = hashlib.sha256()
        with (
            self._explain(path, "fetched"),
            self.filesystem.open(self._inner(path), "rb") as far,
            place.open("wb") as near,
        ):
            while piece := far.read(PIECE):
                near.write(piece)
                came.update(piece)
        return came.hexdigest()

    def list_files(self, under: str) -> dict[str, tuple[int, str]]:
        """Path under `under` -> (bytes, what changes with its content) of each file there."""
        inner = self._inner(under)
        with self._explain(under, "listed"):
            self.filesystem.invalidate_cache()
            try:
                found = self.filesystem.find(inner, detail=True)
            except FileNotFoundError:
                return {}

        files = {}
        for name, info in found.items():
            if name.startswith(f"{inner}/"):
                files[name.removeprefix(f"{inner}/")] = (int(info.get("size") or 0), digest_tags(info))
        return files

    def is_empty(self) -> bool:
        """Whether nothing is there at all."""
        with self._explain("", "listed"):
            try:
                return not self.filesystem.ls(self.root, detail=False)
            except FileNotFoundError:
                return True

    def has(self, path: str, size: int) -> bool:
        """Whether a file of that size is there. Asked of one file, for a listing of many may hide that the network is
        gone."""
        with self._explain(path, "read"):
            try:
                return bool(self.filesystem.info(self._inner(path)).get("size") == size)
            except FileNotFoundError:
                return False

    def remove(self, under: str) -> None:
        """Take away a folder with all that is in it; nothing happens where there is none."""
        paths = list(self.list_files(under))
        with self._explain(under, "removed"):
            for path in paths:
                self.filesystem.rm_file(self._inner(f"{under}/{path}"))
            if self.has_folders:
                self._remove_folders(under, paths)

    def _remove_folders(self, under: str, paths: list[str]) -> None:
        folders = {under}
        for path in paths:
            folders |= {f"{under}/{parent}" for parent in Path(path).parents if parent.name}
        # The innermost first: a folder goes only when it is empty.
        for folder in sorted(folders, key=len, reverse=True):
            with contextlib.suppress(FileNotFoundError):
                self.filesystem.rmdir(self._inner(folder))
            self._made.discard(folder)

    def at(self, path: str) -> str:
        """The whole address of a file, for people."""
        return f"{self.address}/{path}".rstrip("/")[:300]

    def _inner(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def _make_parent(self, path: str) -> None:
        parent = path.rpartition("/")[0]
        if self.has_folders and parent not in self._made:
            self.filesystem.makedirs(self._inner(parent), exist_ok=True)
            self._made.add(parent)

    @contextlib.contextmanager
    def _explain(self, path: str, done: str) -> Iterator[None]:
        """Each kind of address has errors of its own, which are all the same here."""
        try:
            yield
        except MuybridgeError:
            raise
        except Exception as e:
            raise MuybridgeError(
                f"{self.at(path)} cannot be {done}: {describe_error(e)}",
                "Check the address, the network and the permissions, and run the same again.",
            ) from e
