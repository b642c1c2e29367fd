"""A background on which a subject can be seen."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.errors import InputError

Colour = tuple[float, float, float]
"""RGB in [0, 1]."""

PixelBox = tuple[int, int, int, int]
"""(top, bottom, left, right) in pixels, the last of each not included."""

MID_GREY: Colour = (0.5, 0.5, 0.5)
LIGHT_GREY: Colour = (0.86, 0.86, 0.86)
DARK_GREY: Colour = (0.16, 0.16, 0.16)

_NEAR = 18.0
"""Distance in CIE L*a*b* under which a colour is hard to tell from a background beside it."""
_LITTLE = 0.10
"""Share of the subject that may be hard to see before another background than mid grey is looked for."""
_SAMPLES = 20000


def contrast_background(pixels: Tensor, mattes: Tensor) -> Colour:
    """The background that a subject stands out from: mid grey, as papers show results, or a lighter or darker grey.

    pixels   uint8 [T, 3, H, W]  RGB
    mattes   uint8 [T, 1, H, W]  255 on the subject
    returns  RGB in [0, 1]

    Mid grey is kept unless more than a tenth of the subject is of nearly that colour; then the grey is taken that is
    near to the smallest part of the subject and of its outline together: a dark outline is lost on dark grey, however
    light the body is. Mid grey too where there is no subject. Raises InputError for other shapes.
    """
    if pixels.ndim != 4 or pixels.shape[1] != 3 or mattes.shape != (len(pixels), 1, *pixels.shape[2:]):
        raise InputError(f"pixels {tuple(pixels.shape)} and silhouettes {tuple(mattes.shape)} do not belong together")
    subject = mattes > 127
    if not subject.any():
        return MID_GREY

    shares = _shares_near(pixels, subject)
    # Papers show results on mid grey, so another one needs a reason.
    if shares[MID_GREY] <= _LITTLE:
        return MID_GREY
    outline = subject & (F.max_pool2d((~subject).float(), 5, 1, 2) > 0)
    of_outline = _shares_near(pixels, outline) if outline.any() else shares
    return min(shares, key=lambda grey: shares[grey] + of_outline[grey])


def _shares_near(pixels: Tensor, where: Tensor) -> dict[Colour, float]:
    """Which share of some pixels is hard to tell from each grey."""
    inside = pixels.permute(0, 2, 3, 1)[where[:, 0]]
    # Evenly spread samples tell the shares of colours as well as all pixels do.
    colours = _to_lab(inside[:: max(1, len(inside) // _SAMPLES)])
    shares: dict[Colour, float] = {}
    for grey in (MID_GREY, LIGHT_GREY, DARK_GREY):
        distances = (colours - _to_lab(torch.tensor([grey]).mul(255).round().byte())).norm(dim=1)
        shares[grey] = float((distances < _NEAR).float().mean())
    return shares


def _to_lab(colours: Tensor) -> Tensor:
    """CIE L*a*b* of uint8 [N, 3]."""
    row = colours.cpu().numpy()[None].astype(np.float32) / 255
    return torch.from_numpy(cv2.cvtColor(row, cv2.COLOR_RGB2LAB)[0])


def find_subject_box(mattes: Tensor, margin: float = 0.08) -> PixelBox:
    """The box round everything that silhouettes cover, for sheets that show the subject large.

    mattes   uint8 [T, 1, H, W]  255 on the subject
    margin   added on each side, as a share of the box's longer side
    returns  the whole frame where there is no subject
    """
    height, width = mattes.shape[2:]
    covered = (mattes > 127).any(dim=0)[0]
    rows = covered.any(dim=1).nonzero()
    columns = covered.any(dim=0).nonzero()
    if not len(rows):
        return 0, height, 0, width

    # The box holds the subject on all frames at once, so that it does not jump from cell to cell of a sheet.
    top = int(rows[0])
    bottom = int(rows[-1]) + 1
    left = int(columns[0])
    right = int(columns[-1]) + 1
    room = round(margin * max(bottom - top, right - left))
    return max(0, top - room), min(height, bottom + room), max(0, left - room), min(width, right + room)
