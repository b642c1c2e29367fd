"""How far a picture is from the one that it should be."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.geometry import full_precision
from muybridge.networks import Lpips
from muybridge.tensors import Images, Masks, Scalar

THIN = 1 / 10
"""Parts thinner than this share of a picture's geometric mean side are thin: legs, tails, ears."""
ROUND_THIN = 1 / 32
"""How far round about them, as such a share, a pixel counts as they do: gaps between legs matter as well."""


def mse(result: Images, target: Images, weights: Masks | None = None) -> Scalar:
    """Mean squared difference over everything (JOKR, eq. 1).

    result, target  [B, C, H, W]
    weights         [B, 1, H, W] how much each pixel counts; all alike unless told
    """
    squared = (full_precision(result) - full_precision(target)).square()
    return squared.mean() if weights is None else (full_precision(weights) * squared).mean()


def weigh_thin_parts(silhouettes: Masks, gain: float) -> Masks:
    """Weights for `mse`: 1, and 1 + gain on thin parts and round them. A leg is a hundredth of a picture: a mean over
    all pixels hardly sees that it is missing.

    What an opening by a square of `THIN` takes away is thin (docs/methods/jokr.md, Paper, program, presets).

    silhouettes  [B, 1, H, W] in [0, 1]
    gain         0 or more
    """
    side = (silhouettes.shape[2] * silhouettes.shape[3]) ** 0.5
    across = max(1, round(side * THIN / 2))
    around = max(1, round(side * ROUND_THIN))

    opened = _largest_within(-_largest_within(-silhouettes, across), across)
    thin = (silhouettes - opened).clamp(0, 1)
    return 1 + gain * _largest_within(thin, around)


def _largest_within(pictures: Images, reach: int) -> Images:
    return F.max_pool2d(pictures, 2 * reach + 1, 1, reach)


def silhouette_entropy(drawn: Images, target: Images) -> Scalar:
    """Mean binary cross-entropy of silhouettes; a stand-in for eq. 1 of JOKR with a gradient that does not fade.

    drawn   [B, C, H, W] in (0, 1)
    target  [B, C, H, W] in [0, 1]
    """
    p = full_precision(drawn).clamp(1e-6, 1 - 1e-6)
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


def l1(result: Images, target: Images) -> Scalar:
    """Mean absolute difference over everything (JOKR, eq. 2).

    result, target  [B, C, H, W]
    """
    return (full_precision(result) - full_precision(target)).abs().mean()


def multiscale_l1(result: Images, target: Images, scales: int = 3) -> Scalar:
    """Mean of `l1` at full size, half, quarter, ... (means over 2x2 pixels), `scales` sizes in all.

    result, target  [B, C, H, W]; both sides at least 2^(scales - 1) pixels
    """
    difference = full_precision(result) - full_precision(target)
    total = difference.abs().mean()
    for _ in range(scales - 1):
        difference = F.avg_pool2d(difference, 2)
        total = total + difference.abs().mean()
    return total / scales


def ssim_loss(result: Images, target: Images, span: float = 1.0) -> Scalar:
    """1 minus the structural similarity (Wang et al. 2004, eq. 13): windows of 11x11, Gaussian of 1.5 pixels.

    result, target  [B, C, H, W], both sides at least 11 pixels
    span            largest minus smallest possible value: 1 for [0, 1], 2 for [-1, 1]
    returns         from 0 (equal) to 2; mean over all windows that lie inside
    """
    if min(result.shape[2:]) < 11:
        raise InputError(f"SSIM compares windows of 11x11 pixels, and the picture has {tuple(result.shape[2:])}")

    x = full_precision(result)
    y = full_precision(target)
    moments = _window_means(torch.cat((x, y, x * x, y * y, x * y), dim=1))
    mx, my, mxx, myy, mxy = moments.chunk(5, dim=1)
    # The constants of the paper, which keep the quotients finite in flat windows.
    c1 = (0.01 * span) ** 2
    c2 = (0.03 * span) ** 2
    luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    structure = (2 * (mxy - mx * my) + c2) / (mxx - mx**2 + myy - my**2 + c2)

    return 1 - (luminance * structure).mean()


def perceptual(result: Images, target: Images, lpips: Lpips) -> Scalar:
    """LPIPS, mean over the batch (JOKR, eq. 3).

    result, target  [B, 3, H, W] in [-1, 1]
    """
    return lpips(result, target).mean()


def _window_means(x: Images) -> Float[Tensor, "B C H2 W2"]:
    """Gaussian means over 11x11 windows, without padding and without autocast: variances are small differences."""
    channels = x.shape[1]
    taps = torch.exp(-torch.arange(-5, 6, device=x.device, dtype=x.dtype).square() / (2 * 1.5**2))
    row = (taps / taps.sum()).view(1, 1, 1, 11).expand(channels, 1, 1, 11)
    with torch.autocast(x.device.type, enabled=False):
        return F.conv2d(F.conv2d(x, row, groups=channels), row.transpose(2, 3), groups=channels)
