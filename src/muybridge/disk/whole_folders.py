"""What a command may replace: folders of its own, and files of its own in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import Path

from muybridge.disk.drafts import LEFTOVER, is_blank, recover, sweep
from muybridge.errors import CHOOSE_ANOTHER, REPLACE_OR_CHOOSE, OutputExistsError

OF_NOBODY = (".lock", ".DS_Store", "Thumbs.db", "desktop.ini")
"""Names that a lock or a file manager leaves in any folder: nothing is lost with them."""


def check_folder(
    folder: Path, force: bool, ours: Callable[[Path], object], what: str, parts: Iterable[str] = ("*",)
) -> None:
    """OutputExistsError where something stands at `folder` that may not be replaced. What a kill has cut off there is
    finished or undone first.

    ours   whether a folder is one of the command's own; no other is replaced
    what   those hold, for people
    parts  patterns of the names in one: a folder to which a person has put something else is not replaced either
    """
    recover(folder)
    if not folder.exists() or is_blank(folder):
        return
    if not force:
        raise OutputExistsError(f"{folder} exists already", REPLACE_OR_CHOOSE)
    if not folder.is_dir() or not ours(folder):
        raise OutputExistsError(f"{folder} holds other things than {what}, and is not replaced", CHOOSE_ANOTHER)
    known = tuple(parts)
    for path in sorted(folder.iterdir()):
        left = path.name in OF_NOBODY or LEFTOVER.fullmatch(path.name)
        if not left and not any(fnmatch(path.name, each) for each in known):
            raise OutputExistsError(
                f"{folder} holds {path.name[:80]} beside its {what}, and is not replaced", CHOOSE_ANOTHER
            )


def check_files(folder: Path, names: Iterable[str], force: bool) -> None:
    """OutputExistsError where one of these files is there already, or `folder` is a file. What a kill has left in the
    folder goes either way."""
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder} is a file: expected a folder", "Choose another name.")

    sweep(folder)
    # All names are checked before the first is written, so that a refusal leaves no half of a result.
    for name in names:
        if (folder / name).exists() and not force:
            raise OutputExistsError(f"{folder / name} exists already", REPLACE_OR_CHOOSE)
