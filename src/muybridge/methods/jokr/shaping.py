"""The stage `shape`: E, G and T against D (eq. 10 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from muybridge.data.pair import SIDES
from muybridge.geometry import apply_affine
from muybridge.losses import (
    bce,
    coverage,
    equivariance,
    mse,
    released_separation,
    separation,
    silhouette,
    silhouette_entropy,
    silhouette_of_logits,
    temporal,
)
from muybridge.method import Batch, Turn
from muybridge.methods.jokr.aligning import cycle, distance
from muybridge.methods.jokr.networks import Detection, fit_silhouettes, touched_cells
from muybridge.methods.jokr.pictures import both, to_picture
from muybridge.methods.jokr.seeing import detect_all
from muybridge.tensors import Images, Masks, Points

if TYPE_CHECKING:
    from muybridge.methods.jokr.method import Jokr

RELEASED_TEMPORAL = 13.0
"""The program's --new_alpha, in front of the temporal term (facts: losses of stage 1)."""


def shape_turns(method: Jokr, batch: Batch) -> Iterator[Turn]:
    """Eq. 10 for E, G and T, then eq. 5 for D."""
    c, w = method.config, method.config.losses
    batch = {name: method.smaller(x) if x.dim() == 4 else x for name, x in batch.items()}
    pictures = {s: to_picture(batch[f"frames_{s}"], batch[f"masks_{s}"]) for s in SIDES}
    found = detect_all(method, pictures, batch)
    drawn = _draw_pair(method, found["a"].points, found["b"].points)
    sides = (("a", drawn[0]), ("b", drawn[1]))
    total: dict[str, Tensor] = {}
    # eq. 1, or without the two steps the picture itself (figure 7 g)
    target = {s: batch[f"masks_{s}"] if c.two_steps else pictures[s] for s in SIDES}
    total["seg"] = both(_shape_distance(method, made, target[s]) for s, made in sides)
    # eq. 4; T is applied to B's keypoints
    fakes = method.to_a(found["b"].points)
    total["dc"] = bce(_judge(method, found["a"].points, batch, "a"), 1.0) + bce(_judge(method, fakes, batch, "b"), 1.0)
    if w.tmp:
        factor = RELEASED_TEMPORAL if c.released else 1.0
        total["tmp"] = factor * both(temporal(found[s].points, found[f"{s}+1"].points) for s in SIDES)
    if w.eq:
        total["eq"] = both(
            equivariance(found[s].points, found[f"{s} warped"].points, batch[f"equivariance_{s}"]) for s in SIDES
        )
    apart = released_separation if c.released else separation
    total["sep"] = both(apart(found[s].points, w.delta) for s in SIDES)
    cells = fit_silhouettes if c.released else touched_cells
    inside = {s: cells(batch[f"masks_{s}"], _cells(found[s])) for s in SIDES}
    total["sill"] = both(_on_subject(method, found[s], inside[s]) for s in SIDES)
    if w.cover:
        total["cover"] = both(coverage(found[s].points, inside[s]) for s in SIDES)
    if w.align:
        total["align"] = distance(method, found["a"].points, found["b"].points)
    if w.cyc and c.two_steps:
        total["cyc"] = cycle(method, found, pictures, batch)
    weights = {name: float(getattr(w, name)) for name in total}
    if w.dc_warmup:
        warm = min(1.0, method.steps_of_shapes / w.dc_warmup)
        weights |= {name: weights[name] * warm for name in ("dc", "cyc") if name in weights}
    method.count_step()
    yield Turn("shape", total, weights)
    # eq. 5 with the program's labels; keypoints as they were before E moved
    real, fake = found["a"].points.detach(), fakes.detach()
    judged = bce(_judge(method, real, batch, "a"), 1.0) + bce(_judge(method, fake, batch, "b"), 0.0)
    yield Turn("discriminator", {"d": judged})


def _shape_distance(method: Jokr, made: Images, target: Images) -> Tensor:
    if method.config.silhouette_loss == "bce" and method.config.two_steps:
        return silhouette_entropy(made, target)
    return mse(made, target)


def _on_subject(method: Jokr, found: Detection, inside: Masks) -> Tensor:
    if method.config.released:
        return silhouette(found.heatmaps, inside)
    return silhouette_of_logits(found.logits, inside)


def _draw_pair(method: Jokr, a: Points, b: Points) -> tuple[Images, Images]:
    """What G_A makes of A's keypoints and G_B of B's; without the two steps, R's pictures."""
    # Each side by itself: the program divides bumps by the largest of their batch.
    bumps = torch.cat((method.bumps(a), method.bumps(b)))
    if not method.config.two_steps:
        return method.refiner_a(bumps[: len(a)]), method.refiner_b(bumps[len(a) :])
    drawn = method.shapes(bumps)
    return drawn[: len(a), :1], drawn[len(a) :, 1:]


def _judge(method: Jokr, points: Points, batch: Batch, side: str) -> Tensor:
    """D's probability that keypoints are A's; moved at random first where the frames are not (section 3)."""
    if method.config.augment.where == "keypoints" and method.config.augment.share:
        points = apply_affine(batch[f"maps_{side}"], points)
    if method.config.discriminator_noise:
        points = points + method.config.discriminator_noise * torch.randn_like(points)
    return method.discriminator(points)


def _cells(found: Detection) -> tuple[int, int]:
    """(h, w) of E's heat maps."""
    return found.heatmaps.shape[2], found.heatmaps.shape[3]
