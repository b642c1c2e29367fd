"""What a file is, and what it says of how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from muybridge.video import Mark, MediaInfo, probe, read_mark


@dataclass(frozen=True)
class Inspection:
    """What `inspect` finds.

    info  kind, size, frames, rate, sound and transparency
    mark  what Muybridge wrote into the file of how it was made; None where it says nothing, which proves nothing: most
          programs drop such remarks when they write a file anew
    """

    info: MediaInfo
    mark: Mark | None


def inspect(path: str | Path) -> Inspection:
    """Look at a video, a picture or a folder of frames, and at its mark of synthetic media.

    Args:
        path: A file or folder.

    Returns:
        What it is, and its mark, if it has one.

    Raises:
        InputError: It is not one of those that are read here.

    Example:
        >>> print(muybridge.inspect("cat-like-fox.mp4").mark)
    """
    return Inspection(probe(path), read_mark(path))
