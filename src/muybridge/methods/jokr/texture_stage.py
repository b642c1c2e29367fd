"""The stage `texture`: R gives silhouettes their texture (eq. 11), and E learns to read what R has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.pair import SIDES, other
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
from muybridge.methods.jokr.model import JokrModel, sum_sides, to_picture
from muybridge.tensors import Images, Masks, Points

READING = 0.3
"""Rate of E in the texture stage, where it only learns to read what R has made, as a share of the refiners'."""


def texture_turns(model: JokrModel, batch: Batch) -> Iterator[Turn]:
    """Eq. 11, with the discriminators of Wang et al. where they are asked for."""
    w = model.config.losses
    model.shapes.eval()  # it stands still, and draws as it will for a result: without dropout
    pictures = [to_picture(batch[f"frames_{s}"], batch[f"masks_{s}"]) for s in SIDES]
    with torch.set_grad_enabled(w.read > 0):
        points = [model.find_points(x) for x in pictures]
        drawn = [model.shapes(model.draw_bumps(p))[:, i : i + 1] for i, p in enumerate(points)]

    silhouettes = [model.enlarge(x.detach()) for x in drawn]
    made = [model.refine(x, p.detach(), s) for x, p, s in zip(silhouettes, points, SIDES, strict=True)]
    targets = _targets(model, batch) if model.colours_beyond else pictures
    losses = _add_by_name(_losses(model, made[0], targets[0]), _losses(model, made[1], targets[1]))
    weights = {"l1": w.l1, "multiscale": w.perceptual, "ssim": w.ssim, "lpips": w.perceptual}

    if w.adversarial:
        yield from _adversarial_turns(model, losses, weights, silhouettes, made, targets)
    else:
        yield Turn("texture", losses, weights)
    if w.read:
        yield _reading_turn(model, points, drawn, batch)


def _targets(model: JokrModel, batch: Batch) -> list[Images]:
    """Both subjects with their colours carried on beyond their silhouettes, in [-1, 1]."""
    rim = model.config.size // 128
    trusted = [without_rim(batch[f"frames_{s}"], batch[f"masks_{s}"], rim) for s in SIDES]
    return [spread_out(*subject) * 2 - 1 for subject in trusted]


def _adversarial_turns(
    model: JokrModel,
    losses: dict[str, Tensor],
    weights: dict[str, float],
    silhouettes: Sequence[Masks],
    made: Sequence[Images],
    targets: Sequence[Images],
) -> Iterator[Turn]:
    """R against the discriminators, then the discriminators: they see silhouettes beside pictures."""
    w = model.config.losses
    discriminators = (model.critic_a, model.critic_b)
    shown = [torch.cat((s.to(t), t), 1) for s, t in zip(silhouettes, targets, strict=True)]
    faked = [torch.cat((s.to(m), m), 1) for s, m in zip(silhouettes, made, strict=True)]

    with torch.no_grad():
        real = [discriminator(x) for discriminator, x in zip(discriminators, shown, strict=True)]
    fake = [discriminator(x) for discriminator, x in zip(discriminators, faked, strict=True)]
    losses["adversarial"] = sum_sides(lsgan_generator(f) for f in fake)
    losses["matching"] = sum_sides(feature_matching(r, f) for r, f in zip(real, fake, strict=True))
    weights |= {"adversarial": w.adversarial, "matching": w.adversarial * w.matching}
    yield Turn("texture", losses, weights)

    verdicts = []
    for discriminator, real_picture, fake_picture in zip(discriminators, shown, faked, strict=True):
        verdicts.append(lsgan_discriminator(discriminator(real_picture), discriminator(fake_picture.detach())))
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
    return {name: loss + b[name] for name, loss in a.items()}


# -- what R learns from -----------------------------------------------------------------------------------------------


def without_rim(frames: Images, masks: Masks, rim: int) -> tuple[Images, Masks]:
    """The subject without the outermost `rim` pixels of its silhouette, where the ground often shines through; what is
    too thin to have anything farther inside stays whole.

    frames   [B, 3, H, W]  [0, 1] on black
    returns  the same with smaller silhouettes
    """
    inner = -F.max_pool2d(-masks, 2 * rim + 1, 1, rim)
    thin = masks * (1 - F.max_pool2d(inner, 4 * rim + 1, 1, 2 * rim))
    kept = torch.maximum(inner, thin)
    return frames * (kept / masks.clamp_min(1e-3)), kept


def spread_out(frames: Images, masks: Masks) -> Images:
    """The subject's colours carried on beyond its silhouette: outside, each pixel has the mean of the smallest block of
    a pyramid that reaches the subject.

    frames   [B, 3, H, W]  [0, 1] on black
    returns  [B, 3, H, W]  [0, 1], inside the silhouette as it was
    """
    if masks.shape[2:].numel() == 1:
        return frames / masks.clamp_min(1e-6)
    coarse = [F.avg_pool2d(x, 2, ceil_mode=True) for x in (frames, masks)]
    around = F.interpolate(spread_out(*coarse), frames.shape[2:], mode="bilinear")
    return frames + (1 - masks) * around
