"""How training samples are varied (docs/methods/tsnet.md, Training); all frames of a sample in the same way."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.methods.tsnet.config import SamplingConfig
from muybridge.tensors import Affines, Images

_GREY = (0.299, 0.587, 0.114)
_TO_YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))


def jitter_colours(pictures: Images, config: SamplingConfig, generator: torch.Generator) -> Images:
    """Brightness, contrast, saturation and hue, in this order: RGB in [0, 1] in and out."""
    b, c, s, h = (2 * torch.rand(4, generator=generator) - 1).tolist()
    pictures = (pictures * (1 + config.brightness * b)).clamp(0, 1)
    mean = _grey(pictures).mean((1, 2, 3), keepdim=True)
    pictures = (mean + (pictures - mean) * (1 + config.contrast * c)).clamp(0, 1)
    grey = _grey(pictures)
    pictures = (grey + (pictures - grey) * (1 + config.saturation * s)).clamp(0, 1)
    return turn_hue(pictures, config.hue * h) if config.hue else pictures


def turn_hue(pictures: Images, turns: float) -> Images:
    """Hues turned round the colour circle, in YIQ; brightness stays."""
    to = torch.tensor(_TO_YIQ)
    cos = math.cos(2 * math.pi * turns)
    sin = math.sin(2 * math.pi * turns)
    round_ = torch.tensor([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(to) @ round_ @ to, pictures).clamp(0, 1)


def draw_placement(config: SamplingConfig, generator: torch.Generator) -> Affines:
    """Mirror, size and place of a sample: [1, 2, 3], p -> M p + t in normalised units."""
    mirror, size, x, y = torch.rand(4, generator=generator).tolist()
    scale = 1 + config.scale * (2 * size - 1)
    sign = -1.0 if mirror < config.mirror else 1.0
    shift = []
    for v in (x, y):
        shift.append(2 * config.shift * (2 * v - 1))

    return torch.tensor([[[sign * scale, 0.0, shift[0]], [0.0, scale, shift[1]]]])


def _grey(pictures: Images) -> Float[Tensor, "B 1 H W"]:
    return (pictures * torch.tensor(_GREY).view(1, 3, 1, 1)).sum(1, keepdim=True)
