"""How alike two sets of keypoints are posed."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry.grids import full_precision
from muybridge.geometry.hulls import hull_area
from muybridge.tensors import Points


def closest_pose(points: Points, candidates: Float[Tensor, "T K 2"]) -> int:
    """Which of many sets of keypoints is posed most like one, wherever and however large they are: the frame from
    which a relative movement starts best.

    points      [1, K, 2]
    candidates  [T, K, 2]
    returns     index into the candidates, the first where several are as close
    """
    distances = (_normalised(candidates) - _normalised(points)).square().sum((1, 2))
    return int(distances.argmin())


def _normalised(points: Points) -> Tensor:
    """Centred, and with a hull of area 1 (as they are where they lie on one line)."""
    points = full_precision(points)
    area = hull_area(points).sqrt()
    size = torch.where(area > 0, area, torch.ones_like(area))
    return (points - points.mean(1, keepdim=True)) / size[:, None, None]
