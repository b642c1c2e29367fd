"""What a path leads to, judged by the file's first bytes and not by its name; and what is too large or too small."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Literal

from muybridge.errors import InputError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
MAX_SIDE = 16384
MAX_BYTES = 2**30
"""Of one decoded frame with its alpha."""
MIN_SIDE = 16

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_path(path: str | Path) -> Path:
    """The path, if an existing local file or folder stands there; nothing is ever taken as an address or a pattern.

    Raises InputError for what is missing, empty, or neither file nor folder.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"there is no file or folder {path}", "Check the spelling, and put quotes around spaces.")
    if path.is_dir():
        return path
    if not path.is_file():
        raise InputError(f"{path} is neither a file nor a folder", "Give a video, an image, or a folder of images.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes)", "Copy or download it again.")
    return path


def read_head(path: Path, count: int = 4096) -> bytes:
    """The first bytes of a file.

    Raises InputError where it may not be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "Check the file's permissions.") from error


def image_codec(start: bytes) -> Literal["png", "mjpeg", "bmp", "webp", "tiff"] | None:
    """Which still image begins with these bytes; None for anything else, an animated PNG included."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return None if b"acTL" in start.partition(b"IDAT")[0] else "png"
    if start.startswith(b"\xff\xd8\xff"):
        return "mjpeg"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "webp"
    if start.startswith((b"II*\0", b"MM\0*")):
        return "tiff"
    return "bmp" if start.startswith(b"BM") and start[6:10] == b"\0\0\0\0" else None


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that puts frame 2 before frame 10."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]


def list_images(folder: Path) -> list[Path]:
    """The images of a folder in natural order, without hidden files and sub-folders."""
    found = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.name[0] != "." and p.is_file()]
    return sorted(found, key=natural_key)


def refuse_large(path: Path, height: int, width: int) -> None:
    """Raise InputError for frames that would not fit in memory: over 16384 px on a side, or over 1 GiB decoded."""
    if max(height, width) > MAX_SIDE or 4 * height * width > MAX_BYTES:
        raise InputError(
            f"the frames of {path} are {width}x{height} px: more than {MAX_SIDE} on a side cannot be read",
            "Make it smaller first, for example with: ffmpeg -i IN -vf scale=1024:-2 OUT",
        )


def refuse_small(path: Path, height: int, width: int) -> None:
    """Raise InputError for frames in which nothing can be seen: under 16 px on a side."""
    if min(height, width) < MIN_SIDE:
        raise InputError(
            f"the frames of {path} are {width}x{height} px: at least {MIN_SIDE}x{MIN_SIDE} is needed",
            "Use a larger version of it.",
        )


def is_disk_full(error: OSError) -> bool:
    """Whether the disk, or what this user may have of it, is full."""
    return error.errno in _NO_SPACE
