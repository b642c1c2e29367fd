"""Pictures and labels as TS-Net's networks see them (docs/methods/tsnet.md)."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from muybridge.tensors import Images, Masks

MEAN_BGR = (101.84807586669922, 112.10832977294922, 111.65972900390625)
"""Of the authors' training pictures, 0 to 255 (docs/methods/tsnet.md, Inputs)."""
FACE_SIZE = 64
"""Side of the crop that the face discriminator sees."""
Labels = UInt8[Tensor, "B H W"]
"""Class of each pixel, 0 for the background."""


def shift(like: Tensor) -> Float[Tensor, "1 3 1 1"]:
    """What is taken from BGR in [0, 1]."""
    return torch.tensor(MEAN_BGR, device=like.device, dtype=like.dtype).view(1, 3, 1, 1) / 255


def to_network(rgb: Images) -> Images:
    """RGB in [0, 1] to BGR minus the mean, about [-0.44, 0.6]."""
    return rgb.flip(1) - shift(rgb)


def to_rgb(pictures: Images) -> Images:
    """The inverse of `to_network`, clipped to [0, 1]."""
    return (pictures + shift(pictures)).clamp(0, 1).flip(1)


def match_statistics(pictures: Images, like: Float[Tensor, "B2 C H2 W2"]) -> Images:
    """Each channel with the mean and deviation (unbiased) of `like`'s (docs/methods/tsnet.md, Losses).

    pictures, like  [B, C, H, W]; `like` may have a batch of 1
    """
    spread, mean = torch.std_mean(pictures, (2, 3), keepdim=True)
    wanted_spread, wanted_mean = torch.std_mean(like, (2, 3), keepdim=True)
    return (pictures - mean) / spread.clamp_min(1e-12) * wanted_spread + wanted_mean


def cell_boxes(boxes: Masks, cell: int = 8) -> Float[Tensor, "B 1 h w"]:
    """Box maps at the size of the features, by the nearest pixel (docs/methods/tsnet.md, Transformation branch)."""
    return F.interpolate(boxes, (boxes.shape[2] // cell, boxes.shape[3] // cell), mode="nearest")


def label_boxes(labels: Labels, margin: tuple[int, int]) -> Masks:
    """1 in the rectangle that holds all labels, widened; empty where there are none (section 3.1, figure 3).

    labels   [B, H, W]
    margin   (y, x) in pixels; a sixteenth of the picture's sides in the released program
    returns  [B, 1, H, W]
    """
    maps = []
    for picture in labels:
        box = torch.zeros(picture.shape)
        ys, xs = (picture > 0).nonzero().T
        if len(ys):
            top = max(0, int(ys.min()) - margin[0])
            left = max(0, int(xs.min()) - margin[1])
            # The last row and column stay outside, as in the released program.
            box[top : int(ys.max()) + max(1, margin[0]), left : int(xs.max()) + max(1, margin[1])] = 1

        maps.append(box)

    return torch.stack(maps)[:, None].to(labels.device)
