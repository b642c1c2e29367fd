"""Affine maps of the plane: p -> M p + t, kept as [M | t] in a tensor [B, 2, 3].

Products are written out instead of left to matmul, which autocast would round to 8 bits.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.geometry.grids import Padding, full_precision, make_grid, sample
from muybridge.tensors import Affines, Images


def identity_affine(batch: int = 1, like: Tensor | None = None) -> Affines:
    """[I | 0], `batch` times, on the device and with the precision of `like`.

    returns  [B, 2, 3]
    """
    like = torch.zeros(()) if like is None else like
    return torch.eye(2, 3, device=like.device, dtype=full_precision(like).dtype).expand(batch, 2, 3).clone()


def apply_affine(affine: Float[Tensor, "B_or_1 2 3"], points: Float[Tensor, "B *N 2"]) -> Float[Tensor, "B *N 2"]:
    """Map points: p -> M p + t.

    affine   [B, 2, 3] or [1, 2, 3]
    points   [B, ..., 2]  (x, y)
    returns  [B, ..., 2]
    """
    entries = affine.reshape(-1, *(1,) * (points.ndim - 2), 6)
    m00, m01, t0, m10, m11, t1 = entries.unbind(-1)
    x, y = points.unbind(-1)
    return torch.stack((m00 * x + m01 * y + t0, m10 * x + m11 * y + t1), dim=-1)


def compose_affines(outer: Affines, inner: Affines) -> Affines:
    """The map p -> outer(inner(p)).

    outer, inner  [B, 2, 3]
    returns       [B, 2, 3]
    """
    linear = (outer[:, :, :2, None] * inner[:, None, :, :2]).sum(2)
    shift = (outer[:, :, :2] * inner[:, None, :, 2]).sum(2) + outer[:, :, 2]
    return torch.cat((linear, shift[..., None]), dim=-1)


def invert_affine(affine: Affines) -> Affines:
    """The map p -> M^-1 (p - t), in closed form; a singular M gives infinities.

    affine   [B, 2, 3]
    returns  [B, 2, 3]
    """
    a = affine[:, 0, 0]
    b = affine[:, 0, 1]
    c = affine[:, 1, 0]
    d = affine[:, 1, 1]
    adjugate = torch.stack((torch.stack((d, -b), -1), torch.stack((-c, a), -1)), -2)
    linear = adjugate / (a * d - b * c)[:, None, None]
    shift = -(linear * affine[:, None, :, 2]).sum(-1, keepdim=True)
    return torch.cat((linear, shift), dim=-1)


def noisy_affines(
    batch: int, sigma: float, generator: torch.Generator | None = None, like: Tensor | None = None
) -> Affines:
    """[I | 0] plus normal noise on all six entries (the equivariance term of FOMM and JOKR).

    sigma      standard deviation, normalised units
    generator  draws on its own device (CPU unless given), so that a seed means the same on every device
    returns    [B, 2, 3]
    """
    noise = torch.randn(batch, 2, 3, generator=generator, device=_device(generator))
    base = identity_affine(batch, like)
    return base + sigma * noise.to(base)


def random_affines(
    batch: int,
    *,
    degrees: float = 0.0,
    scale: tuple[float, float] = (1.0, 1.0),
    shear: float = 0.0,
    shift: float = 0.0,
    aspect: float = 1.0,
    generator: torch.Generator | None = None,
    like: Tensor | None = None,
) -> Affines:
    """Rotate, scale, shear and shift at random, each uniform in its range.

    degrees    of rotation and, for `shear`, of shear along x, both ways
    scale      smallest and largest factor
    shift      largest, both axes, normalised units
    aspect     width / height of the picture: a rotation of its pixels is not one of its normalised coordinates
    generator  draws on its own device (CPU unless given)
    returns    [B, 2, 3]
    """
    draw = torch.rand(batch, 5, generator=generator, device=_device(generator))
    spread = draw * 2 - 1
    angle = spread[:, 0] * math.radians(degrees)
    slant = torch.tan(spread[:, 1] * math.radians(shear))

    factor = scale[0] + draw[:, 2] * (scale[1] - scale[0])
    cos = angle.cos() * factor
    sin = angle.sin() * factor

    top = torch.stack((cos, (cos * slant - sin) / aspect, spread[:, 3] * shift), -1)
    bottom = torch.stack((sin * aspect, sin * slant + cos, spread[:, 4] * shift), -1)
    return torch.stack((top, bottom), -2).to(identity_affine(1, like))


def warp_affine(
    images: Images,
    affine: Affines,
    size: tuple[int, int] | None = None,
    padding: Padding = "zeros",
    align_corners: bool = True,
) -> Float[Tensor, "B C H2 W2"]:
    """The picture whose pixel p shows what the given one has at M p + t.

    What is at q in the given picture is at the inverse's image of q in the result; so for a perfect detector E,
    E(images) = apply_affine(affine, E(warped)).

    images         [B, C, H, W]
    affine         [B, 2, 3]
    size           (H', W') of the result; the given size unless told
    align_corners  False as in the released JOKR and FOMM programs (their torch samples so)
    returns        [B, C, H', W']
    """
    grid = make_grid(size or (images.shape[2], images.shape[3]), affine)
    where = apply_affine(full_precision(affine), grid.expand(images.shape[0], -1, -1, -1))
    return sample(images, where, padding, align_corners)


def _device(generator: torch.Generator | None) -> torch.device:
    return torch.device("cpu") if generator is None else generator.device
