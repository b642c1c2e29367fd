"""Folders of a command's own, which appear whole or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from muybridge.errors import CHOOSE_ANOTHER, REPLACE_OR_CHOOSE, MuybridgeError, OutputExistsError


def check_folder(folder: Path, force: bool, ours: Callable[[Path], object], what: str) -> None:
    """OutputExistsError where something stands at `folder` that may not be replaced.

    ours  whether a folder is one of the command's own; no other is replaced
    what  those hold, for people
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not force:
        raise OutputExistsError(f"{folder} exists already", REPLACE_OR_CHOOSE)
    if not ours(folder):
        raise OutputExistsError(f"{folder} holds other things than {what}, and is not replaced", CHOOSE_ANOTHER)


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """A passing folder, which takes the place of `folder` where the block ends well and is gone where it does not."""
    part = folder.absolute().with_name(f".{folder.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        part.mkdir(parents=True)
        yield part
        if folder.is_dir():
            shutil.rmtree(folder)
        part.rename(folder)
    except OSError as error:
        raise MuybridgeError(f"{folder} cannot be written: {error.strerror}", "Write it elsewhere.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
