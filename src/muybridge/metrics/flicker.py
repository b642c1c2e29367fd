"""How steadily a clip moves."""

from __future__ import annotations

from muybridge.errors import InputError
from muybridge.tensors import Images, Masks, Scalar


def flicker(frames: Images, masks: Masks) -> Scalar:
    """Mean size of the second difference in time, |x(t-1) - 2 x(t) + x(t+1)| / 2, where the subject is in any of the
    three frames: 0 for what stands still or changes evenly, up to 1 for what jumps to and fro.

    frames  [T, 3, H, W] in [0, 1], T at least 3; the subject is looked at on black
    masks   [T, 1, H, W]
    """
    if len(frames) < 3:
        raise InputError(f"flicker is seen over three frames, not {len(frames)}")
    shown = frames * masks
    bend = (shown[:-2] - 2 * shown[1:-1] + shown[2:]).abs().mean(1, keepdim=True) / 2
    cut = masks > 0.5
    where = cut[:-2] | cut[1:-1] | cut[2:]
    return (bend * where).sum() / where.sum().clamp_min(1)
