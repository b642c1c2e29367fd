"""What keypoints that nobody labelled should be like."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry import apply_affine, full_precision, make_grid
from muybridge.tensors import Affines, Heatmaps, Masks, Points, Scalar


def equivariance(points: Points, warped: Points, affine: Affines) -> Scalar:
    """Mean |k - T(k')| over batch, keypoints and both coordinates (JOKR, eq. 7, in the first picture's coordinates).

    points  [B, K, 2]  k, found in the pictures
    warped  [B, K, 2]  k', found in warp_affine(pictures, affine)
    affine  [B, 2, 3]  T
    """
    return (points - apply_affine(affine, warped)).abs().mean()


def temporal(points: Points, successors: Points) -> Scalar:
    """Mean length of the step from a frame to the next, over batch and keypoints (JOKR, eq. 6; the paper sums).

    points, successors  [B, K, 2]; the gradient of a step of length zero is zero
    """
    return torch.linalg.vector_norm(points - successors, dim=-1).mean()


def separation(points: Points, closest: float) -> Scalar:
    """Sum of relu(closest - |p_i - p_j|^2) over i != j, by K^2, mean over the batch (JOKR, keypoint regularisation).

    points   [B, K, 2]
    closest  delta, squared normalised units; 0.1 in the paper
    """
    pairs = _closeness(points, closest)
    # A keypoint is at distance zero from itself; that is not to be punished.
    others = pairs - torch.diag_embed(pairs.diagonal(dim1=1, dim2=2))
    return others.sum((1, 2)).mean() / points.shape[1] ** 2


def released_separation(points: Points, closest: float, first: int = 10) -> Scalar:
    """The same as the released program has it: the first ten keypoints only, i = j included, by 2 K B.

    points   [B, K, 2]
    closest  delta, squared normalised units; 0.12 in the published command
    """
    used = points[:, :first]
    return _closeness(used, closest).sum() / (2 * used.shape[1] * used.shape[0])


def coverage(points: Points, masks: Masks) -> Scalar:
    """Mean over the subject of the fourth power of the distance to the nearest keypoint, so that legs and tails that no
    keypoint is near count most; mean over the batch.

    points  [B, K, 2]
    masks   [B, 1, H, W]  above 0.5 on the subject; pictures without a subject count as nothing
    """
    places = make_grid((masks.shape[2], masks.shape[3]), masks).flatten(0, 1)
    inside = (full_precision(masks).flatten(1) > 0.5).float()
    squared = (places[None, :, None] - full_precision(points)[:, None]).square().sum(-1)
    far = squared.amin(-1).square()
    return ((far * inside).sum(1) / inside.sum(1).clamp_min(1)).mean()


def silhouette(heatmaps: Heatmaps, masks: Masks) -> Scalar:
    """Mean of -log(the share of each heat map that lies on the subject + 1e-12) (JOKR, keypoint regularisation).

    heatmaps  [B, K, H, W]  each sums to 1
    masks     [B, 1, H, W]  1.0 on the subject, at the size of the heat maps
    """
    inside = (full_precision(heatmaps) * full_precision(masks)).sum((2, 3))
    return -(inside + 1e-12).log().mean()


def silhouette_of_logits(logits: Heatmaps, masks: Masks) -> Scalar:
    """`silhouette` from the logits of the heat maps, so that a keypoint far off the subject is still pulled back:
    there the share itself is zero in any precision, and its logarithm has no gradient.

    logits  [B, K, H, W]  divided by the temperature already
    masks   [B, 1, H, W]  1.0 on the subject; pictures without a subject count as nothing
    """
    values = full_precision(logits).flatten(2)
    inside = full_precision(masks).flatten(2) > 0.5
    share = values.masked_fill(~inside, float("-inf")).logsumexp(-1) - values.logsumexp(-1)
    return -torch.where(inside.any(-1), share, torch.zeros_like(share)).mean()


def _closeness(points: Points, closest: float) -> Float[Tensor, "B K K"]:
    """relu(closest - |p_i - p_j|^2), [B, K, K]."""
    squared = (points[:, :, None] - points[:, None]).square().sum(-1)
    return torch.relu(closest - squared)
