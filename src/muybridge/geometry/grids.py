"""Coordinates of pixels, and the only call of grid_sample in the package.

Everywhere (x, y) is in [-1, 1], x to the right, y down, and -1 and 1 are the centres of the corner pixels.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.tensors import Images, Points

Padding = Literal["zeros", "border", "reflection"]
"""What lies beyond the picture: nothing, its edge, or its mirror image."""


def axis(count: int, like: Tensor) -> Float[Tensor, "N"]:
    """The coordinates of `count` pixels in a row, with the device and at least the precision of `like`.

    count    pixels
    returns  [N]  from -1 to 1; a single pixel lies at 0
    """
    like = full_precision(like)
    steps = torch.arange(count, device=like.device, dtype=like.dtype)
    # In this order, not linspace's: it rounds as the published programs do.
    return 2 * (steps / (count - 1)) - 1 if count > 1 else steps


def make_grid(size: tuple[int, int], like: Tensor) -> Float[Tensor, "H W 2"]:
    """The (x, y) of every pixel.

    size     (H, W)     pixels
    returns  [H, W, 2]  in [-1, 1]
    """
    y, x = torch.meshgrid(axis(size[0], like), axis(size[1], like), indexing="ij")
    return torch.stack((x, y), dim=-1)


def full_precision(x: Tensor) -> Tensor:
    """The tensor in float32 where it is of half precision, else as it is: 8 bits are too few for a coordinate."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def to_pixels(points: Points, size: tuple[int, int]) -> Points:
    """Where keypoints lie in a picture, in pixels.

    points   [B, K, 2]  (x, y) in [-1, 1]
    size     (H, W)     pixels
    returns  [B, K, 2]  (x, y); (0, 0) is the centre of the first pixel, (W - 1, H - 1) of the last
    """
    return (points + 1) / 2 * points.new_tensor((size[1] - 1, size[0] - 1))


def from_pixels(points: Points, size: tuple[int, int]) -> Points:
    """The inverse of `to_pixels`; a side of one pixel gives 0.

    points   [B, K, 2]  (x, y) in pixels
    size     (H, W)     pixels
    returns  [B, K, 2]  (x, y) in [-1, 1]
    """
    last = points.new_tensor((size[1] - 1, size[0] - 1))
    return torch.where(last > 0, points / last.clamp_min(1) * 2 - 1, torch.zeros_like(points))


def sample(
    images: Images, grid: Float[Tensor, "B H2 W2 2"], padding: Padding = "zeros", align_corners: bool = True
) -> Float[Tensor, "B C H2 W2"]:
    """Look up a picture bilinearly where the grid says.

    images         [B, C, H, W]
    grid           [B, H', W', 2]  (x, y) in [-1, 1]
    padding        what lies beyond the picture
    align_corners  False reproduces programs that sample with corners at the pixels' outer edges
    returns        [B, C, H', W'] as a picture; differentiable in both
    """
    wide = full_precision(images)
    warped = F.grid_sample(
        wide, grid.to(wide.dtype), mode="bilinear", padding_mode=padding, align_corners=align_corners
    )
    return warped.to(images.dtype)
