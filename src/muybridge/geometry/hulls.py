"""How much room a set of points takes."""

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.tensors import Points

FLAT = 1e-4
"""Hulls of less area count as flat, in squared normalised units: one and a half pixels each way at 256 px."""


def hull_area(points: Points) -> Float[Tensor, "B"]:
    """Area of the convex hull of each set of points (the scale of a relative movement: MonkeyNet, FOMM).

    points   [B, K, 2]  K >= 1
    returns  [B]        squared units of the points; 0 where they lie on one line
    """
    areas = []
    for some in points.detach().double().cpu().tolist():
        areas.append(_area([(float(x), float(y)) for x, y in some]))

    return torch.tensor(areas, dtype=points.dtype, device=points.device)


def relative_scale(source: Points, reference: Points) -> Float[Tensor, "B"]:
    """How much larger one subject is than another, by which a relative movement is scaled: the square root of the ratio
    of their hulls' areas (MonkeyNet, FOMM, articulated animation).

    source, reference  [B, K, 2]  (x, y) in [-1, 1]
    returns            [B]        1 where either hull is flat and says nothing of a size: one or two points, a line
    """
    of_source = hull_area(source)
    of_reference = hull_area(reference)

    ratio = of_source / of_reference.clamp_min(FLAT)
    return torch.where(torch.minimum(of_source, of_reference) < FLAT, torch.ones_like(ratio), ratio).sqrt()


def _area(points: list[tuple[float, float]]) -> float:
    """Andrew's monotone chain, then the shoelace formula."""
    ordered = sorted(set(points))
    corners = _half(ordered)[:-1] + _half(ordered[::-1])[:-1]
    turned = corners[1:] + corners[:1]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, turned, strict=True))) / 2


def _half(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for p in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], p) <= 0:
            chain.pop()
        chain.append(p)
    return chain


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
