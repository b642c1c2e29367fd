"""How far two sets of keypoints lie apart as distributions."""

from jaxtyping import Float
from torch import Tensor

from muybridge.geometry import full_precision
from muybridge.tensors import Points, Scalar

Others = Float[Tensor, "N K 2"]
"""Keypoints of another number of pictures."""


def energy_distance(a: Points, b: Points, others_a: Others, others_b: Others) -> Scalar:
    """Twice the mean distance between the sets less the mean distance within each (Szekely and Rizzo 2013); 0 where
    they are equal in distribution. Mean of two: of each keypoint by itself, and of all as one long vector by sqrt(K).

    a, b      [B, K, 2]  keypoints of the two sets
    others_*  [N, K, 2]  more of the same sets, which stand for them where B is small
    """
    a = full_precision(a)
    b = full_precision(b)
    all_a = full_precision(others_a)
    all_b = full_precision(others_b)
    apart = _distances(a, all_b) + _distances(b, all_a)
    within = _distances(a, all_a) + _distances(b, all_b)
    return (apart - within).mean()


def _distances(x: Points, y: Others) -> Float[Tensor, ""]:
    squared = (x[:, None] - y[None]).square().sum(-1)
    # A distance of zero has no gradient.
    each = (squared + 1e-6).sqrt().mean()
    whole = (squared.mean(-1) + 1e-6).sqrt().mean()
    return (each + whole) / 2
