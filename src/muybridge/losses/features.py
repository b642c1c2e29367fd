"""Distances of features and of picture gradients."""

from collections.abc import Sequence

import torch
from torch import Tensor

from muybridge.geometry import full_precision
from muybridge.tensors import Images, Scalar


def feature_distance(found: Sequence[Tensor], wanted: Sequence[Tensor], weights: Sequence[float]) -> Scalar:
    """Sum over layers of weight times the mean absolute difference (TS-Net, eq. 5; Johnson et al. 2016).

    found, wanted  [B, C, H, W] from each layer; no gradient flows into `wanted`
    weights        of each layer
    """
    terms = []
    for a, b, weight in zip(found, wanted, weights, strict=True):
        terms.append(weight * (full_precision(a) - full_precision(b).detach()).abs().mean())

    return torch.stack(terms).sum()


def gradient_difference(result: Images, target: Images) -> Scalar:
    """Mean | |dx a| - |dx b| | plus the same of dy (Mathieu et al. 2015, eq. 6 with alpha = 1, means for sums).

    result, target  [B, C, H, W]
    """
    a = full_precision(result)
    b = full_precision(target)
    terms = []
    for d in (2, 3):
        terms.append((a.diff(dim=d).abs() - b.diff(dim=d).abs()).abs().mean())

    return terms[0] + terms[1]
