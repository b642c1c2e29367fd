"""Landmarks as label maps: a skeleton whose limbs have numbers, hands and the lines of a face."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from muybridge.landmarks.layout import BODY, CONTOURS, FACE_LABEL, FINGERS, LIMBS
from muybridge.landmarks.points import Kind, Landmarks
from muybridge.video.sheets import distinct_colours

_MAX_COORDINATE = 2**14
"""Pixels; OpenCV's fixed-point coordinates overflow beyond."""


def count_labels(kind: Kind) -> int:
    """Labels of a kind, the background 0 counted: 25 for a body, 2 for a face (docs/methods/tsnet.md, Inputs)."""
    return 2 if kind == "face68" else FACE_LABEL + 1


def label_indices(landmarks: Landmarks, size: tuple[int, int]) -> UInt8[Tensor, "T H W"]:
    """Label maps as numbers: 0 is the background.

    size  (h, w) of the pictures that the points are pixels of

    A body has limbs 1-4 head, 5-6 trunk, 7-9 right arm, 10-12 left arm, 13-15 right leg and foot, 16-18 left leg and
    foot, fingers 19-23 and the face 24; a face has 1 on its lines. Higher numbers lie on lower ones. Limbs are 3 pixels
    wide at 256 pixels, fingers and faces 1. A line is drawn where both of its ends are sure enough.
    """
    canvas = np.zeros((len(landmarks), *size), np.uint8)
    points = landmarks.points.double().numpy()
    seen = landmarks.seen.numpy()
    parts = landmarks.parts()

    for map_, at, sure in zip(canvas, points, seen, strict=True):
        if landmarks.kind == "face68":
            # Label maps of faces know one class beside the background.
            _draw_face(map_, at, sure, 1)
            continue

        for a, b, label in LIMBS:
            _draw_chain(map_, at[BODY], sure[BODY], (a, b), label, 3)
        # Hands and face come after the limbs, to lie on top of them.
        for hand in ("left_hand", "right_hand"):
            for chain, label in FINGERS if hand in parts else ():
                _draw_chain(map_, at[parts[hand]], sure[parts[hand]], chain, label, 1)

        if "face" in parts:
            _draw_face(map_, at[parts["face"]], sure[parts["face"]], FACE_LABEL)

    return torch.from_numpy(canvas)


def label_maps(landmarks: Landmarks, size: tuple[int, int]) -> Float[Tensor, "T C H W"]:
    """`label_indices`, one map for each label, the background's first: 1.0 where it is, 0.0 elsewhere."""
    return one_hot(label_indices(landmarks, size), count_labels(landmarks.kind))


def one_hot(labels: UInt8[Tensor, "B H W"], classes: int) -> Float[Tensor, "B C H W"]:
    """A map for each class, the background's too: 1.0 where it is, 0.0 elsewhere."""
    return F.one_hot(labels.long(), classes).movedim(-1, 1).float()


def colour_labels(indices: UInt8[Tensor, "T H W"], count: int) -> UInt8[Tensor, "T 3 H W"]:
    """Label maps to look at: a colour for each of `count` labels, black for the background."""
    table = torch.tensor([(0, 0, 0), *distinct_colours(count - 1)], dtype=torch.uint8)
    return table[indices.long()].permute(0, 3, 1, 2).contiguous()


def _draw_face(map_: NDArray[np.uint8], at: NDArray[np.float64], sure: NDArray[np.bool_], label: int) -> None:
    for contour in CONTOURS:
        _draw_chain(map_, at, sure, contour, label, 1)


def _draw_chain(
    map_: NDArray[np.uint8],
    at: NDArray[np.float64],
    sure: NDArray[np.bool_],
    chain: Sequence[int],
    label: int,
    width: int,
) -> None:
    thick = max(1, round(width * max(map_.shape) / 256))
    for a, b in pairwise(chain):
        if not (sure[a] and sure[b]) or max(abs(at[a]).max(), abs(at[b]).max()) > _MAX_COORDINATE:
            continue
        (x0, y0), (x1, y1) = ((round(x), round(y)) for x, y in (at[a], at[b]))
        steep = abs(y1 - y0) > abs(x1 - x0)

        # Thin lines side by side: OpenCV draws one of thickness 3 as wide as 5.
        for o in range(-((thick - 1) // 2), thick // 2 + 1):
            dx, dy = (o, 0) if steep else (0, o)
            cv2.line(map_, (x0 + dx, y0 + dy), (x1 + dx, y1 + dy), label, 1, cv2.LINE_8)
