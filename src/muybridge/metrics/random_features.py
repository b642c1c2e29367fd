"""Appearance by fixed random features: a network that nobody has trained, the same on every machine.

Random convolutions keep colours, edges and their frequencies, not what a person would call a likeness: the distance
compares results of one pair with each other and means nothing across pairs. It needs no file.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.metrics.frechet import frechet_distance
from muybridge.tensors import Images, Masks, Scalar

Frames = Float[Tensor, "_ _ _ _"]
"""Pictures or masks of a set of its own length and size."""

SEED = 1872
"""Of the weights."""
WIDTHS = (3, 16, 24, 32)
BATCH = 16


def random_features(frames: Images, masks: Masks) -> Float[Tensor, "B D"]:
    """Mean activations on the subject after each of three random layers: [B, 72].

    frames  [B, 3, H, W] in [0, 1], at least 16 pixels each way
    masks   [B, 1, H, W]; a frame with an empty silhouette gives zeros
    """
    if min(frames.shape[2:]) < 16:
        raise InputError(f"random features need 16 pixels each way, not {tuple(frames.shape[2:])}")
    weights = _weights()
    batches = zip(frames.float().split(BATCH), masks.float().split(BATCH), strict=True)
    return torch.cat([_features(pictures, cut, weights) for pictures, cut in batches])


def random_feature_distance(made: Frames, made_masks: Frames, source: Frames, source_masks: Frames) -> Scalar:
    """Frechet distance of the random features of two sets of frames, each on black; 0 for equal sets.

    As for `random_features`; the sets may differ in length and size.
    """
    return frechet_distance(random_features(made, made_masks), random_features(source, source_masks))


def _features(frames: Tensor, masks: Tensor, weights: list[Tensor]) -> Float[Tensor, "B D"]:
    x = frames * masks * 2 - masks
    found = []
    for kernel in weights:
        x = F.avg_pool2d(F.leaky_relu(F.conv2d(x, kernel, padding=1), 0.2), 2)
        small = F.adaptive_avg_pool2d(masks, (x.shape[2], x.shape[3]))
        found.append((x * small).sum((2, 3)) / small.sum((2, 3)).clamp_min(1e-6))
    return torch.cat(found, 1)


def _weights() -> list[Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    kernels = []
    for ins, outs in pairwise(WIDTHS):
        kernels.append(torch.randn(outs, ins, 3, 3, generator=generator) * (2 / (9 * ins)) ** 0.5)

    return kernels
