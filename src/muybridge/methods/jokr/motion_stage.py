"""The stage `motion`: the dense motion learns to make a subject's frames of others of its frames."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.pair import SIDES, other
from muybridge.method import Batch, Turn
from muybridge.methods.jokr.dense_motion import look_up, sanity, to_edges
from muybridge.methods.jokr.model import JokrModel
from muybridge.methods.jokr.reference_blend import Layers, share_out
from muybridge.methods.jokr.reference_choice import pose_costs
from muybridge.tensors import Grid, Masks, Points

Candidates = Float[Tensor, "N K 2"]
"""Keypoints of the frames among which references are found."""
Flows = Float[Tensor, "E h w 2"]
"""A flow for each reference of each frame."""
MIXED = 2
"""References of a frame while the dense motion learns."""
WEIGHTS = {"blend": 4.0, "warp": 2.0, "cover": 2.0, "coarse": 1.0, "fill": 2.0, "smooth": 2.0, "fold": 0.2}
"""Of the losses of this stage."""
UNFOLDED = 0.2
"""How far, in pixels, the places that two neighbouring pixels look at must at least lie apart, in their order."""


def motion_turns(model: JokrModel, batch: Batch) -> Iterator[Turn]:
    """Of the frames in a batch, the first ones are made of others that were seen at other times; the partner's poses
    only have to be filled, since nobody knows what they look like."""
    pictures = {}
    points = {}
    with torch.no_grad():
        for side in SIDES:
            frames = batch[f"frames_{side}"]
            masks = batch[f"masks_{side}"]
            pictures[side] = model.reference_pictures(frames, masks)
            points[side] = model.find_keypoints(frames, masks)

    losses = dict.fromkeys(WEIGHTS, torch.zeros(()))
    for side in SIDES:
        found = _side_losses(model, side, pictures, points, batch[f"times_{side}"])
        losses = {name: losses[name].to(loss) + loss for name, loss in found.items()}
    yield Turn("motion", losses, WEIGHTS)


def _side_losses(
    model: JokrModel, side: str, pictures: dict[str, Tensor], points: dict[str, Points], times: Tensor
) -> dict[str, Tensor]:
    """One subject made of its own frames: in poses of its own, and in poses of its partner."""
    own = model.config.motion.batch
    foreign = (own + 1) // 2
    with torch.no_grad():
        # The partner's poses are what an animation will ask for.
        moved = model.transfer(points[other(side)][:foreign], other(side))
        target = torch.cat((points[side][:own], moved))
        drawn = model.shapes(model.draw_bumps(target))[:, SIDES.index(side)][:, None].float()
        chosen = _choose_references(model, target, points[side], times, own)

    layers, flow, residual = move_references(model, target, drawn, pictures[side], points[side], chosen)
    truth = pictures[side][:own]
    made = Layers(layers.pictures[:own], layers.shares[:own])
    filled = Layers(layers.pictures[own:], layers.shares[own:])
    return own_frame_losses(made, truth) | partner_losses(filled, drawn[own:]) | smoothness_losses(flow, residual)


def _choose_references(model: JokrModel, target: Points, points: Candidates, times: Tensor, own: int) -> Tensor:
    """[B, MIXED] places in the batch: the nearest in pose of those that were not seen at about the same time."""
    costs = pose_costs(to_edges(target, model.shape_canvas), to_edges(points, model.shape_canvas))
    apart = torch.ones_like(costs)
    apart[:own] = (times[:own, None] - times[None]).abs().to(costs)
    return (costs + 10 * (apart < 1)).topk(MIXED, largest=False).indices


def move_references(
    model: JokrModel, target: Points, drawn: Masks, pictures: Tensor, points: Candidates, chosen: Tensor
) -> tuple[Layers, Flows, Flows]:
    """References of B frames, moved at the size of the shapes; the flows and their residuals [B * M, h, w, 2].

    target    [B, K, 2]     keypoints of what is made
    drawn     [B, 1, h, w]  what G draws of them
    pictures  [N, 4, h, w]  own frames, and their keypoints [N, K, 2]
    chosen    [B, M]        which of them each is made of
    """
    count, mixed = chosen.shape
    size = model.shape_canvas
    place = chosen.flatten()
    goal = to_edges(target, size).repeat_interleave(mixed, 0)
    motion = model.dense_motion(goal, to_edges(points, size)[place], drawn.repeat_interleave(mixed, 0), pictures[place])

    moved = look_up(pictures[place], motion.flow).unflatten(0, (count, mixed))
    visibility = motion.visibility.unflatten(0, (count, mixed))
    sane = sanity(motion.flow).unflatten(0, (count, mixed))
    misfit = motion.misfit.unflatten(0, (count, mixed))
    shares = share_out(visibility, moved[:, :, 3:], sane, misfit)
    return Layers(moved, shares), motion.flow, motion.residual


def own_frame_losses(layers: Layers, truth: Tensor) -> dict[str, Tensor]:
    """Warped references against the frame that they should show.

    layers  of B frames from M references each
    truth   [B, 4, h, w]  colours carried on, and the silhouette
    """
    colours = truth[:, :3]
    mask = truth[:, 3:]
    each = layers.pictures
    count = each.shape[1]
    blend, cover = layers.blend()

    # At full size a flow that is some pixels off learns little about where the right place is.
    coarse = F.avg_pool2d(each.flatten(0, 1), 4)
    right = F.avg_pool2d(truth, 4).repeat_interleave(count, 0)
    return {
        "blend": ((blend - colours).abs() * mask).mean(),
        "warp": ((each[:, :, :3] - colours[:, None]).abs() * mask[:, None]).mean(),
        "cover": (cover - mask).abs().mean() + (each[:, :, 3:] - mask[:, None]).abs().mean(),
        "coarse": ((coarse[:, :3] - right[:, :3]).abs() * right[:, 3:]).mean()
        + (coarse[:, 3:] - right[:, 3:]).abs().mean(),
    }


def partner_losses(layers: Layers, drawn: Masks) -> dict[str, Tensor]:
    """Warped references fill what G drew from the partner's keypoints: there is no other truth."""
    _, cover = layers.blend()
    each = layers.pictures[:, :, 3:]
    return {"fill": (cover - drawn).abs().mean() + 0.5 * (each - drawn[:, None]).abs().mean()}


def smoothness_losses(flow: Grid, residual: Grid) -> dict[str, Tensor]:
    """The part of a flow that is not affine is smooth, and nothing folds over."""
    height, width = flow.shape[1:3]
    across = flow[:, :, 1:] - flow[:, :, :-1]
    down = flow[:, 1:] - flow[:, :-1]
    rough = (residual[:, :, 1:] - residual[:, :, :-1]).abs().mean()
    rough = rough + (residual[:, 1:] - residual[:, :-1]).abs().mean()

    folded = F.relu(UNFOLDED - across[..., 0] * width / 2).mean()
    folded = folded + F.relu(UNFOLDED - down[..., 1] * height / 2).mean()
    return {"smooth": rough, "fold": folded}
