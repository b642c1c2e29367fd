"""Other orders of body points, brought into that of OpenPose's 25 and its hands and face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Shaped

from muybridge.landmarks.layout import BODY25, FACE, LEFT_HAND, PLACE, RIGHT_HAND, WHOLE

Rows = Shaped[np.ndarray, "_ 3"]
"""x, y in pixels and the confidence of each point."""
Person = Float[np.ndarray, "_ 3"]
"""The same in the order of `layout`: K is 25, 68 or 137."""

_ARMS_AND_LEGS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
COCO17 = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    *(f"{side}_{joint}" for joint in _ARMS_AND_LEGS for side in ("left", "right")),
)
"""COCO's keypoints."""
HALPE26 = (
    *COCO17,
    *("head", "neck", "mid_hip", "left_big_toe", "right_big_toe"),
    *("left_small_toe", "right_small_toe", "left_heel", "right_heel"),
)
"""Halpe-FullBody's first 26; "head" is its top, which the 25 do not have."""
WHOLEBODY = (*COCO17, *(f"{s}_{t}" for s in ("left", "right") for t in ("big_toe", "small_toe", "heel")))
"""The body and feet of COCO-WholeBody's 133 points, before 68 of the face, 21 of the left and 21 of the right hand."""
WHOLEBODY_FACE = slice(23, 91)
"""Rows of the face among those 133."""
OPENPOSE18 = (
    *("nose", "neck"),
    *(f"{s}_{j}" for s in ("right", "left") for j in _ARMS_AND_LEGS[:3]),
    *(f"{s}_{j}" for s in ("right", "left") for j in _ARMS_AND_LEGS[3:]),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
"""OpenPose's older model."""
MIDDLES: Mapping[str, tuple[str, str]] = {
    "neck": ("left_shoulder", "right_shoulder"),
    "mid_hip": ("left_hip", "right_hip"),
}
"""Points that COCO's order lacks, and the two between which they lie."""
POINT_COUNTS = (17, 26, 133)
"""How many points a person of a COCO file or of a detector may have."""


def order_by_name(rows: Rows, names: Sequence[str]) -> Person:
    """Points [K, 3] under their names as OpenPose's 25; the neck and the middle of the hips are made where missing.

    A made point is as sure as the less sure of its two; others that are missing have the confidence 0.
    """
    body = np.zeros((len(BODY25), 3), np.float64)
    for name, row in zip(names, rows, strict=True):
        if name in PLACE:
            body[PLACE[name]] = row
    for name, (left, right) in MIDDLES.items():
        a, b = body[PLACE[left]], body[PLACE[right]]
        if name not in names and min(a[2], b[2]) > 0:
            body[PLACE[name]] = (*(a[:2] + b[:2]) / 2, min(a[2], b[2]))
    return body


def from_coco(rows: Rows) -> Person:
    """COCO's 17 points or Halpe's 26 as [25, 3], COCO-WholeBody's 133 as [137, 3]."""
    if len(rows) != 133:
        return order_by_name(rows, COCO17 if len(rows) == 17 else HALPE26)
    whole = np.zeros((WHOLE, 3), np.float64)
    whole[: len(BODY25)] = order_by_name(rows[:23], WHOLEBODY)
    whole[FACE.start : FACE.start + 68] = rows[WHOLEBODY_FACE]
    whole[LEFT_HAND], whole[RIGHT_HAND] = rows[91:112], rows[112:133]
    return whole
