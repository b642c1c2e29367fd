"""Distances in the feature space of VGG-19 at several sizes, and a stand-in that needs no weights."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from muybridge.errors import UsageError
from muybridge.geometry import full_precision
from muybridge.losses.reconstruction import multiscale_l1, ssim_loss
from muybridge.networks import Downsample, Vgg19, load_vgg19
from muybridge.tensors import Images, Scalar

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet, as torchvision's weights want their pictures."""


class PerceptualPyramid(nn.Module):
    """Sum over sizes and layers of weight x mean |V(result) - V(target)| (articulated animation, eq. 5; FOMM, eq. 13).

    vgg      frozen
    weights  of relu1_1 to relu5_1
    scales   1 / n each
    """

    def __init__(self, vgg: Vgg19, weights: Sequence[float], scales: Sequence[float]) -> None:
        super().__init__()
        self.vgg = vgg
        self.weights = tuple(weights)
        parts = []
        for scale in scales:
            parts.append(Downsample(round(1 / scale)))

        self.sizes = nn.ModuleList(parts)

    def forward(self, result: Images, target: Images) -> Scalar:
        """result, target  [B, 3, H, W] in [0, 1]; the smallest size must have at least 16 pixels a side."""
        terms: list[Tensor] = []
        for down in self.sizes:
            made = self._features(down(result))
            with torch.no_grad():
                wanted = self._features(down(target))
            pairs = zip(self.weights, made, wanted, strict=True)

            # A weight of 0 switches a layer off, and spares its gradient.
            for w, a, b in pairs:
                if w:
                    terms.append(w * (full_precision(a) - full_precision(b)).abs().mean())

        return torch.stack(terms).sum()

    def _features(self, images: Images) -> list[Tensor]:
        mean = images.new_tensor(MEAN).view(1, 3, 1, 1)
        deviation = images.new_tensor(DEVIATION).view(1, 3, 1, 1)
        return self.vgg((images - mean) / deviation)


def plain_pyramid(result: Images, target: Images) -> Scalar:
    """200 x (mean |difference| at three sizes + (1 - SSIM) / 4): for trainings without the weights of VGG-19, and about
    as large as the distance that those give, so that the other losses keep their share.

    result, target  [B, 3, H, W] in [0, 1], both sides at least 11 pixels
    """
    return 200 * (multiscale_l1(result, target) + ssim_loss(result, target) / 4)


class PyramidDistance:
    """`PerceptualPyramid` of VGG-19 as it is cached on this machine, or `plain_pyramid`.

    It is no module, so that VGG's weights are not taken for a method's own.

    size             side of the pictures
    weights, scales  of the perceptual one
    """

    def __init__(
        self, kind: Literal["vgg19", "weight-free"], size: int, weights: Sequence[float], scales: Sequence[float]
    ) -> None:
        self.kind = kind
        self.size = size
        self.weights = weights
        self.scales = scales
        self.pyramid: PerceptualPyramid | None = None

    def load(self) -> None:
        """Read the weights, once; UsageError where the pictures are too small for them, MissingWeightsError where
        they are not on this machine."""
        smallest = self.size * min(self.scales)
        if self.kind == "weight-free" or self.pyramid is not None:
            return
        if smallest < 16:
            raise UsageError(
                f"VGG-19 takes pictures of 16 pixels or more, and the smallest of the perceptual loss has {smallest:g}",
                "Set losses.scales to fewer sizes, or perceptual to weight-free.",
            )

        self.pyramid = PerceptualPyramid(load_vgg19(), self.weights, self.scales)

    def __call__(self, made: Images, driving: Images) -> Scalar:
        """made, driving  [B, 3, H, W] in [0, 1]"""
        self.load()
        return plain_pyramid(made, driving) if self.pyramid is None else self.pyramid.to(made.device)(made, driving)
