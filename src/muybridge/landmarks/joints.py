"""Joints that are known by name, as a figure that was drawn has them, as landmarks of a body."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import InputError
from muybridge.geometry import to_pixels
from muybridge.landmarks.layout import BODY25, PLACE
from muybridge.landmarks.points import Landmarks

JOINT_SYNONYMS = {"head": "nose", "pelvis": "mid_hip", "left_hand": "left_wrist", "right_hand": "right_wrist"}
"""Names of joints whose landmark has another."""
HEAD_OFFSETS = {"eye": (0.2, 0.0), "ear": (0.5, -0.05)}
"""Where eyes and ears lie from the head's joint, in lengths of the neck: (to that side, down along the neck)."""


def from_joints(joints: Float[Tensor, "T J 2"], names: Sequence[str], size: tuple[int, int]) -> Landmarks:
    """Joints of a figure as body landmarks, all of them sure.

    joints   (x, y) in [-1, 1]; -1 and 1 are the centres of the corner pixels
    names    of the J joints: those of `layout.BODY25`, or head, pelvis, left_hand and right_hand; others are left out
    size     (h, w) of the pictures
    returns  "body25" of 25 points. Eyes and ears are set beside the head, square to the neck; feet are not known.

    Raises InputError where the joints are not those of somebody with a neck and hips, as a quadruped's are not.
    """
    places = {}
    for i, name in enumerate(names):
        places[JOINT_SYNONYMS.get(name, name)] = i

    known = []
    for name in BODY25:
        if name in places:
            known.append(name)

    # Without a neck and hips nothing tells which way up the figure is, and how large.
    if not {"nose", "neck", "mid_hip"} <= set(known):
        raise InputError(
            f"joints named {', '.join(names)} are not those of a body",
            "A body has at least a head, a neck and a pelvis: dancers have.",
        )
    rows = []
    for name in known:
        rows.append(PLACE[name])

    points = torch.zeros(len(joints), len(BODY25), 2)
    trust = torch.zeros(len(joints), len(BODY25))
    points[:, rows] = to_pixels(joints, size)[:, [places[name] for name in known]]
    trust[:, rows] = 1.0
    # Label maps draw the head by eyes and ears, which a single point does not give.
    if "left_eye" not in known:
        _set_head(points, trust)
    return Landmarks(points, trust, "body25")


def _set_head(points: Float[Tensor, "T 25 2"], trust: Float[Tensor, "T 25"]) -> None:
    down = points[:, PLACE["neck"]] - points[:, PLACE["nose"]]
    across = torch.stack([down[:, 1], -down[:, 0]], -1)
    shoulders = points[:, PLACE["left_shoulder"]] - points[:, PLACE["right_shoulder"]]
    # A mirrored figure has its left on the other side.
    across = across * torch.where((across * shoulders).sum(-1) < 0, -1.0, 1.0)[:, None]

    for part, (out, below) in HEAD_OFFSETS.items():
        for side, sign in (("left", 1), ("right", -1)):
            row = PLACE[f"{side}_{part}"]
            points[:, row] = points[:, PLACE["nose"]] + sign * out * across + below * down
            trust[:, row] = 1.0
