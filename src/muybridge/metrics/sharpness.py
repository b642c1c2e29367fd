"""How much fine detail a subject shows."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.tensors import Images, Masks, Scalar


def gradient_energy(frames: Images, masks: Masks) -> Float[Tensor, "B"]:
    """Mean squared difference of neighbouring pixels, summed over colours and both directions, well inside the subject:
    what its outline adds is left out.

    frames  [B, 3, H, W] in [0, 1]
    masks   [B, 1, H, W]; pixels at least three away from where they are under a half count
    """
    inside = -F.max_pool2d(-(masks > 0.5).float(), 5, 1, 2)[..., 1:, 1:]
    across = (frames[..., 1:, 1:] - frames[..., 1:, :-1]).square().sum(1, keepdim=True)
    down = (frames[..., 1:, 1:] - frames[..., :-1, 1:]).square().sum(1, keepdim=True)
    return ((across + down) * inside).sum((1, 2, 3)) / inside.sum((1, 2, 3)).clamp_min(1)


def sharpness(
    made: Images, made_masks: Masks, own: Float[Tensor, "N 3 H W"], own_masks: Float[Tensor, "N 1 H W"]
) -> Scalar:
    """Gradient energy of a result over that of the subject's own frames at the same size: 1 is as sharp, 0 is flat.

    made  [B, 3, H, W]  the result, and its silhouettes
    own   [N, 3, H, W]  the subject's own frames, and theirs
    """
    right = gradient_energy(own, own_masks).mean()
    return gradient_energy(made, made_masks).mean() / right.clamp_min(1e-9)
