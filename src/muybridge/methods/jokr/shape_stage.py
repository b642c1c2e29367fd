"""The stage `shape`: E, G and T against D (eq. 10 and 5), and what brings the two keypoint sets together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from muybridge.data.pair import SIDES
from muybridge.geometry import apply_affine, warp_affine
from muybridge.losses import (
    bce,
    coverage,
    energy_distance,
    equivariance,
    mse,
    released_separation,
    separation,
    silhouette,
    silhouette_entropy,
    silhouette_of_logits,
    temporal,
    weigh_thin_parts,
)
from muybridge.method import Batch, Turn
from muybridge.methods.jokr.model import JokrModel, sum_sides, to_picture
from muybridge.methods.jokr.networks import Detection, fit_silhouettes, touched_cells
from muybridge.tensors import Images, Masks, Points

RELEASED_TEMPORAL = 13.0
"""The program's new_alpha, in front of the temporal term (docs/methods/jokr.md, The released program)."""


def shape_turns(model: JokrModel, batch: Batch) -> Iterator[Turn]:
    """Eq. 10 for E, G and T, then eq. 5 for D."""
    c = model.config
    w = model.config.losses
    batch = {name: model.shrink(x) if x.dim() == 4 else x for name, x in batch.items()}
    pictures = {}
    for s in SIDES:
        pictures[s] = to_picture(batch[f"frames_{s}"], batch[f"masks_{s}"])

    found = detect_all(model, pictures, batch)
    fakes = model.map_to_a(found["b"].points)

    total = _silhouette_losses(model, pictures, found, batch)
    # eq. 4; T is applied to B's keypoints
    total["dc"] = bce(_judge(model, found["a"].points, batch, "a"), 1.0) + bce(_judge(model, fakes, batch, "b"), 1.0)
    total |= _keypoint_losses(model, found, batch)
    # Ours (decision 0011): D alone lets the two sets drift apart.
    if w.align:
        total["align"] = match_distributions(model, found["a"].points, found["b"].points)
    if w.cyc and c.two_steps:
        total["cyc"] = cycle(model, found, pictures, batch)

    # Before E has found anything, what D says of it only pushes keypoints about.
    weights = {name: float(getattr(w, name)) for name in total}
    if w.dc_warmup:
        warm = min(1.0, model.steps_of_shapes / w.dc_warmup)
        for name in weights.keys() & {"dc", "cyc"}:
            weights[name] *= warm
    model.count_step()
    yield Turn("shape", total, weights)

    # eq. 5 with the program's labels; keypoints as they were before E moved
    real = found["a"].points.detach()
    fake = fakes.detach()
    judged = bce(_judge(model, real, batch, "a"), 1.0) + bce(_judge(model, fake, batch, "b"), 0.0)
    yield Turn("discriminator", {"d": judged})


def _silhouette_losses(
    model: JokrModel, pictures: Mapping[str, Images], found: Mapping[str, Detection], batch: Batch
) -> dict[str, Tensor]:
    """Eq. 1, or without the two steps against the picture itself (figure 7 g)."""
    drawn_a, drawn_b = model.draw_pair(found["a"].points, found["b"].points)
    if model.config.two_steps:
        target_a = batch["masks_a"]
        target_b = batch["masks_b"]
    else:
        target_a = pictures["a"]
        target_b = pictures["b"]
    return {"seg": _shape_distance(model, drawn_a, target_a) + _shape_distance(model, drawn_b, target_b)}


def _keypoint_losses(model: JokrModel, found: Mapping[str, Detection], batch: Batch) -> dict[str, Tensor]:
    """The terms that look at keypoints alone: temporal, equivariance, separation, on the silhouette, coverage."""
    c = model.config
    w = model.config.losses
    total: dict[str, Tensor] = {}

    if w.tmp:
        factor = RELEASED_TEMPORAL if c.released else 1.0
        total["tmp"] = factor * sum_sides(lambda s: temporal(found[s].points, found[f"{s}+1"].points))
    if w.eq:
        total["eq"] = sum_sides(
            lambda s: equivariance(found[s].points, found[f"{s} warped"].points, batch[f"equivariance_{s}"])
        )

    # With the released settings the program's own formulas count, also where ours differ.
    apart = released_separation if c.released else separation
    total["sep"] = sum_sides(lambda s: apart(found[s].points, w.delta))

    cells = fit_silhouettes if c.released else touched_cells
    inside = {}
    for s in SIDES:
        inside[s] = cells(batch[f"masks_{s}"], _map_size(found[s]))

    total["sill"] = sum_sides(lambda s: _silhouette_term(model, found[s], inside[s]))
    if w.cover:
        total["cover"] = sum_sides(lambda s: coverage(found[s].points, inside[s]))
    return total


def _shape_distance(model: JokrModel, made: Images, target: Images) -> Tensor:
    if model.config.silhouette_loss == "bce" and model.config.two_steps:
        return silhouette_entropy(made, target)
    if model.config.losses.thin and model.config.two_steps:
        return mse(made, target, weigh_thin_parts(target, model.config.losses.thin))
    return mse(made, target)


