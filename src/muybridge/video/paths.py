"""What a path leads to, judged by the file's first bytes and not by its name; and what is too large or too small."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Literal

from muybridge.errors import InputError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".heic", ".heif")
StillFormat = Literal["png", "jpeg", "bmp", "webp", "tiff", "avif", "heic"]
MAX_SIDE = 16384
MAX_PIXELS = 2**26
"""Of a still image, 67 million: decoding takes up to 12 bytes for each."""
MAX_VIDEO_PIXELS = 2**25
"""Of a frame of a video, 33 million, 8K among them: decoders keep several frames."""
MIN_SIDE = 16

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OTHER_FORMATS = {
    b"%PDF": "a PDF document",
    b"8BPS": "a Photoshop file",
    b"gimp xcf": "a GIMP file",
    b"PK\x03\x04": "a ZIP archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x1f\x8b": "a gzip archive",
    b".RMF": "a RealMedia video",
    b"\xff\x0a": "a JPEG XL image",
    b"\0\0\0\x0cJXL ": "a JPEG XL image",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 image",
    b"\xff\x4f\xff\x51": "a JPEG 2000 image",
    b"v/1\x01": "an OpenEXR image",
    b"#?RADIANCE": "a Radiance HDR image",
    b"II+\0": "a BigTIFF image",
    b"MM\0+": "a BigTIFF image",
    b"#EXTM3U": "a playlist",
    b"ffconcat": "a list of files for ffmpeg",
    b"FWS": "a Flash animation",
    b"CWS": "a Flash animation",
    b"glTF": "a 3D model",
    b"\x93NUMPY": "a NumPy array",
}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/{1,2}[^/]", re.IGNORECASE)
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_path(path: str | Path) -> Path:
    """The path, if an existing local file or folder stands there; nothing is ever taken as an address or a pattern.

    Raises InputError for what is missing, empty, or neither file nor folder.
    """
    told = str(path)
    path = Path(path)
    if not path.exists():
        # "No such file" alone would leave people wondering why their address was not fetched.
        if _ADDRESS.match(told):
            # A path has lost one of the two slashes.
            told = re.sub("^([^:]+):/+", r"\1://", told)
            raise InputError(
                f"there is no file or folder {told}: it is an address, and nothing is fetched from the network",
                f"Download it first, then give the file: curl -LO {told}",
            )
        raise InputError(f"there is no file or folder {path}", "Check the spelling, and put quotes around spaces.")

    if path.is_dir():
        return path
    if not path.is_file():
        raise InputError(f"{path} is neither a file nor a folder", "Give a video, an image, or a folder of images.")
    # A download that failed may leave an empty file, which a decoder would only call invalid.
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


def detect_still_format(start: bytes) -> StillFormat | None:
    """Which kind of image begins with these bytes; None for anything else, an animated PNG included."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        # An animated PNG announces itself before its pixels, and is decoded as a video.
        return None if b"acTL" in start.partition(b"IDAT")[0] else "png"
    if start.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "webp"
    if start.startswith((b"II*\0", b"MM\0*")):
        return "tiff"
    # Two letters alone could begin any text; the reserved bytes behind the size make it certain.
    if start.startswith(b"BM") and start[6:10] == b"\0\0\0\0":
        return "bmp"

    return _detect_heif(start)


def _detect_heif(start: bytes) -> Literal["avif", "heic"] | None:
    """Which image a file of the MP4 family holds, by the first of its brands; the others are often claimed too."""
    brand = start[8:12] if start[4:8] == b"ftyp" else b""
    if brand in _AVIF_BRANDS:
        return "avif"
    if brand not in _HEIC_BRANDS:
        return None

    # The general brands say nothing of the codec.
    end = min(len(start), int.from_bytes(start[:4], "big"))
    return "avif" if b"avif" in start[16:end] else "heic"


def name_format(start: bytes) -> str | None:
    """What a file is that is not read here, in a word or two with its article; None where it is not known."""
    for begin, name in _OTHER_FORMATS.items():
        if start.startswith(begin):
            return name
    if b"<svg" in start[:1024].lower():
        return "an SVG drawing"
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return None


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that puts frame 2 before frame 10."""
    parts = re.split(r"(\d+)", path.name)
    keys = []
    for part in parts:
        if part:
            keys.append((0, int(part), "") if part.isdecimal() else (1, 0, part))

    return keys


def list_images(folder: Path) -> list[Path]:
    """The images of a folder in natural order, without hidden files and sub-folders."""
    images = []
    for file in folder.iterdir():
        if file.suffix.lower() in IMAGE_SUFFIXES and file.name[0] != "." and file.is_file():
            images.append(file)

    return sorted(images, key=natural_key)


def check_frame_size(path: Path, height: int, width: int, limit: int = MAX_PIXELS) -> None:
    """Raise InputError for frames that have no size, or one that would take too much memory.

    limit  pixels of one frame; no side may be longer than 16384 px
    """
    if min(height, width) < 1:
        raise InputError(
            f"{path} does not say how large its frames are ({width}x{height} px)", "Copy or download it again."
        )
    if max(height, width) > MAX_SIDE or height * width > limit:
        raise InputError(
            f"the frames of {path} are {width}x{height} px: more than {MAX_SIDE} on a side, or more than "
            f"{limit // 1_000_000} million in all, cannot be read",
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
