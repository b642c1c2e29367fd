"""Landmarks as a file of our own."""

from __future__ import annotations

import json

import torch

from muybridge.landmarks.points import Landmarks


def to_json(landmarks: Landmarks, size: tuple[int, int]) -> str:
    """The text of landmarks.json, which `read` takes back: to a thousandth of a pixel.

    size  (h, w) of the pictures that the points are pixels of
    """
    rows = torch.cat([landmarks.points, landmarks.confidence[..., None]], -1).double()
    points = [[[round(v, 3) for v in row] for row in frame] for frame in rows.tolist()]
    record = {"format": "muybridge landmarks", "kind": landmarks.kind, "size": list(size), "points": points}
    return json.dumps(record, separators=(",", ":"))