def _silhouette_term(model: JokrModel, found: Detection, inside: Masks) -> Tensor:
    if model.config.released:
        return silhouette(found.heatmaps, inside)
    return silhouette_of_logits(found.logits, inside)


def _judge(model: JokrModel, points: Points, batch: Batch, side: str) -> Tensor:
    """D's probability that keypoints are A's; moved at random first where the frames are not (section 3)."""
    if model.config.moves.where == "keypoints" and model.config.augment.share:
        points = apply_affine(batch[f"maps_{side}"], points)
    if model.config.discriminator_noise:
        points = points + model.config.discriminator_noise * torch.randn_like(points)
    return model.discriminator(points)


def _map_size(found: Detection) -> tuple[int, int]:
    """(h, w) of E's heat maps."""
    return found.heatmaps.shape[2], found.heatmaps.shape[3]


# -- all that E looks at, in as few batches as its norm allows --------------------------------------------------------


def detect_all(model: JokrModel, pictures: Mapping[str, Images], batch: Batch) -> dict[str, Detection]:
    """E on the frames "a", "b", on their successors "a+1", "b+1" and on the frames moved at random "a warped"."""
    weights = model.config.losses
    wanted = {s: _flatten_some(model, pictures[s], batch, s) for s in SIDES}
    for s in SIDES:
        if weights.tmp:
            wanted[f"{s}+1"] = to_picture(batch[f"successors_{s}"], batch[f"successor_masks_{s}"])
    for s in SIDES:
        if weights.eq:
            # The program's torch samples between other corners.
            corners = not model.config.released
            wanted[f"{s} warped"] = warp_affine(
                pictures[s], batch[f"equivariance_{s}"], padding="reflection", align_corners=corners
            )
    if model.config.detector.norm != "batch":
        return _split(model.detector(torch.cat(list(wanted.values()))), wanted)

    # Batch norm sees what the released program showed it: frames with successors, side by side, then the rest.
    found: dict[str, Detection] = {}
    for s in SIDES:
        group = {s: wanted[s]}
        if weights.tmp:
            group[f"{s}+1"] = wanted[f"{s}+1"]
        found |= _split(model.detector(torch.cat(list(group.values()))), group)
    for s in SIDES:
        if weights.eq:
            found[f"{s} warped"] = model.detector(wanted[f"{s} warped"])
    return found


def _flatten_some(model: JokrModel, pictures: Images, batch: Batch, side: str) -> Images:
    """Some of the pictures filled with their mean colour, as `cycle` fills what G has drawn."""
    share = model.config.augment.flat
    if not share:
        return pictures

    masks = batch[f"masks_{side}"]
    chosen = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < share
    return torch.where(chosen, _mean_colour(pictures, masks) * masks, pictures)


def _mean_colour(pictures: Images, masks: Masks) -> Tensor:
    """The mean of each picture under its mask: [B, 3, 1, 1]."""
    area = masks.sum((2, 3), keepdim=True).clamp_min(1)
    return (pictures * masks).sum((2, 3), keepdim=True) / area


def _split(detection: Detection, like: Mapping[str, Tensor]) -> dict[str, Detection]:
    """One detection of several batches, by the name of each."""
    found = {}
    start = 0
    for name, pictures in like.items():
        part = slice(start, start + len(pictures))
        found[name] = Detection(detection.points[part], detection.heatmaps[part], detection.logits[part])
        start += len(pictures)
    return found


# -- ours, beside D: a distance that cannot win, and a cycle (decision 0011) ------------------------------------------


def match_distributions(model: JokrModel, a: Points, b: Points) -> Tensor:
    """The energy distance between A's keypoints and T of B's, each with those of earlier steps."""
    n = len(a)
    memory = model.config.memory
    steps = model.steps_of_shapes
    filled = min(n * steps, memory)
    all_a = torch.cat((a, model.seen_a[:filled]))
    all_b = torch.cat((b, model.seen_b[:filled]))
    distance = energy_distance(a, model.map_to_a(b), all_a, model.map_to_a(all_b))

    # Round the memory, so that the oldest keypoints make room.
    place = torch.arange(n * steps, n * (steps + 1), device=a.device) % memory
    with torch.no_grad():
        model.seen_a[place] = a.float()
        model.seen_b[place] = b.float()
    return distance


def cycle(model: JokrModel, found: Mapping[str, Detection], pictures: Mapping[str, Images], batch: Batch) -> Tensor:
    """Mean |E(G_B(T^-1 k_A)) - T^-1 k_A|, and the same the other way; the drawn silhouettes are filled with the
    mean colour of the one whose shape they have. For half of the batch, which is enough and saves time."""
    losses = []
    half = (len(pictures["a"]) + 1) // 2
    for side, there in (("a", "b"), ("b", "a")):
        moved = model.transfer(found[side].points[:half], side)
        drawn = model.shapes(model.draw_bumps(moved))[:, SIDES.index(there)][:, None]
        colour = _mean_colour(pictures[there][:half], batch[f"masks_{there}"][:half])
        losses.append((model.detector(colour * drawn).points - moved.detach()).abs().mean())
    return losses[0] + losses[1]
