"""The Frechet distance between two sets of features: FID with Inception's, SVFID with an action network's."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import InputError
from muybridge.tensors import Scalar

Features = Float[Tensor, "_ _"]


def frechet_distance(first: Features, second: Features) -> Scalar:
    """|m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)) of the two sets' means and covariances (Heusel et al. 2017, eq. 6).

    first, second  at least two vectors each
    returns        0 for equal moments; float64
    """
    if len(first) < 2 or len(second) < 2:
        raise InputError(f"a Frechet distance needs two features of each, not {len(first)} and {len(second)}")
    if first.shape[1] != second.shape[1]:
        raise InputError(f"features of {first.shape[1]} and of {second.shape[1]} numbers cannot be compared")
    (m1, c1) = moments(first)
    (m2, c2) = moments(second)
    apart = (m1 - m2).square().sum() + c1.trace() + c2.trace() - 2 * _trace_of_root(c1, c2)
    return apart.clamp_min(0)  # rounding alone can bring equal sets under it


def moments(features: Features) -> tuple[Float[Tensor, "D"], Float[Tensor, "D D"]]:
    """Mean and unbiased covariance, float64."""
    x = features.double()
    centred = x - x.mean(0)
    return x.mean(0), centred.T @ centred / (len(x) - 1)


def _trace_of_root(a: Float[Tensor, "D D"], b: Float[Tensor, "D D"]) -> Scalar:
    """Tr((A B)^(1/2)) of two covariances, through the symmetric A^(1/2) B A^(1/2), whose eigenvalues are AB's."""
    values, vectors = torch.linalg.eigh(a)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return torch.linalg.eigvalsh(root @ b @ root).clamp_min(0).sqrt().sum()
