"""FOMM's networks as they go into ONNX files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from muybridge.methods.fomm.networks import FommNetworks, Keypoints
from muybridge.networks import OnnxPart, exportable

if TYPE_CHECKING:
    from muybridge.methods.fomm.method import Fomm


class _Detector(nn.Module):
    def __init__(self, networks: FommNetworks) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(x for x in self.networks.detect(images) if x is not None)


class _Generator(nn.Module):
    def __init__(self, networks: FommNetworks) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, source: Tensor, *numbers: Tensor) -> Tensor:
        half = len(numbers) // 2
        at, to = _keypoints(*numbers[:half]), _keypoints(*numbers[half:])
        return self.networks(source, at, to)[0].picture


def _keypoints(points: Tensor, jacobians: Tensor | None = None) -> Keypoints:
    return Keypoints(points, jacobians)


def onnx_parts(method: Fomm) -> dict[str, OnnxPart]:
    """The files of a run, by name.

    detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], jacobians [B, K, 2, 2]
    generator  source [B, 3, S, S], its points and jacobians, those to bring it to -> picture [B, 3, S, S]
    """
    networks, size = exportable(method.networks), method.config.size
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    detector = _Detector(networks)
    with torch.no_grad():
        found = detector(images)
    names = ("points", "jacobians")[: len(found)]
    inputs = {"source": images}
    inputs |= {f"source_{name}": x for name, x in zip(names, found, strict=True)}
    inputs |= {f"driving_{name}": x.flip(0) for name, x in zip(names, found, strict=True)}
    return {
        "detector": OnnxPart(detector, {"images": images}, names),
        "generator": OnnxPart(_Generator(networks), inputs, ("picture",)),
    }
