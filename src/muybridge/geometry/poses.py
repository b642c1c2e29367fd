"""How alike two sets of keypoints are posed."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry.grids import full_precision
from muybridge.geometry.hulls import hull_area
from muybridge.tensors import Points


def pose_distances(points: Points, candidates: Float[Tensor, "T K 2"]) -> Float[Tensor, "T"]:
    """How differently from one set of keypoints others are posed, wherever and however large they are: a relative
    movement starts best from the closest.

    points      [1, K, 2]
    candidates  [T, K, 2]
    returns     [T]  sums of squared distances, each set centred and with a hull of area 1
    """
    return (_normalise_pose(candidates) - _normalise_pose(points)).square().sum((1, 2))


def _normalise_pose(points: Points) -> Tensor:
    """Centred, and with a hull of area 1 (as they are where they lie on one line)."""
    points = full_precision(points)
    area = hull_area(points).sqrt()
    size = torch.where(area > 0, area, torch.ones_like(area))
    return (points - points.mean(1, keepdim=True)) / size[:, None, None]
