"""What a result says of itself: that it is synthetic, by which method and version. Written into files, and read back.

The words are those of the IPTC's list of digital source types, which cameras, news agencies and platforms read. MP4,
MOV, MKV and WebM carry them as the comment that players show, GIF as its comment, PNG as text and as XMP; a folder of
frames in each frame and in `synthetic.json`.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from muybridge.disk import parse_json
from muybridge.errors import InputError
from muybridge.video.containers import open_container
from muybridge.video.paths import check_path, detect_still_format, list_images, read_head

MARK_FILE = "synthetic.json"
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATED = "trainedAlgorithmicMedia"
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_END = 33
_PNG_TEXT = b"Comment"
_PNG_XMP = b"XML:com.adobe.xmp"
_GIF_EXTENSION = b"\x21\xfe"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" Iptc4xmpExt:DigitalSourceType="{kind}" xmp:CreatorTool="{tool}"/>
</rdf:RDF></x:xmpmeta><?xpacket end="r"?>"""
_LARGEST = 65536
"""Bytes of a text that is looked at: a mark has a few hundred."""

_unmarked: ContextVar[bool] = ContextVar("unmarked", default=False)


@dataclass(frozen=True)
class Mark:
    """What a file says of how it was made.

    method     the method that drew it, such as jokr
    version    of Muybridge
    composite  whether what was drawn stands on pixels that were filmed, such as the source's own background
    """

    method: str
    version: str
    composite: bool = False

    @property
    def source_type(self) -> str:
        """The address of the IPTC's digital source type."""
        return _SOURCE_TYPES + (COMPOSITE if self.composite else GENERATED)

    @property
    def tool(self) -> str:
        """The program, its version and the method, in a few words."""
        return f"Muybridge {self.version}, method {self.method}"

    def to_json(self) -> str:
        """One line that people and programs can read."""
        told = {
            "synthetic": True,
            "tool": "Muybridge",
            "version": self.version,
            "method": self.method,
            "digitalSourceType": self.source_type,
        }
        return json.dumps(told)


def make_mark(method: str, composite: bool = False) -> Mark | None:
    """The mark of a result that this method drew; None inside `leave_unmarked`."""
    return None if _unmarked.get() else Mark(method, _find_version(), composite)


@contextmanager
def leave_unmarked() -> Iterator[None]:
    """Results that are written inside this block do not say that they are synthetic.

    Whoever publishes them has to say so otherwise: several countries, the European Union among them, ask for it.
    """
    token = _unmarked.set(True)
    try:
        yield
    finally:
        _unmarked.reset(token)


def read_mark(path: str | Path) -> Mark | None:
    """What a file or folder says of how it was made by Muybridge; None where it says nothing.

    That nothing is said is no proof of anything: most programs drop such remarks when they write a file anew.
    Raises InputError for what is no file, or cannot be opened.
    """
    path = check_path(path)
    if path.is_dir():
        return _read_folder_mark(path)

    start = read_head(path)
    if start.startswith(_PNG_START):
        return _read_png_mark(path)
    if start.startswith(b"GIF8"):
        return _read_gif_mark(path)
    if detect_still_format(start) is not None:
        return None
    with open_container(path) as container:
        # Containers differ in whether they write their keys large or small.
        tags = {}
        for key, value in container.metadata.items():
            tags[key.lower()] = value

        return _parse(tags.get("comment", ""))


def mark_png(data: bytes, mark: Mark) -> bytes:
    """The bytes of a PNG file with the mark as text, and as XMP, after its header."""
    text = _png_text(_PNG_TEXT, mark.to_json())
    xmp = _png_text(_PNG_XMP, _XMP.format(kind=mark.source_type, tool=mark.tool))
    return data[:_PNG_HEADER_END] + text + xmp + data[_PNG_HEADER_END:]


def mark_gif(path: Path, mark: Mark) -> None:
    """Put the mark into a GIF file, before its first picture."""
    data = path.read_bytes()
    place = _find_gif_blocks(data)
    text = mark.to_json().encode()
    blocks = b"".join(bytes([len(part)]) + part for part in _split(text, 255))
    path.write_bytes(data[:place] + _GIF_EXTENSION + blocks + b"\0" + data[place:])


def _find_gif_blocks(data: bytes) -> int:
    """Where a GIF's header ends, with the palette for all pictures if there is one."""
    packed = data[10] if len(data) > 10 else 0
    colours = 2 << (packed & 7) if packed & 0x80 else 0
    return 13 + 3 * colours


def mark_folder(folder: Path, mark: Mark) -> None:
    """Put the mark beside the frames of a folder."""
    (folder / MARK_FILE).write_text(mark.to_json() + "\n", encoding="utf-8")


def _find_version() -> str:
    try:
        return version("muybridge")
    except PackageNotFoundError:  # run from its source, without being installed
        return "of the source code"


def _parse(text: str) -> Mark | None:
    if len(text) > _LARGEST:
        return None
    with suppress(ValueError):
        told = parse_json(text)
        if isinstance(told, dict) and told.get("synthetic") is True and told.get("tool") == "Muybridge":
            composite = str(told.get("digitalSourceType", "")).endswith(COMPOSITE)
            return Mark(str(told.get("method", ""))[:200], str(told.get("version", ""))[:200], composite)
    return None


def _read_folder_mark(folder: Path) -> Mark | None:
    note = folder / MARK_FILE
    if note.is_file() and note.stat().st_size <= _LARGEST:
        with suppress(OSError, UnicodeDecodeError):
            mark = _parse(note.read_text(encoding="utf-8"))
            if mark is not None:
                return mark

    images = list_images(folder)
    if not images:
        raise InputError(f"the folder {folder} holds no images", "Give a file, or a folder of frames.")
    return read_mark(images[0]) if images[0].suffix.lower() == ".png" else None


def _png_text(key: bytes, text: str) -> bytes:
    # An iTXt chunk: key, not compressed, no language, no translated key, and the text in UTF-8.
    data = key + b"\0\0\0\0\0" + text.encode()
    kind = b"iTXt"
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _read_png_mark(path: Path) -> Mark | None:
    with path.open("rb") as file:
        file.seek(len(_PNG_START))
        while len(head := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", head)
            # The size is the file's own word: a broken one must not make us read gigabytes.
            if kind == b"iTXt" and size <= _LARGEST:
                key, _, rest = file.read(size).partition(b"\0")
                mark = _parse(rest[4:].decode("utf-8", "replace")) if key == _PNG_TEXT else None
                if mark is not None:
                    return mark
                # The checksum behind each chunk is not looked at: a mark is no proof either way.
                file.seek(4, 1)
            else:
                file.seek(size + 4, 1)

    return None


def _read_gif_mark(path: Path) -> Mark | None:
    data = read_head(path, _LARGEST)
    place = data.find(_GIF_EXTENSION, _find_gif_blocks(data))
    if place < 0:
        return None

    text = b""
    at = place + len(_GIF_EXTENSION)
    while at < len(data) and data[at]:
        text += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return _parse(text.decode("utf-8", "replace"))


def _split(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
