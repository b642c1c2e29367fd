"""Files of landmarks as they are found, one reader a program, each known by what the file holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.errors import InputError
from muybridge.landmarks.formats.coco import read_alphapose, read_coco
from muybridge.landmarks.formats.face_text import read_table, read_texts
from muybridge.landmarks.formats.files import (
    READABLE,
    LandmarkFile,
    check_one_count,
    describe_unknown,
    load_json,
)
from muybridge.landmarks.formats.mediapipe import read_mediapipe
from muybridge.landmarks.formats.mmpose import read_mmpose
from muybridge.landmarks.formats.openpose import read_dwpose, read_openpose
from muybridge.landmarks.formats.own import read_own, to_json
from muybridge.landmarks.formats.yolo import read_yolo_json

READERS = (
    read_own,
    read_openpose,
    read_dwpose,
    read_alphapose,
    read_coco,
    read_yolo_json,
    read_mmpose,
    read_mediapipe,
)
"""Each takes a file's content and gives None where it is another program's; the first that knows it reads it."""


def read_json(file: Path) -> LandmarkFile:
    """One JSON file, of a whole clip or of one frame; InputError names what is in a file that nobody knows."""
    return _read_content(load_json(file), file)


def _read_content(found: Any, file: Path) -> LandmarkFile:
    for reader in READERS:
        read = reader(found, file)
        if read is not None:
            return read
    raise InputError(f"{file} holds no landmarks that can be read: {describe_unknown(found)}", f"Give {READABLE}.")


def read_json_files(files: Sequence[Path]) -> LandmarkFile:
    """JSON files of one frame each; the frames are named after the files."""
    known: list[LandmarkFile] = []
    frames = []
    for file in files:
        read = _read_frame(file)
        if len(read.frames) > 1:
            raise InputError(
                f"{file} holds {len(read.frames)} frames, and lies among {len(files)} files",
                "Name one file of a whole clip, or a folder with a file for each frame.",
            )
        people = read.frames[0][1] if read.frames else ()
        frames.append((file.stem.removesuffix("_keypoints"), people))
        # A frame without people looks the same in several formats, so it says nothing about which one it is.
        if people:
            known.append(read)

    check_one_count(tuple(frames), files[0].parent)
    if not known:
        return LandmarkFile("JSON files", "body25", tuple(frames), first=0)
    one = known[0]
    if any((each.what, each.scaled) != (one.what, one.scaled) for each in known):
        raise InputError(f"{files[0].parent} holds landmarks of several programs", "Give those of one.")
    return LandmarkFile(one.what, one.kind, tuple(frames), size=one.size, first=one.first, scaled=one.scaled)


def _read_frame(file: Path) -> LandmarkFile:
    """One frame's file; an empty list is a frame without anybody, as several programs write it."""
    found = load_json(file)
    if found == []:
        return LandmarkFile("JSON files", "body25", ())
    return _read_content(found, file)


__all__ = ["READABLE", "LandmarkFile", "read_json", "read_json_files", "read_table", "read_texts", "to_json"]
