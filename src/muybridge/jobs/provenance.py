"""Which files a run is made from, known again wherever they, the run or the person have gone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muybridge.data.folders import ClipFolder
from muybridge.inputs.clips import Source, input_names
from muybridge.run import Run
from muybridge.video import Clip
from muybridge.video.paths import list_images

ENDS = 2**20
"""Bytes at either end of a file that tell it from others of its length."""


ENDS_OF_IMAGES = 2**12
"""The same for each image of a folder."""


@dataclass(frozen=True)
class InputReference:
    """One input.

    typed  as the person gave it, which is what people are shown; the name of a clip in memory
    path   None for a clip in memory
    grows  a folder of clips, which is known by where it lies: others may have been put there since
    """

    typed: str
    path: Path | None = None
    grows: bool = False


def input_references(inputs: Sequence[Source], names: Sequence[str] | None = None) -> dict[str, InputReference]:
    """Letter, or number where there are more inputs than letters -> input.

    names  of clips in memory, unless they are to be told apart here
    """
    few = len(inputs) <= 26
    known = input_names(inputs) if names is None else names
    table = {}
    for i, (each, name) in enumerate(zip(inputs, known, strict=True)):
        table[chr(ord("a") + i) if few else str(i + 1)] = (
            InputReference(name) if isinstance(each, Clip) else InputReference(str(each), Path(each))
        )

    return table


def describe_inputs(origins: Mapping[str, InputReference], run: Path) -> dict[str, dict[str, str]]:
    """What a run's record says of its inputs: `inputs` as they were typed, `places` as seen from the run's folder, and
    `digests` of what is in them. None of it is an absolute path, unless one was typed."""
    files = {}
    for side, each in origins.items():
        if each.path is not None and each.path.exists():
            files[side] = each.path

    return {
        "inputs": {side: each.typed for side, each in origins.items()},
        "places": {side: os.path.relpath(path.resolve(), run.resolve()) for side, path in files.items()},
        "digests": {side: digest(path) for side, path in files.items() if not origins[side].grows},
    }


def is_same_input(run: Run, side: str, now: InputReference) -> bool:
    """Whether this is what the run was made from on that side."""
    record = run.record
    before = record.inputs.get(side)
    if before is None or now.path is None or not now.path.exists():
        return before == now.typed
    if side in record.digests:
        return digest(now.path) == record.digests[side]
    place = run.path / record.places[side] if side in record.places else Path(before)
    return place.resolve() == now.path.resolve() if place.exists() else before == now.typed


def find_input(run: Run, side: str) -> Path | None:
    """Where the input of that side lies today, if it is still the same.

    A run may come from anybody, and name any file of this machine: only what it knows the content of is its own.
    """
    record = run.record
    if side not in record.inputs or side not in record.digests:
        return None
    places = [run.path / record.places[side]] if side in record.places else []
    there = []
    for path in (*places, Path(record.inputs[side])):
        if path.is_file() or path.is_dir():
            there.append(path)

    return next((path for path in there if digest(path) == record.digests[side]), None)


def digest(path: Path) -> str:
    """What is in a file, or in the images of a folder, in 16 letters: by their sizes and ends, not by every byte."""
    found = hashlib.sha256()
    if path.is_file():
        found.update(_ends(path, ENDS))
    for folder in (path, path / "train", path / "train_seg") if path.is_dir() else ():
        for image in list_images(folder) if folder.is_dir() else ():
            found.update(str(image.relative_to(path)).encode(errors="surrogateescape"))
            found.update(_ends(image, ENDS_OF_IMAGES))
    return found.hexdigest()[:16]


def _ends(path: Path, count: int) -> bytes:
    """How long a file is, and what stands at its ends."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(count)
        file.seek(max(0, size - count))
        return f" {size} ".encode() + start + file.read(count)


def folder_reference(clips: Sequence[Clip]) -> InputReference:
    """The one input of a method that learns from a folder."""
    if isinstance(clips, ClipFolder):
        return InputReference(str(clips.root), clips.root, grows=True)
    return InputReference("clips")
