"""Landmarks as a file of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from muybridge.errors import InputError, Sentence, Verb
from muybridge.landmarks.formats.files import MAX_COORDINATE, LandmarkFile
from muybridge.landmarks.layout import FACE68, WHOLE
from muybridge.landmarks.points import Landmarks

FORMAT = "muybridge landmarks"
_REPAIR = Sentence("Write it again: ", Verb("landmarks"))


def to_json(landmarks: Landmarks, size: tuple[int, int]) -> str:
    """The text of landmarks.json, which `read` takes back: to a thousandth of a pixel.

    size  (h, w) of the pictures that the points are pixels of
    """
    rows = torch.cat([landmarks.points, landmarks.confidence[..., None]], -1).double()
    points = []
    for frame in rows.tolist():
        points.append([[round(v, 3) for v in row] for row in frame])

    record = {"format": FORMAT, "kind": landmarks.kind, "size": list(size), "points": points}
    return json.dumps(record, separators=(",", ":"))


def read_own(found: Any, file: Path) -> LandmarkFile | None:
    """What `to_json` wrote. None: it is something else."""
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return None
    try:
        kind = found["kind"]
        size = int(found["size"][0]), int(found["size"][1])
        frames = [np.asarray(each, np.float64) for each in found["points"]]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{file} is a broken file of landmarks", _REPAIR) from error

    counts = (FACE68,) if kind == "face68" else (25, WHOLE)
    shapes = {each.shape for each in frames}
    one_shape = len(shapes) == 1 and shapes.pop() in {(count, 3) for count in counts}
    if kind not in ("body25", "face68") or not one_shape or not all(1 <= side <= 2**20 for side in size):
        raise InputError(f"{file} is a broken file of landmarks", _REPAIR)
    for each in frames:
        # A file may have been edited by hand, and such numbers would only fail much later.
        if not np.isfinite(each).all() or np.abs(each).max() > MAX_COORDINATE:
            raise InputError(f"{file} holds numbers that are not finite", _REPAIR)

    numbered = []
    for i, each in enumerate(frames):
        numbered.append((str(i), (each,)))

    return LandmarkFile("landmarks", kind, tuple(numbered), named=False, size=size)
