"""Networks as ONNX files."""

from __future__ import annotations

import copy
import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from muybridge.errors import MissingExtraError
from muybridge.networks.antialias import Downsample

M = TypeVar("M", bound=nn.Module)
OPSET = 17


@dataclass(frozen=True, eq=False)
class OnnxPart:
    """A network of a method as it goes into a file.

    network  takes the inputs by place, gives one tensor or a tuple
    inputs   an example of each, by name; their first dimension is the batch, which may be of any size later
    outputs  names
    """

    network: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]

    def write(self, path: Path) -> None:
        """Write it to an .onnx file; MissingExtraError where the package is not installed."""
        if importlib.util.find_spec("onnx") is None:
            raise MissingExtraError("ONNX files need the package onnx", "pip install 'muybridge[onnx]'")

        names = [*self.inputs, *self.outputs]

        with torch.no_grad(), warnings.catch_warnings():
            # The exporter warns that it is the older of two, and of every shape that it takes as fixed.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                self.network.eval(),
                tuple(self.inputs.values()),
                str(path),
                input_names=list(self.inputs),
                output_names=list(self.outputs),
                dynamic_axes={name: {0: "batch"} for name in names},
                opset_version=OPSET,
                dynamo=False,
            )


class FixedBlur(nn.Module):
    """`Downsample` for a known number of channels, as the exporter wants it."""

    def __init__(self, blur: Downsample, channels: int) -> None:
        super().__init__()
        n = len(blur.taps)
        kernel = blur.taps.view(1, 1, 1, n).repeat(channels, 1, 1, 1)
        self.across = nn.Conv2d(channels, channels, (1, n), (1, blur.stride), (0, n // 2), groups=channels, bias=False)
        self.down = nn.Conv2d(channels, channels, (n, 1), (blur.stride, 1), (n // 2, 0), groups=channels, bias=False)
        self.across.weight = nn.Parameter(kernel, requires_grad=False)
        self.down.weight = nn.Parameter(kernel.transpose(2, 3).contiguous(), requires_grad=False)

    def forward(self, images: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H / stride, W / stride]."""
        return self.down(self.across(images))


def make_exportable(network: M, channels: int = 3) -> M:
    """A copy on the CPU, in evaluation mode, that the exporter understands; its blurs take pictures of `channels`."""
    ready = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    for module in list(ready.modules()):
        for name, child in module.named_children():
            if isinstance(child, Downsample) and child.stride > 1:
                setattr(module, name, FixedBlur(child, channels))
    return ready


class _Detecting(nn.Module):
    def __init__(self, networks: Any) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        parts = []
        for x in self.networks.detect(images):
            if x is not None:
                parts.append(x)

        return tuple(parts)


class _Drawing(nn.Module):
    def __init__(self, networks: Any, pose: Any) -> None:
        super().__init__()
        self.networks = networks
        self.pose = pose

    def forward(self, source: Tensor, *numbers: Tensor) -> Tensor:
        half = len(numbers) // 2
        missing = [None] * (len(self.pose._fields) - half)
        at = self.pose(*numbers[:half], *missing)
        to = self.pose(*numbers[half:], *missing)
        picture: Tensor = self.networks.animate(self.networks.encode(source, at), to)
        return picture


def split_for_onnx(networks: nn.Module, size: int, pose: Any, names: Sequence[str]) -> dict[str, OnnxPart]:
    """The two files of networks that animate a picture.

    networks   from `make_exportable`, with the methods detect(images) -> pose, encode(images, pose) and
               animate(source, pose)
    size       S
    pose       the named tuple; its last fields may be None
    names      of its fields in the files
    detector   images [B, 3, S, S] in [0, 1] -> a tensor for each field
    generator  source [B, 3, S, S], the fields of its pose, those of the one to bring it to -> picture [B, 3, S, S]
    """
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    detector = _Detecting(networks)
    with torch.no_grad():
        fields = dict(zip(names, detector(images), strict=False))

    # All of the source's fields come before the driving ones: the order is that of the network's arguments.
    inputs = {"source": images}
    for name, x in fields.items():
        inputs[f"source_{name}"] = x
    for name, x in fields.items():
        inputs[f"driving_{name}"] = x.flip(0)

    return {
        "detector": OnnxPart(detector, {"images": images}, tuple(fields)),
        "generator": OnnxPart(_Drawing(networks, pose), inputs, ("picture",)),
    }
