"""What the disk refuses, in words."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from muybridge.errors import MuybridgeError, TrainingError


@contextlib.contextmanager
def explain_disk_errors(folder: Path, kept: str = "") -> Iterator[None]:
    """Say in words what the disk refused.

    kept  what is safe all the same, for the message
    """
    try:
        yield
    except OSError as error:
        # A full disk is the likeliest one in a long training, and has a remedy of its own.
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            safe = f"; {kept}" if kept else ""
            raise TrainingError(
                f"the disk of {folder} is full{safe}", "Free some space, and run the same command again."
            ) from error
        raise MuybridgeError(
            f"{folder} cannot be written: {error.strerror or type(error).__name__}",
            "Choose a folder that can be written.",
        ) from error
