"""Whose keypoints, moved how: section 3.6."""

import torch

from muybridge.geometry import Covariances, inverse_2x2, relative_scale
from muybridge.methods.monkeynet.embedding import Keypoints

LEAST = 1e-6
"""What eigenvalues of an adapted covariance that are not positive become (docs/methods/monkeynet.md, Transfer)."""


def transfer(
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
        covariances = _make_positive(covariances @ inverse_2x2(first.covariances) @ source.covariances)
    return Keypoints(means.clamp(-1, 1) if inside else means, covariances)


def movement_scale(source: Keypoints, first: Keypoints) -> float:
    """How much larger the source is than the driving subject, see `relative_scale`."""
    return float(relative_scale(source.means, first.means)[0])


def _make_positive(covariances: Covariances) -> Covariances:
    symmetric = (covariances + covariances.transpose(-1, -2)) / 2
    values, vectors = torch.linalg.eigh(symmetric)
    values = torch.where(values <= 0, torch.full_like(values, LEAST), values)
    return vectors @ (values[..., None] * vectors.transpose(-1, -2))
