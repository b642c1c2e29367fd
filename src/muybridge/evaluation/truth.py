"""A result against the true answer, where there is one."""

from __future__ import annotations

import torch
from torch import Tensor

from muybridge.errors import InputError, MissingSilhouettesError
from muybridge.video import Clip


def against_truth(made: Clip, truth: Clip) -> dict[str, float]:
    """How far a retargeted clip is from the true one; frame by frame, over as many as both have.

    iou  mean overlap of the silhouettes (cut at a half), 1 is perfect
    l1   mean absolute difference of the colours in [0, 1] where either subject is, each on black, 0 is perfect
    Raises MissingSilhouettesError, or InputError where the frames differ in size.
    """
    if made.mattes is None or truth.mattes is None:
        raise MissingSilhouettesError("a comparison with the truth needs the silhouettes of both clips")
    if made.pixels.shape[2:] != truth.pixels.shape[2:]:
        raise InputError(f"a result of {_size(made)} px cannot be compared with a truth of {_size(truth)} px")
    overlaps, gaps = [], []
    for i in range(min(len(made), len(truth))):
        a, b = made.mattes[i] > 127, truth.mattes[i] > 127
        union = a | b
        area = union.sum().clamp_min(1)
        overlaps.append((a & b).sum() / area)
        gap = (_on_black(made, i) - _on_black(truth, i)).abs().mean(0, keepdim=True)
        gaps.append((gap * union).sum() / area)
    return {"iou": float(torch.stack(overlaps).mean()), "l1": float(torch.stack(gaps).mean())}


def _on_black(clip: Clip, index: int) -> Tensor:
    assert clip.mattes is not None
    return clip.pixels[index].float() / 255 * (clip.mattes[index].float() / 255)


def _size(clip: Clip) -> str:
    return f"{clip.width}x{clip.height}"
