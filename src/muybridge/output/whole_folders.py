"""Folders of a command's own, which appear whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from muybridge.disk import is_blank, recover
from muybridge.errors import CHOOSE_ANOTHER, REPLACE_OR_CHOOSE, OutputExistsError


def check_folder(folder: Path, force: bool, ours: Callable[[Path], object], what: str) -> None:
    """OutputExistsError where something stands at `folder` that may not be replaced.

    ours  whether a folder is one of the command's own; no other is replaced
    what  those hold, for people
    """
    recover(folder)
    if not folder.exists() or is_blank(folder):
        return
    if not force:
        raise OutputExistsError(f"{folder} exists already", REPLACE_OR_CHOOSE)
    if not ours(folder):
        raise OutputExistsError(f"{folder} holds other things than {what}, and is not replaced", CHOOSE_ANOTHER)
