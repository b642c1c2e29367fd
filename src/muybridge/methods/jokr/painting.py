"""The stage `texture`: R paints silhouettes (eq. 11), and E learns to read what R has painted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from muybridge.data.pair import SIDES
from muybridge.losses import (
    feature_matching,
    l1,
    lsgan_critic,
    lsgan_generator,
    mse,
    multiscale_l1,
    perceptual,
    ssim_loss,
)
from muybridge.method import Batch, Turn
from muybridge.methods.jokr.pictures import both, spread_out, to_picture, without_rim
from muybridge.tensors import Images, Points

if TYPE_CHECKING:
    from muybridge.methods.jokr.method import Jokr


READING = 0.3
"""Rate of E in the texture stage, where it only learns to read painted pictures, as a share of the refiners'."""


def texture_turns(method: Jokr, batch: Batch) -> Iterator[Turn]:
    """Eq. 11, with the critics of Wang et al. where they are asked for."""
    w = method.config.losses
    method.shapes.eval()  # it stands still, and draws as it will for a result: without dropout
    targets = [to_picture(batch[f"frames_{s}"], batch[f"masks_{s}"]) for s in SIDES]
    with torch.set_grad_enabled(w.read > 0):
        points = [method.points(x) for x in targets]
        drawn = [method.shapes(method.bumps(p))[:, i : i + 1] for i, p in enumerate(points)]
    silhouettes = [method.enlarged(x.detach()) for x in drawn]
    made = [method.paint(x, p.detach(), s) for x, p, s in zip(silhouettes, points, SIDES, strict=True)]
    if method.painted_beyond:
        rim = method.config.size // 128
        trusted = [without_rim(batch[f"frames_{s}"], batch[f"masks_{s}"], rim) for s in SIDES]
        targets = [spread_out(*t) * 2 - 1 for t in trusted]
    losses = _sum_by_name(_losses(method, m, t) for m, t in zip(made, targets, strict=True))
    weights = {"l1": w.l1, "multiscale": w.perceptual, "ssim": w.ssim, "lpips": w.perceptual}
    if not w.adversarial:
        yield Turn("texture", losses, weights)
        if w.read:
            yield _reading(method, points, drawn, batch)
        return
    critics = (method.critic_a, method.critic_b)
    shown = [torch.cat((s.to(t), t), 1) for s, t in zip(silhouettes, targets, strict=True)]
    faked = [torch.cat((s.to(m), m), 1) for s, m in zip(silhouettes, made, strict=True)]
    with torch.no_grad():
        real = [critic(x) for critic, x in zip(critics, shown, strict=True)]
    fake = [critic(x) for critic, x in zip(critics, faked, strict=True)]
    losses["adversarial"] = both(lsgan_generator(f) for f in fake)
    losses["matching"] = both(feature_matching(r, f) for r, f in zip(real, fake, strict=True))
    weights |= {"adversarial": w.adversarial, "matching": w.adversarial * w.matching}
    yield Turn("texture", losses, weights)
    verdicts = [lsgan_critic(critic(r), critic(f.detach())) for critic, r, f in zip(critics, shown, faked, strict=True)]
    yield Turn("critic", {"c": verdicts[0] + verdicts[1]})
    if w.read:
        yield _reading(method, points, drawn, batch)


def _reading(method: Jokr, found: Sequence[Points], drawn: Sequence[Tensor], batch: Batch) -> Turn:
    """E learns to read what R has painted: the keypoints of A, drawn and painted as B, are found again where they
    were, and the other way; G stands still, and its silhouettes hold E to what the keypoints meant before."""
    w, half = method.config.losses, (len(found[0]) + 1) // 2
    seg, again = [], []
    for i, (side, there) in enumerate((("a", "b"), ("b", "a"))):
        seg.append(mse(drawn[i], method.smaller(batch[f"masks_{side}"])))
        with torch.no_grad():
            moved = method.transfer(found[i][:half], side)
            rgb, mask = method.render(moved, there)
            hard = (mask > 0.5).to(rgb)
        again.append((method.points(to_picture(rgb * hard, hard)) - moved).abs().mean())
    return Turn("detector", {"seg": seg[0] + seg[1], "read": again[0] + again[1]}, {"seg": w.seg, "read": w.read})


def _losses(method: Jokr, made: Images, target: Images) -> dict[str, Tensor]:
    """Eq. 2 and 3, or their weight-free stand-in."""
    losses = {"l1": l1(made, target)}
    if method.lpips:
        losses["lpips"] = perceptual(made.float(), target, method.lpips[0].to(made.device))
    elif method.config.texture_loss == "weight-free":
        losses["multiscale"] = multiscale_l1(made, target)
        if method.config.losses.ssim:
            losses["ssim"] = ssim_loss(made, target, span=2.0)
    return losses


def _sum_by_name(parts: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The losses of both sides, added name by name."""
    total: dict[str, Tensor] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name] + value if name in total else value
    return total
