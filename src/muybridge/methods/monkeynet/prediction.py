"""Keypoints as rows of numbers for the GRU of image to video, and back."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.methods.monkeynet.embedding import Keypoints

Rows = Float[Tensor, "B N"]


def numbers_of(points: Keypoints, covariances: bool) -> Rows:
    """Means, and where they are wanted the logarithms and the corner of the covariances' Cholesky factors, so that
    whatever comes back is a covariance.

    returns  [B, 2 K] or [B, 5 K]
    """
    means = points.means.flatten(1)
    if not covariances:
        return means
    factor = torch.linalg.cholesky(points.covariances.float())
    entries = (factor[..., 0, 0].log(), factor[..., 1, 0], factor[..., 1, 1].log())
    return torch.cat((means, torch.stack(entries, dim=-1).flatten(1)), dim=1)


def keypoints_of(rows: Rows, first: Keypoints, covariances: bool) -> Keypoints:
    """The inverse of `numbers_of`; covariances that are not in the numbers are those of `first`, one picture's."""
    k = first.means.shape[1]
    means = rows[:, : 2 * k].unflatten(1, (k, 2))
    if not covariances:
        return Keypoints(means, first.covariances.expand(len(rows), -1, -1, -1))
    across, corner, down = rows[:, 2 * k :].unflatten(1, (k, 3)).unbind(-1)
    factor = torch.stack((across.exp(), torch.zeros_like(corner), corner, down.exp()), dim=-1).unflatten(-1, (2, 2))
    return Keypoints(means, factor @ factor.transpose(-1, -2))
