"""Coordinates of pixels, and the only calls of grid_sample in the package.

Everywhere (x, y) is in [-1, 1], x to the right, y down, and -1 and 1 are the centres of the corner pixels.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.tensors import Images, Points

FEWEST = 32
"""Channels from which on a pixel is looked up as one row of a table."""
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
    if padding == "zeros" and _one_by_pixel(images) and not _wants_gradients(images, grid):
        return _look_up(images[:1], grid, align_corners)
    wide = full_precision(images)
    warped = F.grid_sample(
        wide, grid.to(wide.dtype), mode="bilinear", padding_mode=padding, align_corners=align_corners
    )
    return warped.to(images.dtype)


def sample_cubic(pictures: Images, grid: Float[Tensor, "B H2 W2 2"]) -> Float[Tensor, "B C H2 W2"]:
    """Look up pictures with cubic convolution (Keys 1981), which keeps the detail that the mean of neighbours blurs.

    pictures  [B, C, H, W]    in [0, 1]; beyond it its edge goes on
    grid      [B, H', W', 2]  (x, y) with -1 and 1 at the pixels' outer edges
    returns   [B, C, H', W']  in [0, 1]: what swings over is cut. On Apple's GPUs, which have no such look-up, bilinear
    """
    wide = full_precision(pictures)
    mode = "bilinear" if pictures.device.type == "mps" else "bicubic"
    warped = F.grid_sample(wide, grid.to(wide.dtype), mode=mode, padding_mode="border", align_corners=False)
    return warped.clamp(0, 1).to(pictures.dtype)


def _one_by_pixel(images: Tensor) -> bool:
    """Whether it is one picture, if repeated, laid out pixel by pixel in a processor's memory."""
    one = images.stride(0) == 0 or images.shape[0] == 1
    rows = not images[:1].is_contiguous() and images[:1].is_contiguous(memory_format=torch.channels_last)
    return one and rows and images.shape[1] >= FEWEST and images.device.type == "cpu"


def _wants_gradients(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(x.requires_grad for x in tensors)


def _look_up(
    image: Float[Tensor, "1 C H W"], grid: Float[Tensor, "B H2 W2 2"], align_corners: bool
) -> Float[Tensor, "B C H2 W2"]:
    """`sample` of one picture as the weighted sum of four rows of a table: several times faster than grid_sample, and
    laid out pixel by pixel as its input is. In bfloat16 the weights are too."""
    h, w = image.shape[2:]
    size = torch.tensor((w, h), dtype=torch.float32)

    wide = full_precision(grid)
    place = (wide + 1) / 2 * (size - 1) if align_corners else ((wide + 1) * size - 1) / 2
    # Black around the picture is all that lies further out. Of a number and NaN, fmin takes the number.
    place = place.fmin(size).fmax(-torch.ones(2))
    first = place.floor()

    table = F.pad(image[0].permute(1, 2, 0), (0, 0, 1, 2, 1, 2)).flatten(0, 1)
    rows = ((first[..., 1] + 1) * (w + 3) + first[..., 0] + 1).int()[..., None] + torch.tensor(
        (0, 1, w + 3, w + 4)
    ).int()

    share = torch.stack((1 - place + first, place - first))
    weights = (share[:, None, ..., 1] * share[None, ..., 0]).flatten(0, 1).to(table.dtype)
    weights = weights.flatten(1).t().contiguous()

    found = F.embedding_bag(rows.view(-1, 4), table, per_sample_weights=weights, mode="sum")
    return found.view(*grid.shape[:3], -1).permute(0, 3, 1, 2)
