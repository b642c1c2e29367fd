"""Drafts beside what they replace, and what becomes of them where they are cut off.

.NAME.HHHHHHHH.part   a draft; whoever writes it holds a lock on it as long as he lives
.NAME.HHHHHHHH.old    what stood there before, while the draft takes its place
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from muybridge.disk.explain import explain_disk_errors

LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?P<mark>[0-9a-f]{8})\.(?P<what>part|old)(\.\w+)?", re.DOTALL)
"""How the name of a draft is built, and that of what it replaces."""
LONGEST_NAME = 200
"""Bytes of a name that still leave room for the rest of a draft's; file systems take 255."""

TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR)
"""What a rename says of a place where something else stands."""


class Draft:
    """A file or folder in the making, which takes the place of `target` with `commit`.

    path    where to write it; an empty file or folder stands there
    folder  whether it is one
    suffix  of the draft's name, for writers that choose a format by it

    `discard` ends it either way, and takes away what was not committed. Raises MuybridgeError where the disk is full
    or refuses.
    """

    def __init__(self, target: Path, *, folder: bool, suffix: str = "") -> None:
        self.target = Path(os.path.abspath(target))
        with explain_disk_errors(self.target.parent):
            self.target.parent.mkdir(parents=True, exist_ok=True)
        recover(self.target)

        stem = f".{_short_name(self.target.name)}.{secrets.token_hex(4)}"
        self.path = self.target.with_name(f"{stem}.part{suffix}")
        self._aside = self.target.with_name(f"{stem}.old")
        self._folder = folder
        self._committed = False
        with explain_disk_errors(self.target.parent):
            self._lock: int | None = _make_locked(self.path, folder)

    def commit(self) -> None:
        """Flush the draft to the disk and put it in the place of the target, which is there whole until then."""
        with explain_disk_errors(self.target.parent):
            _flush_tree(self.path)
            if self._folder:
                self._swap()
            else:
                os.replace(self.path, self.target)
            self._committed = True
            # The rename itself must reach the disk as well.
            _flush(self.target.parent)

    def _swap(self) -> None:
        """A folder cannot be renamed onto another: the old one steps aside for the moment between two renames."""
        try:
            while True:
                with contextlib.suppress(FileNotFoundError):
                    os.rename(self.target, self._aside)

                try:
                    os.rename(self.path, self.target)
                    return
                except OSError as error:
                    # Another process has put its own there in the meantime; the last one stays.
                    if error.errno not in TAKEN:
                        raise
                    _remove(self._aside)
        except BaseException:
            if not os.path.lexists(self.target) and os.path.lexists(self._aside):
                os.rename(self._aside, self.target)
            raise

    def move_into(self, folder: Path) -> None:
        """Flush a draft folder to the disk, and put each of its files in its place among those that are there."""
        with explain_disk_errors(folder):
            _flush_tree(self.path)
            for path in sorted(self.path.iterdir()):
                os.replace(path, folder / path.name)
            _flush(folder)

    def discard(self) -> None:
        """Take away what is left of the draft, and of what it has replaced."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        _remove(self.path)
        # After a commit, the target is missing only while another writer swaps it for his own.
        if self._committed or os.path.lexists(self.target):
            _remove(self._aside)


@contextlib.contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """A draft of a folder, which takes the place of `folder` where the block ends well and is gone where it does not.

    Raises MuybridgeError where the disk is full or refuses.
    """
    draft = Draft(folder, folder=True)
    try:
        with explain_disk_errors(draft.target.parent):
            yield draft.path
        draft.commit()
    finally:
        draft.discard()


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file: written beside it, flushed to the disk, renamed.

    MuybridgeError where the disk is full or the file cannot be written; the old file then still stands.
    """
    draft = Draft(path, folder=False)
    try:
        with explain_disk_errors(path.parent):
            draft.path.write_bytes(content)
        draft.commit()
    finally:
        draft.discard()


def recover(target: Path) -> None:
    """Finish or undo what a kill has cut off at `target`, and take away drafts that nobody writes any more."""
    marks = _leftovers(target.parent).get(_short_name(target.name), {})
    for left in marks.values():
        draft = left.get("part")
        aside = left.get("old")
        with _seize(draft) as seized:
            # Somebody is writing it right now.
            if not seized:
                continue
            if aside is not None and not os.path.lexists(target):
                # The old one steps aside only for a draft that is whole.
                try:
                    os.rename(draft or aside, target)
                except OSError as error:
                    # Another writer was faster: what stands there now is his.
                    if error.errno not in (*TAKEN, errno.ENOENT):
                        raise

            for path in (draft, aside):
                if path is not None:
                    _remove(path)


def sweep(folder: Path) -> None:
    """`recover` for everything that a kill may have left in a folder."""
    for name in _leftovers(folder):
        recover(folder / name)


def has_leftovers(folder: Path) -> bool:
    """Whether a folder holds drafts: what a kill has left there, or what somebody writes at this moment."""
    return bool(_leftovers(folder))


def is_blank(folder: Path) -> bool:
    """Whether a folder holds nothing but a lock and drafts: what a kill leaves before anything stands there."""
    return folder.is_dir() and all(path.name == ".lock" or LEFTOVER.fullmatch(path.name) for path in folder.iterdir())


def _leftovers(folder: Path) -> dict[str, dict[str, dict[str, Path]]]:
    """Name of the target -> mark of the draft -> "part" or "old" -> where it lies."""
    leftovers: dict[str, dict[str, dict[str, Path]]] = {}
    if not folder.is_dir():
        return leftovers

    with os.scandir(folder) as entries:
        for entry in entries:
            match = LEFTOVER.fullmatch(entry.name) if entry.name.startswith(".") else None
            if match is not None:
                leftovers.setdefault(match["name"], {}).setdefault(match["mark"], {})[match["what"]] = (
                    folder / entry.name
                )
    return leftovers


def _short_name(name: str) -> str:
    """A name that leaves room for the rest of a draft's, and is still this one's alone."""
    raw = os.fsencode(name)
    if len(raw) <= LONGEST_NAME:
        return name
    return f"{os.fsdecode(raw[:100])}~{hashlib.sha256(raw).hexdigest()[:16]}"


def _make_locked(path: Path, folder: bool) -> int:
    """Make an empty file or folder, and hold a lock on it: the descriptor, which ends it when closed."""
    while True:
        if folder:
            path.mkdir()
        else:
            path.touch(exist_ok=False)

        # Until it is locked, somebody who sweeps may take it for left over.
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            # A shared lock, which needs no right to write; whoever sweeps asks for the whole of it.
            fcntl.flock(handle, fcntl.LOCK_SH)
            if path.exists():
                return handle
            os.close(handle)


@contextlib.contextmanager
def _seize(draft: Path | None) -> Iterator[bool]:
    """Keep everybody from beginning to write a draft while it is swept; False where its writer is alive, and where that
    cannot be told, so that nothing living is swept."""
    try:
        handle = None if draft is None else os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        handle = None
    except OSError:
        yield draft is not None and draft.is_symlink()
        return
    if handle is None:
        yield True
        return

    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _flush_tree(path: Path) -> None:
    """Bring a file, or a folder with all that is in it, to the disk."""
    if path.is_dir():
        for inner in path.iterdir():
            if not inner.is_symlink():
                _flush_tree(inner)
    _flush(path)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
