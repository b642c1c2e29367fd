"""What a file is that was taken for a checkpoint: downloads and repositories often leave other things in its place."""

import re
import tarfile
import zipfile
from pathlib import Path

from muybridge.errors import CheckpointError
from muybridge.networks.checkpoints.archives import check_archive, check_legacy

_AGAIN = "Fetch the checkpoint itself; a download may have saved the page about it."
_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF"),
    (b"\x89HDF", "an HDF5 file, as Keras writes them"),
    (b"%PDF", "a PDF"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ", "xz-compressed"),
)


def refuse_other_files(path: Path) -> None:
    """Return where the file may be a torch checkpoint; CheckpointError says what it is otherwise, and what to do."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise CheckpointError(f"{path} is empty", _AGAIN)

    # Pages of a file host are what people most often get instead of a checkpoint.
    _refuse_text(path, start)
    if start.startswith(b"PK"):
        _refuse_zip(path)

    for magic, what in _MAGIC:
        if start.startswith(magic):
            unpack = "Unpack it first." if "compressed" in what or "archive" in what else _AGAIN
            raise CheckpointError(f"{path} is {what}, not a checkpoint", unpack)

    if start[4:8] == b"ftyp":
        raise CheckpointError(f"{path} is a video, not a checkpoint", _AGAIN)
    if start[8:9] == b"{" and b'"dtype"' in start:
        raise CheckpointError(
            f"{path} is a safetensors file; the authors' programs write torch files", "Give the file that they wrote."
        )
    # Before torch had zip files it wrote bare pickles or tar archives.
    if start[257:262] == b"ustar":
        _refuse_tar(path)
    elif not start.startswith(b"PK"):
        check_legacy(path)


def _refuse_text(path: Path, start: bytes) -> None:
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        title = re.search(rb"<title[^>]*>(.*?)</title>", start, re.IGNORECASE | re.DOTALL)
        named = "" if title is None else f' ("{title.group(1).decode("utf-8", "replace").strip()[:60]}")'
        # The word may stand behind the first bytes, which are all that was read so far.
        if b"quota" in path.read_bytes()[:200_000].lower():
            raise CheckpointError(
                f"{path} is an HTML page{named}: the shared drive's download quota was exhausted",
                "Wait a day, or sign in there and copy the file to a drive of your own.",
            )
        raise CheckpointError(f"{path} is an HTML page{named}, not a checkpoint", _AGAIN)

    if text.startswith(b"version https://git-lfs"):
        size = re.search(rb"size (\d+)", start)
        of = "" if size is None else f" ({int(size.group(1)) / 1e6:.1f} MB)"
        raise CheckpointError(
            f"{path} is a git-lfs pointer, not the checkpoint{of} that it stands for", "Run: git lfs pull"
        )

    try:
        words = start.decode("utf-8")
    except UnicodeDecodeError:
        return
    if words.isprintable() or all(c.isprintable() or c in "\r\n\t" for c in words):
        line = words.strip().splitlines()[0][:60] if words.strip() else ""
        raise CheckpointError(f'{path} is a text that begins with "{line}", not a checkpoint', _AGAIN)


def _refuse_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise CheckpointError(f"{path} is cut off or damaged", _AGAIN) from error

    if not any(name.endswith("/data.pkl") for name in names):
        inside = ", ".join(names[:3]) or "nothing"
        raise CheckpointError(f"{path} is a zip archive of something else: {inside}", "Unpack it first.")

    check_archive(path)


def _refuse_tar(path: Path) -> None:
    """Old torch files are tar archives too, with a `pickle` in them, but today's torch does not write them."""
    try:
        with tarfile.open(path) as archive:
            names = []
            for member in archive.getmembers()[:8]:
                names.append(member.name)
    except (tarfile.TarError, OSError) as error:
        raise CheckpointError(f"{path} is cut off or damaged", _AGAIN) from error

    if "pickle" not in names:
        raise CheckpointError(f"{path} is a tar archive of {', '.join(names[:3]) or 'nothing'}", "Unpack it first.")
