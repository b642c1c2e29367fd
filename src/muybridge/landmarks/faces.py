"""Where a body's face is on its label maps, and pictures of it."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor
from torch.nn import functional as F

from muybridge.landmarks.layout import FACE_LABEL
from muybridge.tensors import Images

HEAD_LABELS = (1, 4)
"""First and last label of the limbs of the head."""


def face_boxes(labels: UInt8[Tensor, "B H W"]) -> Int64[Tensor, "B 4"]:
    """Where each picture's face is: (top, bottom, left, right) in pixels, ends excluded, inside the picture.

    From the face's own label, else from the limbs of the head, else a square below the top; at least an eighth of the
    picture's height (docs/methods/tsnet.md, Losses, for 256 pixels).
    """
    return torch.tensor([_face_box(picture) for picture in labels.cpu()])


def shows_face(labels: UInt8[Tensor, "B H W"]) -> Bool[Tensor, "B"]:
    """Whether each picture has the face's own label or limbs of the head."""
    first, last = HEAD_LABELS
    head = (labels == FACE_LABEL) | ((labels >= first) & (labels <= last))
    return head.flatten(1).any(1)


def face_crops(pictures: Images, boxes: Int64[Tensor, "B 4"], side: int) -> Float[Tensor, "B C S S"]:
    """What the boxes hold, squares of `side` pixels, bilinear with aligned corners."""
    crops = []
    for picture, (top, bottom, left, right) in zip(pictures.split(1), boxes.tolist(), strict=True):
        face = picture[:, :, top:bottom, left:right]
        crops.append(F.interpolate(face, (side, side), mode="bilinear", align_corners=True))
    return torch.cat(crops)


def _face_box(labels: UInt8[Tensor, "H W"]) -> tuple[int, int, int, int]:
    h, w = labels.shape
    unit = h / 256
    first, last = HEAD_LABELS
    found = labels == FACE_LABEL
    if not bool(found.any()):
        found = (labels >= first) & (labels <= last)
    if bool(found.any()):
        ys, xs = found.nonzero().T
        top = int(ys.min())
        bottom = int(ys.max())
        left = int(xs.min())
        right = int(xs.max())
        x = (left + right) // 2
        y = (3 * top + 2 * bottom) // 5
        side = int(2.5 * (right - left))
        side = max(8, round(32 * unit), side)
    else:
        y = h // 4
        x = w // 2
        side = max(8, round(64 * unit))

    # At the picture's edge a crop is moved rather than cut, so that it stays square.
    half = min(side, h, w) // 2
    y = max(half, min(h - half, y))
    x = max(half, min(w - half, x))
    return y - half, y + half, x - half, x + half
