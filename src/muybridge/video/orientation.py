"""How a video's frames are to be turned and mirrored before they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from muybridge.video.media_input import Picture

Orientation = tuple[bool, int, int]
"""Whether rows and columns change places, and then the steps, 1 or -1, in which rows and columns are walked."""

UPRIGHT: Orientation = (False, 1, 1)

_BY_ROTATION: dict[int, Orientation] = {
    0: UPRIGHT,
    90: (True, -1, 1),
    180: (False, -1, -1),
    270: (True, 1, -1),
}
_TABLES = {b"moov", b"trak"}


def find_orientation(path: Path, stream_id: int, frame: av.VideoFrame) -> Orientation:
    """How a stream's frames are to be shown, to the nearest quarter turn.

    stream_id  the track's number in an MP4 or MOV file, whose header alone tells of mirroring
    frame      its first frame, whose rotation counts for every other kind of file

    `frame.side_data` would tell too. But PyAV frees what it reads there twice where an entry has a description, as a
    colour profile has, and the process dies.
    """
    matrix = _read_track_matrix(path, stream_id)
    if matrix is None:
        degrees = round(frame.rotation / 90) % 4 * 90
        return _BY_ROTATION[degrees]

    a, b, c, d = matrix
    # With rows and columns changing places, x' = c y and y' = b x.
    swapped = abs(a) < abs(c)
    across = c if swapped else a
    down = b if swapped else d
    return swapped, -1 if down < 0 else 1, -1 if across < 0 else 1


def apply_orientation(picture: Picture, orientation: Orientation) -> Picture:
    """The picture as it is to be shown."""
    swapped, down, across = orientation
    if swapped:
        picture = picture.transpose(1, 0, 2)
    return picture[::down, ::across]


def _read_track_matrix(path: Path, stream_id: int) -> tuple[int, int, int, int] | None:
    """(a, b, c, d) of a track's header in an MP4 or MOV file, where it is not the identity; None elsewhere."""
    with path.open("rb") as file:
        for header in _iter_track_headers(file, 0, path.stat().st_size):
            # Version 1 has times of 64 bits, which push the rest back.
            id_at, matrix_at = (20, 52) if header[:1] == b"\1" else (12, 40)
            track = int.from_bytes(header[id_at : id_at + 4], "big")
            values = header[matrix_at : matrix_at + 36]
            if track == stream_id and len(values) == 36:
                a, b, _, c, d, *_ = np.frombuffer(values, ">i4").tolist()
                return None if (a, b, c, d) == (65536, 0, 0, 65536) else (a, b, c, d)

    return None


def _iter_track_headers(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """The content of every `tkhd` box between two places of a file."""
    while start + 8 <= end:
        file.seek(start)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        begin = start + 8
        # Size 1 stands for a size of 64 bits behind the kind, 0 for a box that goes to the end.
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
            begin += 8
        elif size == 0:
            size = end - start
        # A box smaller than its own head is broken, and could be gone round for ever.
        if size < begin - start:
            return

        kind = head[4:8]
        # Other files have no boxes at all: what looks like a size there would lead anywhere.
        if start == 0 and kind not in (b"ftyp", b"moov", b"wide", b"free", b"skip", b"mdat", b"styp"):
            return
        if kind == b"tkhd":
            file.seek(begin)
            yield file.read(min(104, size))
        elif kind in _TABLES:
            yield from _iter_track_headers(file, begin, min(end, start + size))
        start += size
