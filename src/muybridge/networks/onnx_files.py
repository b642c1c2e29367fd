"""Networks as ONNX files."""

from __future__ import annotations

import copy
import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

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


def exportable(network: M, channels: int = 3) -> M:
    """A copy on the CPU, in evaluation mode, that the exporter understands; its blurs take pictures of `channels`."""
    ready = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    for module in list(ready.modules()):
        for name, child in module.named_children():
            if isinstance(child, Downsample) and child.stride > 1:
                setattr(module, name, FixedBlur(child, channels))
    return ready
