"""A sheet to judge silhouettes by."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import MissingSilhouettesError
from muybridge.tensors import Mattes, Pixels
from muybridge.video.clip import Clip
from muybridge.video.sheets import contact_sheet

OUTLINE = (255, 40, 40)
"""RGB."""
SMALL = 0.45
"""A subject whose box is smaller than this share of the frame, on the longer sides, is shown from nearby too."""
MARGIN = 0.3
"""What is shown around it then, as a share of the box on each side."""


def overlay(clip: Clip) -> Pixels:
    """The frames with the background darkened and the silhouette outlined: uint8 [T, 3, H, W]."""
    if clip.mattes is None:
        raise MissingSilhouettesError(f"{clip.name} has no silhouettes to show", "Find them first.")
    on = clip.mattes > 127
    level = on.float()
    width = max(1, round(max(clip.height, clip.width) / 320))
    grown = F.max_pool2d(level, 2 * width + 1, stride=1, padding=width) > 0
    out = torch.where(on, clip.pixels, clip.pixels // 2)
    return torch.where(grown & ~on, torch.tensor(OUTLINE, dtype=torch.uint8)[None, :, None, None], out)


def sheet(clip: Clip, columns: int = 4, rows: int = 3, height: int = 160) -> UInt8[Tensor, "3 H W"]:
    """Frames evenly spread over the clip, with their silhouettes, as one picture: uint8 [3, H', W'].

    A subject that is small in its frames is shown from nearby as well, below each row.
    """
    count = min(len(clip), columns * rows)
    index = []
    for i in range(count):
        index.append(round(i * (len(clip) - 1) / max(1, count - 1)))

    # One by one: what is made on the way is several times as large as a frame.
    pictures = torch.cat([overlay(clip[[i]]) for i in index])
    near = _cut_to_subject(pictures, clip[index].mattes)
    named = {}
    for begin in range(0, count, columns):
        numbers = ", ".join(map(str, index[begin : begin + columns]))
        named[f"frames {numbers}"] = pictures[begin : begin + columns]
        if near is not None:
            named[f"frames {numbers} from nearby"] = near[begin : begin + columns]

    return contact_sheet(named, columns=columns, height=height)


def _cut_to_subject(pictures: Pixels, mattes: Mattes | None) -> UInt8[Tensor, "T 3 h w"] | None:
    """The pictures cut to a window of one size that follows the silhouette; None where the subject is not small.

    A frame without a silhouette is cut where the one before it was.
    """
    if mattes is None:
        return None
    boxes: list[tuple[int, int, int, int]] = []
    for matte in mattes[:, 0]:
        y, x = torch.nonzero(matte > 127, as_tuple=True)
        if len(y):
            boxes.append((int(y.min()), int(y.max()) + 1, int(x.min()), int(x.max()) + 1))
        elif boxes:
            boxes.append(boxes[-1])
        else:
            boxes.append((0, 0, 0, 0))

    high, wide = pictures.shape[2:]
    side = max(max(bottom - top, right - left) for top, bottom, left, right in boxes)
    if not 0 < side < SMALL * max(high, wide):
        return None

    window = round(side * (1 + 2 * MARGIN))
    h = min(window, high)
    w = min(window, wide)
    cut = []
    for picture, (top, bottom, left, right) in zip(pictures, boxes, strict=True):
        row = min(max(0, (top + bottom - h) // 2), high - h)
        column = min(max(0, (left + right - w) // 2), wide - w)
        cut.append(picture[:, row : row + h, column : column + w])
    return torch.stack(cut)
