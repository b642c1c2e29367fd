"""A sheet to judge landmarks by."""

from __future__ import annotations

import torch
from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import InputError
from muybridge.landmarks.drawing import colour_labels, count_labels, label_indices
from muybridge.landmarks.points import Landmarks
from muybridge.tensors import Pixels
from muybridge.video.clip import Clip
from muybridge.video.sheets import contact_sheet

MARGIN = 0.12
"""Round the subject, as a part of the longer side of the box of all its landmarks."""


def draw_overlay(clip: Clip, landmarks: Landmarks) -> Pixels:
    """The frames, a little darkened, with the label map over them: uint8 [T, 3, H, W]."""
    if len(clip) != len(landmarks):
        raise InputError(f"{clip.name} has {len(clip)} frames, and its landmarks have {len(landmarks)}")
    indices = label_indices(landmarks, (clip.height, clip.width))
    return torch.where(indices[:, None] > 0, colour_labels(indices, count_labels(landmarks.kind)), clip.pixels // 3 * 2)


def draw_sheet(
    clip: Clip, landmarks: Landmarks, columns: int = 6, rows: int = 2, height: int = 200
) -> UInt8[Tensor, "3 H W"]:
    """Frames evenly spread over the clip, cut to the subject, with landmarks over them and alone; uint8 [3, H, W].

    Frames on which nobody was found are named as missing.
    """
    count = min(len(clip), columns * rows)
    index = [round(i * (len(clip) - 1) / max(1, count - 1)) for i in range(count)]
    # One box for all frames, so that the subject's way can be seen.
    y0, y1, x0, x1 = _subject_box(landmarks, (clip.height, clip.width))
    over = draw_overlay(clip[index], landmarks[index])[:, :, y0:y1, x0:x1]
    maps = label_indices(landmarks[index], (clip.height, clip.width))[:, y0:y1, x0:x1]
    alone = colour_labels(maps, count_labels(landmarks.kind))
    present = landmarks.present
    named: dict[str, Tensor] = {}

    for i in range(0, count, columns):
        which = index[i : i + columns]
        title = ", ".join(f"{t}" if bool(present[t]) else f"{t} missing" for t in which)
        # Over the pictures errors of place are seen, alone those of the skeleton.
        named[f"frames {title}"] = over[i : i + columns]
        named[f"labels {title}"] = alone[i : i + columns]

    return contact_sheet(named, columns=columns, height=height)


def _subject_box(landmarks: Landmarks, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of a box round everything that is seen, with its margin, inside the picture."""
    at = landmarks.points[landmarks.seen & landmarks.present[:, None]]
    if not len(at):
        return 0, size[0], 0, size[1]

    (x0, y0) = at.amin(0).tolist()
    (x1, y1) = at.amax(0).tolist()
    room = MARGIN * max(x1 - x0, y1 - y0) + 4
    top = max(0, int(y0 - room))
    left = max(0, int(x0 - room))
    bottom = min(size[0], int(y1 + room))
    right = min(size[1], int(x1 + room))

    # Landmarks may lie outside the picture altogether.
    return (top, bottom, left, right) if bottom - top > 8 and right - left > 8 else (0, size[0], 0, size[1])
