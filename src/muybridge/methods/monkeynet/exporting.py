"""Monkey-Net's networks as they go into ONNX files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from muybridge.methods.monkeynet.embedding import Keypoints
from muybridge.methods.monkeynet.networks import Generator, KeypointDetector
from muybridge.networks import OnnxPart, exportable

if TYPE_CHECKING:
    from muybridge.methods.monkeynet.method import MonkeyNet

NAMES = ("points", "covariances")


class _Detector(nn.Module):
    def __init__(self, detector: KeypointDetector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        found = self.detector(images).keypoints
        return found.means, found.covariances


class _Generator(nn.Module):
    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, source: Tensor, at: Tensor, covariances: Tensor, to: Tensor, moved_covariances: Tensor) -> Tensor:
        levels = self.generator.levels(source)
        picture: Tensor = self.generator(levels, Keypoints(at, covariances), Keypoints(to, moved_covariances)).picture
        return picture


def onnx_parts(method: MonkeyNet) -> dict[str, OnnxPart]:
    """The files of a run, by name.

    detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], covariances [B, K, 2, 2]
    generator  source [B, 3, S, S], its points and covariances, those to bring it to -> picture [B, 3, S, S]
    """
    detector, size = _Detector(exportable(method.detector)), method.config.size
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = detector(images)
    inputs = {"source": images}
    inputs |= {f"source_{name}": x for name, x in zip(NAMES, found, strict=True)}
    inputs |= {f"driving_{name}": x.flip(0) for name, x in zip(NAMES, found, strict=True)}
    return {
        "detector": OnnxPart(detector, {"images": images}, NAMES),
        "generator": OnnxPart(_Generator(exportable(method.generator)), inputs, ("picture",)),
    }
