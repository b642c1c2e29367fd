"""Other programs' orders of points, brought into that of OpenPose's 25 body points, hands and face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from muybridge.landmarks.layout import BODY, BODY25, FACE, LEFT_HAND, PLACE, RIGHT_HAND, WHOLE

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
OPENPOSE18 = (
    *("nose", "neck"),
    *(f"{s}_{j}" for s in ("right", "left") for j in _ARMS_AND_LEGS[:3]),
    *(f"{s}_{j}" for s in ("right", "left") for j in _ARMS_AND_LEGS[3:]),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
"""OpenPose's older model, which ControlNet's editors write."""
DWPOSE24 = (*OPENPOSE18, *WHOLEBODY[17:])
"""The body and feet of DWPose's 134 points: OpenPose's 18, then COCO-WholeBody's feet."""
BLAZEPOSE33 = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "left_mouth", "right_mouth"),
    *(f"{side}_{joint}" for joint in _ARMS_AND_LEGS[:3] for side in ("left", "right")),
    *(f"{side}_{finger}" for finger in ("pinky", "index", "thumb") for side in ("left", "right")),
    *(f"{side}_{joint}" for joint in _ARMS_AND_LEGS[3:] for side in ("left", "right")),
    *(f"{side}_{part}" for part in ("heel", "big_toe") for side in ("left", "right")),
)
"""BlazePose's points, as MediaPipe writes them; its "foot index" is the big toe."""


@dataclass(frozen=True)
class PointOrder:
    """In which order a program writes the points of a person.

    body        names of the first points
    face        rows of the face's 68 points, where there are any
    left_hand   rows of the 21 points of that hand, from the wrist to the tips
    right_hand  the same
    """

    body: tuple[str, ...]
    face: slice | None = None
    left_hand: slice | None = None
    right_hand: slice | None = None


ORDERS: Mapping[int, PointOrder] = {
    17: PointOrder(COCO17),
    18: PointOrder(OPENPOSE18),
    25: PointOrder(BODY25),
    26: PointOrder(HALPE26),
    33: PointOrder(BLAZEPOSE33),
    133: PointOrder(WHOLEBODY, slice(23, 91), slice(91, 112), slice(112, 133)),
    134: PointOrder(DWPOSE24, slice(24, 92), slice(92, 113), slice(113, 134)),
    136: PointOrder(HALPE26, slice(26, 94), slice(94, 115), slice(115, 136)),
}
"""How many points a person has -> which they are. No two programs write as many in another order."""
COUNTS_SAID = "17 (COCO), 18 or 25 (OpenPose), 26 or 136 (Halpe), 33 (BlazePose), 133 (WholeBody) or 134 (DWPose)"

WHOLEBODY_FACE = slice(23, 91)
"""Rows of the face among COCO-WholeBody's 133 points."""

MIDDLES: Mapping[str, tuple[str, str]] = {
    "neck": ("left_shoulder", "right_shoulder"),
    "mid_hip": ("left_hip", "right_hip"),
}
"""Points that COCO's order lacks, and the two between which they lie."""

FACE_MESH68 = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107),
    *(336, 296, 334, 293, 301),
    *(168, 197, 5, 4),
    *(75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144),
    *(362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)
"""Points of MediaPipe's face mesh that lie where 300-W has its 68: jaw, brows, nose twice, eyes, lips twice."""
FACE_MESH_COUNTS = (468, 478)
"""Points of a face mesh, without and with the irises."""


def order_by_name(rows: Rows, names: Sequence[str]) -> Person:
    """Points [K, 3] under their names as OpenPose's 25; the neck and the middle of the hips are made where missing.

    A made point is as sure as the less sure of its two; others that are missing have the confidence 0.
    """
    body = np.zeros((len(BODY25), 3), np.float64)
    for name, row in zip(names, rows, strict=True):
        if name in PLACE:
            body[PLACE[name]] = row

    for name, (left, right) in MIDDLES.items():
        a = body[PLACE[left]]
        b = body[PLACE[right]]
        if name not in names and min(a[2], b[2]) > 0:
            body[PLACE[name]] = (*(a[:2] + b[:2]) / 2, min(a[2], b[2]))
    return body


def to_openpose(rows: Rows) -> Person:
    """A person in any of `ORDERS` as [25, 3], as [137, 3] where it has hands and a face; a face's mesh as [68, 3]."""
    if len(rows) in FACE_MESH_COUNTS:
        return face_from_mesh(rows)
    order = ORDERS[len(rows)]
    body = order_by_name(rows[: len(order.body)], order.body)
    if order.face is None:
        return body
    return join_parts(body, rows[order.face], rows[order.left_hand], rows[order.right_hand])


def join_parts(body: Person, face: Rows | None, left_hand: Rows | None, right_hand: Rows | None) -> Person:
    """A whole person [137, 3] of a body of 25 points, a face of 68 or 70 and hands of 21; what is None is not seen."""
    whole = np.zeros((WHOLE, 3), np.float64)
    whole[BODY] = body
    if face is not None:
        whole[FACE.start : FACE.start + len(face)] = face
    if left_hand is not None:
        whole[LEFT_HAND] = left_hand
    if right_hand is not None:
        whole[RIGHT_HAND] = right_hand

    return whole


def face_from_mesh(mesh: Rows) -> Person:
    """MediaPipe's 468 (or 478) points of a face as 300-W's 68: [68, 3]."""
    return mesh[list(FACE_MESH68)]
