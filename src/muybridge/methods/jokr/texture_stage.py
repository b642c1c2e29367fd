"""The stage `texture`: R gives silhouettes their texture (eq. 11), and E learns to read what R has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from muybridge.data.pair import SIDES, other
from muybridge.data.reference_frames import carry_colours_on, trim_rim
from muybridge.losses import (
    feature_matching,
    l1,
    lsgan_discriminator,
    lsgan_generator,
    mse,
    multiscale_l1,
    perceptual,
    ssim_loss,
)
from muybridge.method import Batch, Turn
from muybridge.methods.jokr.model import JokrModel, to_picture
from muybridge.tensors import Images, Points

READING = 0.3
"""Rate of E in the texture stage, where it only learns to read what R has made, as a share of the refiners'."""


def texture_turns(model: JokrModel, batch: Batch) -> Iterator[Turn]:
    """Eq. 11, with the discriminators of Wang et al. where they are asked for."""
    w = model.config.losses
    model.shapes.eval()  # it stands still, and draws as it will for a result: without dropout
    points = []
    drawn = []
    with torch.set_grad_enabled(w.read > 0):
        for s in SIDES:
            points.append(model.find_points(to_picture(batch[f"frames_{s}"], batch[f"masks_{s}"])))
        for i, found in enumerate(points):
            drawn.append(model.shapes(model.draw_bumps(found))[:, i : i + 1])

    sides = []
    for i, s in enumerate(SIDES):
        silhouette = drawn[i].detach() if model.uses_frames else model.enlarge(drawn[i].detach())
        made = model.refine(silhouette, points[i].detach(), s)
        sides.append(Textured(silhouette, made, _target(model, batch, s)))

    losses = _add_by_name(*(_losses(model, side.made, side.target) for side in sides))
    weights = {"l1": w.l1, "multiscale": w.perceptual, "ssim": w.ssim, "lpips": w.perceptual}
    # Turns come in this order: what E reads is drawn by an R that has learnt from this batch.
    if w.adversarial:
        yield from _adversarial_turns(model, losses, weights, sides)
    else:
        yield Turn("texture", losses, weights)

    if w.read:
        yield _reading_turn(model, points, drawn, batch)


class Textured(NamedTuple):
    """One side's silhouette [B, 1, H, W], what R makes of it [B, 3, H, W], and what it should."""

    silhouette: Tensor
    made: Tensor
    target: Tensor


def _target(model: JokrModel, batch: Batch, side: str) -> Images:
    """What R learns, in [-1, 1]: the subject on mid grey, or with its colours carried on beyond its silhouette, or the
    whole frame."""
    if model.config.learns_background:
        return batch[f"scenes_{side}"] * 2 - 1
    frames = batch[f"frames_{side}"]
    masks = batch[f"masks_{side}"]
    if not model.colours_beyond:
        return to_picture(frames, masks)
    trusted, inner = trim_rim(frames, masks, model.config.size // 128)
    target = carry_colours_on(trusted, inner) * 2 - 1
    return model.shrink(target) if model.uses_frames else target


def _adversarial_turns(
    model: JokrModel, losses: dict[str, Tensor], weights: dict[str, float], sides: Sequence[Textured]
) -> Iterator[Turn]:
    """R against the discriminators, then these: they see silhouettes beside pictures."""
    w = model.config.losses
    discriminators = (model.critic_a, model.critic_b)
    shown = []
    for side in sides:
        shown.append(torch.cat((side.silhouette.to(side.target), side.target), 1))

    faked = []
    for side in sides:
        faked.append(torch.cat((side.silhouette.to(side.made), side.made), 1))

    with torch.no_grad():
        real = [judge(x) for judge, x in zip(discriminators, shown, strict=True)]
    fake = [judge(x) for judge, x in zip(discriminators, faked, strict=True)]
    losses["adversarial"] = lsgan_generator(fake[0]) + lsgan_generator(fake[1])
    losses["matching"] = feature_matching(real[0], fake[0]) + feature_matching(real[1], fake[1])
    weights |= {"adversarial": w.adversarial, "matching": w.adversarial * w.matching}
    yield Turn("texture", losses, weights)

    verdicts = []
    for judge, true, made in zip(discriminators, shown, faked, strict=True):
        verdicts.append(lsgan_discriminator(judge(true), judge(made.detach())))
    yield Turn("critic", {"c": verdicts[0] + verdicts[1]})


def _reading_turn(model: JokrModel, found: Sequence[Points], drawn: Sequence[Tensor], batch: Batch) -> Turn:
    """E learns to read what R has made: the keypoints of A, drawn and textured as B, are found again where they
    were, and the other way; G stands still, and its silhouettes hold E to what the keypoints meant before."""
    w = model.config.losses
    half = (len(found[0]) + 1) // 2
    seg = []
    again = []

    for i, side in enumerate(SIDES):
        seg.append(mse(drawn[i], model.shrink(batch[f"masks_{side}"])))
        with torch.no_grad():
            moved = model.transfer(found[i][:half], side)
            rgb, mask = model.render(moved, other(side))
            hard = (mask > 0.5).to(rgb)
        again.append((model.find_points(to_picture(rgb * hard, hard)) - moved).abs().mean())

    return Turn("detector", {"seg": seg[0] + seg[1], "read": again[0] + again[1]}, {"seg": w.seg, "read": w.read})


def _losses(model: JokrModel, made: Images, target: Images) -> dict[str, Tensor]:
    """Eq. 2 and 3, or their weight-free stand-in."""
    losses = {"l1": l1(made, target)}
    if model.lpips:
        losses["lpips"] = perceptual(made.float(), target, model.lpips[0].to(made.device))
    elif model.config.texture_loss == "weight-free":
        losses["multiscale"] = multiscale_l1(made, target)
        if model.config.losses.ssim:
            losses["ssim"] = ssim_loss(made, target, span=2.0)
    return losses


def _add_by_name(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The losses of both sides, which have the same names."""
    table = {}
    for name, loss in a.items():
        table[name] = loss + b[name]

    return table
