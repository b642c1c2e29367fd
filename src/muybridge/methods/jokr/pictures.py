"""What the parts of JOKR's training share: pictures as the networks see them, and sums over the two sides."""

from collections.abc import Iterator

from torch import Tensor

from muybridge.tensors import Images, Masks

HAZE = 0.25
"""Where a drawn silhouette is less than this, there is nothing."""


def to_picture(frames: Images, masks: Masks) -> Images:
    """[0, 1] on black to [-1, 1] with 0 around the subject."""
    return frames * 2 - masks


def mean_colour(pictures: Images, masks: Masks) -> Tensor:
    """The mean of each picture under its mask: [B, 3, 1, 1]."""
    area = masks.sum((2, 3), keepdim=True).clamp_min(1)
    return (pictures * masks).sum((2, 3), keepdim=True) / area


def both(terms: Iterator[Tensor]) -> Tensor:
    """The sum over the two sides."""
    first, second = terms
    return first + second
