"""How far pictures are from the ones that they should be, one value a picture.

torchmetrics takes half a second of a processor to be imported; it is, where one of its figures is wanted.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import InputError
from muybridge.networks import Lpips
from muybridge.tensors import Images, Masks

Pair = Float[Tensor, "_ _ _ _"]
"""Pictures of one size, which the functions check themselves."""
Values = Float[Tensor, "B"]
"""One value a picture."""
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of MS-SSIM from fine to coarse (Wang, Simoncelli and Bovik 2003, section 3.2)."""
PSNR_MOST = 100.0
"""Decibels given to equal pictures, whose ratio is infinite."""
WINDOW = 11
"""Pixels of SSIM's window."""
BATCH = 16
"""Pictures that go through a network together."""


def l1(result: Images, target: Images, where: Masks | None = None) -> Values:
    """Mean absolute difference of the colours, 0 to 1; over the pixels of `where` only, if given.

    result, target  [B, 3, H, W] in [0, 1]
    where           [B, 1, H, W], 1 on what counts
    """
    gap = (result - target).abs().mean(1, keepdim=True)
    if where is None:
        return gap.mean((1, 2, 3))
    return (gap * where).sum((1, 2, 3)) / where.sum((1, 2, 3)).clamp_min(1)


def psnr(result: Pair, target: Pair) -> Float[Tensor, "_"]:
    """Peak signal to noise ratio in decibels, at most `PSNR_MOST`; pictures in [0, 1]."""
    _same(result, target)
    from torchmetrics.functional.image import peak_signal_noise_ratio

    ratio = peak_signal_noise_ratio(result, target, data_range=1.0, reduction="none", dim=(1, 2, 3))
    return ratio.reshape(-1).clamp_max(PSNR_MOST)


def ssim(result: Pair, target: Pair) -> Float[Tensor, "_"]:
    """Structural similarity (Wang et al. 2004): Gaussian windows of 11x11, -1 to 1, 1 is equal; pictures in [0, 1]."""
    _same(result, target)
    _at_least(result, WINDOW, "SSIM")
    from torchmetrics.functional.image import structural_similarity_index_measure

    value = structural_similarity_index_measure(result, target, data_range=1.0, reduction="none")
    return torch.as_tensor(value).reshape(-1)


def ms_ssim(result: Pair, target: Pair) -> Float[Tensor, "_"]:
    """SSIM over several sizes (Wang, Simoncelli and Bovik 2003), 0 to 1; pictures in [0, 1].

    The five sizes want 176 pixels; smaller pictures have as many as fit, their exponents scaled to the sum 1.
    """
    _same(result, target)
    _at_least(result, WINDOW, "MS-SSIM")
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    betas = SCALES[: scales_of(min(result.shape[2:]))]
    betas = tuple(beta / sum(betas) for beta in betas)
    value = multiscale_structural_similarity_index_measure(
        result, target, data_range=1.0, betas=betas, normalize="relu", reduction="none"
    )
    return torch.as_tensor(value).reshape(-1)


def scales_of(side: int) -> int:
    """How many of the five sizes of MS-SSIM a picture has whose shorter side is this many pixels."""
    return max(n for n in range(1, len(SCALES) + 1) if n == 1 or side // (n - 1) ** 2 >= WINDOW)


def lpips(result: Pair, target: Pair, network: Lpips) -> Float[Tensor, "_"]:
    """Learned perceptual distance (Zhang et al. 2018, eq. 1) of pictures in [0, 1]; 0 is equal."""
    _same(result, target)
    with torch.no_grad():
        pairs = zip(result.split(BATCH), target.split(BATCH), strict=True)
        parts = []
        for a, b in pairs:
            parts.append(network(a * 2 - 1, b * 2 - 1))

        return torch.cat(parts)


def _same(a: Pair, b: Pair) -> None:
    if a.shape != b.shape:
        raise InputError(f"pictures of {tuple(a.shape)} cannot be compared with pictures of {tuple(b.shape)}")


def _at_least(pictures: Pair, side: int, name: str) -> None:
    if min(pictures.shape[2:]) < side:
        raise InputError(f"{name} compares windows of {side} pixels, and the picture has {tuple(pictures.shape[2:])}")
