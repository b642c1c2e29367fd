"""A result against the true answer, where there is one."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge import metrics
from muybridge.errors import InputError, MissingSilhouettesError
from muybridge.evaluation.metric_networks import MetricNetworks
from muybridge.video import Clip

PART = 16
"""Frames that are compared together."""
NEAR = 2
"""Frames of the truth on each side of the one that is tracked that the tracker may not look at."""


def compare_to_truth(made: Clip, truth: Clip, by: MetricNetworks | None = None) -> dict[str, float]:
    """How far a retargeted clip is from the true one; means over as many frames as both have, each subject on black.

    iou, boundary_f      of the silhouettes (cut at a half), 1 is perfect
    l1                   mean absolute difference of the colours in [0, 1] where either subject is, 0 is perfect
    psnr, ssim, ms_ssim  of the whole frames; decibels, and 1 for equal ones
    lpips                where `by` has the network
    Raises MissingSilhouettesError, or InputError where the frames differ in size.
    """
    check_comparable(made, truth)
    count = min(len(made), len(truth))
    parts = []
    for at in range(0, count, PART):
        parts.append(_frame_figures(made[at : at + PART], truth[at : at + PART], by))

    table = {}
    for name in parts[0]:
        table[name] = float(torch.cat([part[name] for part in parts]).mean())

    return table


def overlap(made: Clip, truth: Clip) -> float:
    """Mean IoU of the silhouettes alone, the `iou` of `compare_to_truth`; the same errors."""
    check_comparable(made, truth)
    cut = made.masks
    right = truth.masks
    assert cut is not None
    assert right is not None

    count = min(len(cut), len(right))
    return float(metrics.iou(cut[:count], right[:count]).mean())


def check_comparable(made: Clip, truth: Clip) -> None:
    """MissingSilhouettesError, or InputError where the frames differ in size."""
    if made.mattes is None or truth.mattes is None:
        raise MissingSilhouettesError("a comparison with the truth needs the silhouettes of both clips")
    if made.pixels.shape[2:] != truth.pixels.shape[2:]:
        raise InputError(f"a result of {_size(made)} px cannot be compared with a truth of {_size(truth)} px")


def _frame_figures(made: Clip, truth: Clip, by: MetricNetworks | None) -> dict[str, Tensor]:
    count = min(len(made), len(truth))
    x, cut = on_black(made[:count])
    y, right = on_black(truth[:count])
    # Black on black would flatter: colours count where either subject is.
    where = ((cut > 0.5) | (right > 0.5)).float()
    found = {
        "iou": metrics.iou(cut, right),
        "boundary_f": metrics.boundary_f(cut, right),
        "l1": metrics.l1(x, y, where),
        "psnr": metrics.psnr(x, y),
        "ssim": metrics.ssim(x, y),
        "ms_ssim": metrics.ms_ssim(x, y),
    }
    if by is not None and by.lpips is not None:
        found["lpips"] = metrics.lpips(x, y, by.lpips)

    return found


def on_black(clip: Clip) -> tuple[Tensor, Tensor]:
    """Frames [T, 3, H, W] on black and silhouettes [T, 1, H, W], both in [0, 1]."""
    masks = clip.masks
    assert masks is not None
    return clip.frames * masks, masks


def joint_errors(
    made: Clip,
    truth: Clip,
    joints: Float[Tensor, "T J 2"],
    own: Clip,
    own_joints: Float[Tensor, "N J 2"],
) -> dict[str, float]:
    """How far the joints of a result are from the true ones, mean distance; the picture spans 2.

    joint_error    joints are tracked by dense matching with frames whose joints are known: the truth's and those of
                   the source's own video, less the true frame itself, its neighbours and exact copies of it
    tracker_error  the same tracker under the same conditions on the true frames themselves

    made         the result
    truth        the true clip with its joints [T, J, 2], (x, y) in [-1, 1]
    own          the source's own video with its joints
    """
    check_comparable(made, truth)
    x, cut = on_black(made)
    y, right = on_black(truth)
    z, mine = on_black(own)
    known = metrics.TrackedReference(torch.cat((y, z)), torch.cat((right, mine)), torch.cat((joints, own_joints)))
    left_out = _left_out(truth, own)
    count = min(len(made), len(truth))
    found = metrics.track(x[:count], cut[:count], known, left_out[:count])
    # The same tracker on the truth itself: how much of the error is its own.
    control = metrics.track(y[:count], right[:count], known, left_out[:count])

    return {
        "joint_error": float(metrics.joint_error(found, joints[:count])),
        "tracker_error": float(metrics.joint_error(control, joints[:count])),
    }


def _left_out(truth: Clip, own: Clip) -> Tensor:
    """bool [T, T + N]: the known frames that would give a true frame's answer away."""
    at = torch.arange(len(truth))
    near = (at[:, None] - at[None]).abs() <= NEAR
    assert truth.mattes is not None
    bank = truth.mattes.flatten(1)
    if own.mattes is not None:
        bank = torch.cat((bank, own.mattes.flatten(1)))

    copies = torch.stack([(bank == row).all(1) for row in bank[: len(truth)]])
    copies[:, : len(truth)] |= near
    return copies


def _size(clip: Clip) -> str:
    return f"{clip.width}x{clip.height}"
