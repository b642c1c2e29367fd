"""A sheet to judge silhouettes by."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import MissingSilhouettesError
from muybridge.tensors import Pixels
from muybridge.video.clip import Clip
from muybridge.video.sheets import contact_sheet

OUTLINE = (255, 40, 40)
"""RGB."""


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
    """Frames evenly spread over the clip, with their silhouettes, as one picture: uint8 [3, H', W']."""
    count = min(len(clip), columns * rows)
    index = []
    for i in range(count):
        index.append(round(i * (len(clip) - 1) / max(1, count - 1)))

    # One by one: what is made on the way is several times as large as a frame.
    pictures = torch.cat([overlay(clip[[i]]) for i in index])
    named = {}
    for begin in range(0, count, columns):
        numbers = ", ".join(map(str, index[begin : begin + columns]))
        named[f"frames {numbers}"] = pictures[begin : begin + columns]

    return contact_sheet(named, columns=columns, height=height)
