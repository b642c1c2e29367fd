"""The random changes that the papers of the animation family make to the frames of a clip, on tensors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import UsageError

Sequences = Float[Tensor, "B T 3 H W"]
"""Frames of one clip a sample, RGB in [0, 1]."""


@dataclass(frozen=True)
class Augment:
    """What may happen to a sample; all its frames share it. The defaults are FOMM's (docs/methods/fomm.md).

    time_flip    turn the order of the frames round, with this probability
    mirror       left to right, with this probability, where time was not flipped
    jitter       brightness, contrast, saturation (factors in 1 +- j), hue (+- h of the circle, at most 0.5); in random
                 order. Monkey-Net jitters hue alone, by 0.5, and on MGif only
    scale        (low, high) factor of size, then padded with its edges or cut at random; Monkey-Net on MGif 0.9 to 1.1
    """

    time_flip: float = 0.5
    mirror: float = 0.5
    jitter: tuple[float, float, float, float] = (0.1, 0.1, 0.1, 0.1)
    scale: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        shares = (self.time_flip, self.mirror)
        if not all(0 <= p <= 1 for p in shares) or not all(0 <= j <= 1 for j in self.jitter) or self.jitter[3] > 0.5:
            raise UsageError("augmentation takes probabilities and jitter in [0, 1], hue at most 0.5")
        if not 0 < self.scale[0] <= self.scale[1]:
            raise UsageError(f"augmentation scales from a low to a high positive factor, not {self.scale}")


def augment_sequences(samples: Sequences, augment: Augment, generator: torch.Generator) -> Sequences:
    """Each sample changed in its own way, its frames alike.

    generator  on the CPU; as many numbers are drawn whatever the settings are
    returns    [B, T, 3, H, W], the samples' device
    """
    count = len(samples)
    # All numbers are drawn at once: a batch then is the same whichever changes are switched on.
    flips = torch.rand(count, 2, generator=generator)
    factors = torch.rand(count, 4, generator=generator) * 2 - 1
    order = torch.rand(count, 4, generator=generator).argsort(1)
    places = torch.rand(count, 3, generator=generator)
    backwards = flips[:, 0] < augment.time_flip
    mirrored = ~backwards & (flips[:, 1] < augment.mirror)
    out = samples.clone()

    for mask, axis in ((backwards, 1), (mirrored, -1)):
        # A sample is played backwards or mirrored, as in the released programs, never both.
        here = _places(mask, out)
        out[here] = out[here].flip(axis)

    if augment.scale != (1.0, 1.0):
        parts = []
        for s, p in zip(out, places.tolist(), strict=True):
            parts.append(_rescale(s, augment.scale, p))

        out = torch.stack(parts)
    return _jitter_colours(out, factors * torch.tensor(augment.jitter), order) if any(augment.jitter) else out


def _places(mask: Tensor, like: Tensor) -> Tensor:
    """Where a mask on the CPU is true, on the device of `like`: to count a mask there, a GPU would be waited for."""
    return _beside(mask.nonzero().squeeze(1), like)


def _beside(x: Tensor, like: Tensor) -> Tensor:
    """A few numbers from the CPU on the device of `like`, without waiting for what that has to do."""
    return x.to(like.device, non_blocking=True)


def _rescale(frames: Tensor, scale: tuple[float, float], place: list[float]) -> Tensor:
    """[T, 3, H, W] resized by the nearest pixel, then its canvas padded with the edge or cut from it, at random."""
    height, width = frames.shape[-2:]
    factor = scale[0] + place[0] * (scale[1] - scale[0])
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    made = F.interpolate(frames, size=size, mode="nearest")
    down = max(0, height - size[0])
    across = max(0, width - size[1])
    top = round(place[1] * down)
    left = round(place[2] * across)
    made = F.pad(made, (left, across - left, top, down - top), mode="replicate")
    # Where the picture was made larger there is something to cut; else both are 0.
    y = round(place[1] * (made.shape[-2] - height))
    x = round(place[2] * (made.shape[-1] - width))

    return made[..., y : y + height, x : x + width]


def _jitter_colours(samples: Tensor, amounts: Tensor, order: Tensor) -> Tensor:
    """Brightness, contrast, saturation and hue, one after the other in each sample's own order."""
    changes = (_brightness, _contrast, _saturation, _hue)
    for turn in range(4):
        for index, change in enumerate(changes):
            chosen = (order[:, turn] == index) & (amounts[:, index] != 0)
            if bool(chosen.any()):
                here = _places(chosen, samples)
                amount = _beside(amounts[chosen, index], samples)[:, None, None, None, None]
                samples[here] = change(samples[here], amount).clamp_(0, 1)

    return samples


def _brightness(x: Tensor, amount: Tensor) -> Tensor:
    return x * (1 + amount)


def _contrast(x: Tensor, amount: Tensor) -> Tensor:
    """Away from each frame's mean grey, or towards it."""
    mean = _grey(x).mean((-3, -2, -1), keepdim=True)
    return mean + (x - mean) * (1 + amount)


def _saturation(x: Tensor, amount: Tensor) -> Tensor:
    grey = _grey(x)
    return grey + (x - grey) * (1 + amount)


def _hue(x: Tensor, amount: Tensor) -> Tensor:
    """Turned by `amount` of the circle, value and saturation as they are (the HSV hexagon, in closed form)."""
    red, green, blue = x.unbind(-3)
    value = x.amax(-3)
    low = x.amin(-3)
    chroma = value - low
    safe = chroma.clamp(min=1e-6)
    sector = torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe)
    sector = torch.where(value == red, (green - blue) / safe, sector) + amount.squeeze(-3) * 6
    offsets = _beside(torch.tensor((5.0, 3.0, 1.0), dtype=x.dtype), x)[:, None, None]
    k = (offsets + sector.unsqueeze(-3)) % 6

    return value.unsqueeze(-3) - chroma.unsqueeze(-3) * k.minimum(4 - k).clamp_(0, 1)


def _grey(x: Tensor) -> Tensor:
    """ITU-R 601 luma."""
    weights = _beside(torch.tensor((0.299, 0.587, 0.114), dtype=x.dtype), x)
    return torch.einsum("...chw,c->...hw", x, weights).unsqueeze(-3)
