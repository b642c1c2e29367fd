"""Distances between keypoints: of neighbouring frames, of a result and its truth, and to the joints of a puppet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from muybridge.errors import InputError
from muybridge.tensors import Points, Scalar

Landmarks = Float[Tensor, "_ _ 2"]


def keypoint_step(points: Points, follows: Bool[Tensor, "_"] | None = None) -> Scalar:
    """Mean distance of a keypoint between neighbouring frames (JOKR, figure 8: 0.0055 without and 0.0023 with eq. 6).

    points   [T, K, 2] normalised, so that the picture spans 2: those that eq. 6 takes the norm of
    follows  [T - 1] False where frame t + 1 is not the next one after t
    """
    steps = (points[1:] - points[:-1]).norm(dim=-1)
    steps = steps if follows is None else steps[follows]
    if not len(steps):
        raise InputError("a step between frames needs two frames that follow each other")
    return steps.mean()


def average_keypoint_distance(
    made: Landmarks, truth: Landmarks, found: Bool[Tensor, "_ _"], found_in_truth: Bool[Tensor, "_ _"]
) -> tuple[Scalar, Scalar]:
    """AKD and MKR (Siarohin et al. 2019, section 4; 2021, section 4.2).

    made, truth     [B, K, 2] landmarks that a detector finds in the result and in the true frames; AKD has their unit
    found           which of them were found in the result, and in the truth
    returns         AKD: mean distance over landmarks found in both, nan where there are none;
                    MKR: of those found in the truth, the share that is missing in the result, 0 to 1
    """
    if made.shape != truth.shape:
        raise InputError(f"{tuple(made.shape)} landmarks cannot be compared with {tuple(truth.shape)}")
    both = found & found_in_truth
    akd = (made - truth).norm(dim=-1)[both].mean()
    missing = (found_in_truth & ~found).sum() / found_in_truth.sum().clamp_min(1)
    return akd, missing


def average_euclidean_distance(made: Float[Tensor, "_ _"], truth: Float[Tensor, "_ _"]) -> Scalar:
    """AED: mean distance of the identity features of each frame and its true one (Siarohin et al. 2019, section 4)."""
    if made.shape != truth.shape:
        raise InputError(f"features {tuple(made.shape)} cannot be compared with {tuple(truth.shape)}")
    return (made - truth).norm(dim=-1).mean()


def joint_error(found: Points, truth: Points) -> Scalar:
    """Mean distance of joints from where they should be; the picture spans 2."""
    return (found - truth).norm(dim=-1).mean()


def limb_identity(points: Points, joints: Float[Tensor, "B J 2"], limbs: Sequence[Sequence[int]]) -> Scalar:
    """How faithfully keypoints stay on one limb: the mean, over keypoints that sit on a limb in at least a fifth of the
    frames, of the share of those frames in which it is that keypoint's usual limb. 1 is always; 1 / limbs is chance.

    points  [T, K, 2] in the clip's own frames
    joints  [T, J, 2] true joints, in the same units
    limbs   joints of each limb; what is nearest to any other joint is on no limb
    returns nan where no keypoint sits on a limb
    """
    nearest = (points[:, :, None] - joints[:, None]).norm(dim=-1).argmin(-1)
    limb = torch.full((joints.shape[1],), -1)
    for index, members in enumerate(limbs):
        limb[list(members)] = index
    # Joints that belong to no limb stay -1, and so do the keypoints nearest to them.
    worn = limb[nearest]
    shares = []

    for column in worn.T:
        # A keypoint that is hardly ever on a limb sits on the trunk, where nothing can be exchanged.
        counts = torch.bincount(column[column >= 0], minlength=len(limbs))
        if counts.sum() >= 0.2 * len(column):
            shares.append(counts.max() / counts.sum())

    return torch.stack(shares).mean() if shares else torch.tensor(float("nan"))
