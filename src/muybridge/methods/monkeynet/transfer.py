"""Whose keypoints, moved how: section 3.6."""

import torch

from muybridge.geometry import Covariances, hull_area, inverse_2x2
from muybridge.methods.monkeynet.embedding import Keypoints

LEAST = 1e-6
"""What eigenvalues of an adapted covariance that are not positive become (facts: transfer)."""


def transferred(
    source: Keypoints,
    driving: Keypoints,
    first: Keypoints,
    *,
    relative: bool = True,
    scale: float = 1.0,
    adapt_covariances: bool = False,
    inside: bool = False,
) -> Keypoints:
    """The keypoints of the frames to draw: eq. 7, or the driving ones as they are.

    source             of one picture
    driving            of B frames
    first              of the driving frame that is posed as the source is
    relative           eq. 7: the source's keypoints, moved as the driving ones; False: the driving ones
    scale              of the movement, see `movement_scale`
    adapt_covariances  the source's, changed as the driving ones; False: the driving ones, as the paper has it
    inside             keep keypoints in the picture
    """
    if not relative:
        return driving
    means = source.means + (driving.means - first.means) * scale
    covariances = driving.covariances
    if adapt_covariances:
        covariances = _made_positive(covariances @ inverse_2x2(first.covariances) @ source.covariances)
    return Keypoints(means.clamp(-1, 1) if inside else means, covariances)


def movement_scale(source: Keypoints, first: Keypoints) -> float:
    """How much larger the source is than the driving subject: the root of the ratio of their hulls' areas; 1 where the
    driving keypoints lie on one line."""
    of_source, of_driving = hull_area(source.means)[0], hull_area(first.means)[0]
    return float((of_source / of_driving).sqrt()) if of_driving > 0 else 1.0


def _made_positive(covariances: Covariances) -> Covariances:
    symmetric = (covariances + covariances.transpose(-1, -2)) / 2
    values, vectors = torch.linalg.eigh(symmetric)
    values = torch.where(values <= 0, torch.full_like(values, LEAST), values)
    return vectors @ (values[..., None] * vectors.transpose(-1, -2))
