"""Whole frames brought to the size that a network sees, and its results brought back."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from muybridge.tensors import Pixels


def resize_to_canvas_bytes(pixels: UInt8[Tensor, "T 3 h w"], size: tuple[int, int]) -> Pixels:
    """Frames at another size, whatever their aspect: area where a side shrinks, bilinear where both grow.

    pixels   uint8 [T, 3, h, w]
    size     (H, W)
    returns  uint8 [T, 3, H, W]; the frames themselves where they have that size already
    """
    if tuple(pixels.shape[2:]) == size:
        return pixels
    small = size[0] < pixels.shape[2] or size[1] < pixels.shape[3]
    out = torch.empty(len(pixels), 3, *size, dtype=torch.uint8)
    for t, frame in enumerate(pixels):
        out[t] = _resize(frame, size, cv2.INTER_AREA if small else cv2.INTER_LINEAR)
    return out


def resize_to_canvas(pixels: UInt8[Tensor, "T 3 h w"], size: tuple[int, int]) -> Float[Tensor, "T 3 H W"]:
    """`squeezed_bytes` in [0, 1]: what a network is shown when it animates is then what it was trained on.

    pixels   uint8 [T, 3, h, w]
    size     (H, W)
    returns  float32 [T, 3, H, W]
    """
    return resize_to_canvas_bytes(pixels, size).float().div_(255)


def resize_from_canvas(pictures: Float[Tensor, "T C H W"], size: tuple[int, int]) -> UInt8[Tensor, "T C h w"]:
    """A network's results at the size that is wanted: area where a side shrinks, bicubic where both grow.

    pictures  [T, C, H, W] in [0, 1], C of 1 to 4
    size      (h, w)
    returns   uint8 [T, C, h, w]
    """
    values = (pictures.detach().float().cpu().clamp(0, 1) * 255).round().to(torch.uint8)
    if tuple(values.shape[2:]) == size:
        return values
    small = size[0] < values.shape[2] or size[1] < values.shape[3]
    out = torch.empty(*values.shape[:2], *size, dtype=torch.uint8)
    for t, picture in enumerate(values):
        out[t] = _resize(picture, size, cv2.INTER_AREA if small else cv2.INTER_CUBIC)
    return out


def _resize(frame: Tensor, size: tuple[int, int], how: int) -> Tensor:
    picture = np.ascontiguousarray(frame.permute(1, 2, 0).cpu().numpy())
    resized = cv2.resize(picture, (size[1], size[0]), interpolation=how)
    return torch.from_numpy(resized.reshape(*size, -1)).permute(2, 0, 1)
