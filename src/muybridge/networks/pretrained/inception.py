"""Inception v3 as FID is measured with it: the network of 2015, whose pools differ a little from later copies.

Layers and names as in Szegedy et al. 2016 (table 1, figures 5 to 7) and in torchvision; the differences of the 2015
weights: means over a 3x3 window leave the border's zeros out, and the last block takes the maximum instead of the mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.networks.pretrained.files import fill_pretrained
from muybridge.tensors import Images

INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth"
"""The weights that published FIDs are measured with; the name ends with the first digits of the file's SHA-256."""
SIDE = 299
Size = int | tuple[int, int]


class Conv(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inside: int, outside: int, kernel: Size, stride: int = 1, padding: Size = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outside, eps=0.001)

    def forward(self, x: Images) -> Float[Tensor, "B _ _ _"]:
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Paths beside each other, joined along the channels.

    paths   name of each convolution that begins a path -> those that follow it; a name in a tuple means that its
            members see the same input and are joined
    pooled  how the path called `branch_pool` begins, or "bare" for a maximum with stride 2 and no convolution
    """

    def __init__(self, layers: Mapping[str, Conv], paths: tuple[tuple[str | tuple[str, str], ...], ...], pool: str):
        super().__init__()

        for name, layer in layers.items():
            self.add_module(name, layer)
        self.paths = paths
        self.pool = pool

    def forward(self, x: Images) -> Float[Tensor, "B _ _ _"]:
        found = []
        for path in self.paths:
            found.append(self._along(path, x))

        if self.pool == "bare":
            return torch.cat([*found, F.max_pool2d(x, 3, 2)], 1)
        small = F.max_pool2d(x, 3, 1, 1) if self.pool == "max" else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return torch.cat([*found, self.get_submodule("branch_pool")(small)], 1)

    def _along(self, path: tuple[str | tuple[str, str], ...], x: Tensor) -> Tensor:
        for step in path:
            if isinstance(step, tuple):
                parts = []
                for name in step:
                    parts.append(self.get_submodule(name)(x))

                x = torch.cat(parts, 1)
            else:
                x = self.get_submodule(step)(x)
        return x


def _a(inside: int, pooled: int) -> Block:
    layers = {
        "branch1x1": Conv(inside, 64, 1),
        "branch5x5_1": Conv(inside, 48, 1),
        "branch5x5_2": Conv(48, 64, 5, padding=2),
        "branch3x3dbl_1": Conv(inside, 64, 1),
        "branch3x3dbl_2": Conv(64, 96, 3, padding=1),
        "branch3x3dbl_3": Conv(96, 96, 3, padding=1),
        "branch_pool": Conv(inside, pooled, 1),
    }
    triple = ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")
    return Block(layers, (("branch1x1",), ("branch5x5_1", "branch5x5_2"), triple), "mean")


def _b(inside: int) -> Block:
    layers = {
        "branch3x3": Conv(inside, 384, 3, 2),
        "branch3x3dbl_1": Conv(inside, 64, 1),
        "branch3x3dbl_2": Conv(64, 96, 3, padding=1),
        "branch3x3dbl_3": Conv(96, 96, 3, 2),
    }
    return Block(layers, (("branch3x3",), ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")), "bare")


def _c(inside: int, width: int) -> Block:
    wide = {"kernel": (1, 7), "padding": (0, 3)}
    tall = {"kernel": (7, 1), "padding": (3, 0)}
    layers = {"branch1x1": Conv(inside, 192, 1), "branch7x7_1": Conv(inside, width, 1)}
    layers["branch7x7_2"] = Conv(width, width, (1, 7), padding=(0, 3))
    layers["branch7x7_3"] = Conv(width, 192, (7, 1), padding=(3, 0))
    layers["branch7x7dbl_1"] = Conv(inside, width, 1)
    for k, shape in enumerate((tall, wide, tall, wide), start=2):
        layers[f"branch7x7dbl_{k}"] = Conv(width, 192 if k == 5 else width, shape["kernel"], padding=shape["padding"])
    layers["branch_pool"] = Conv(inside, 192, 1)
    # The names are those of the weights' file.
    single = tuple(f"branch7x7_{k}" for k in range(1, 4))
    double = tuple(f"branch7x7dbl_{k}" for k in range(1, 6))

    return Block(layers, (("branch1x1",), single, double), "mean")


def _d(inside: int) -> Block:
    layers = {
        "branch3x3_1": Conv(inside, 192, 1),
        "branch3x3_2": Conv(192, 320, 3, 2),
        "branch7x7x3_1": Conv(inside, 192, 1),
        "branch7x7x3_2": Conv(192, 192, (1, 7), padding=(0, 3)),
        "branch7x7x3_3": Conv(192, 192, (7, 1), padding=(3, 0)),
        "branch7x7x3_4": Conv(192, 192, 3, 2),
    }
    return Block(layers, (("branch3x3_1", "branch3x3_2"), tuple(f"branch7x7x3_{k}" for k in range(1, 5))), "bare")


def _e(inside: int, pool: str) -> Block:
    layers = {
        "branch1x1": Conv(inside, 320, 1),
        "branch3x3_1": Conv(inside, 384, 1),
        "branch3x3_2a": Conv(384, 384, (1, 3), padding=(0, 1)),
        "branch3x3_2b": Conv(384, 384, (3, 1), padding=(1, 0)),
        "branch3x3dbl_1": Conv(inside, 448, 1),
        "branch3x3dbl_2": Conv(448, 384, 3, padding=1),
        "branch3x3dbl_3a": Conv(384, 384, (1, 3), padding=(0, 1)),
        "branch3x3dbl_3b": Conv(384, 384, (3, 1), padding=(1, 0)),
        "branch_pool": Conv(inside, 192, 1),
    }

    # A pair in brackets branches once more, and its halves are put side by side.
    triple = ("branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b"))
    return Block(layers, (("branch1x1",), ("branch3x3_1", ("branch3x3_2a", "branch3x3_2b")), triple), pool)


class Inception(nn.Module):
    """Pictures to the 2,048 numbers before the classes."""

    def __init__(self) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {
            # Names as in the weights' file, in the order in which the layers run.
            "Conv2d_1a_3x3": Conv(3, 32, 3, 2),
            "Conv2d_2a_3x3": Conv(32, 32, 3),
            "Conv2d_2b_3x3": Conv(32, 64, 3, padding=1),
            "pool_1": nn.MaxPool2d(3, 2),
            "Conv2d_3b_1x1": Conv(64, 80, 1),
            "Conv2d_4a_3x3": Conv(80, 192, 3),
            "pool_2": nn.MaxPool2d(3, 2),
            "Mixed_5b": _a(192, 32),
            "Mixed_5c": _a(256, 64),
            "Mixed_5d": _a(288, 64),
            "Mixed_6a": _b(288),
            **{f"Mixed_6{k}": _c(768, width) for k, width in zip("bcde", (128, 160, 160, 192), strict=True)},
            "Mixed_7a": _d(768),
            "Mixed_7b": _e(1280, "mean"),
            "Mixed_7c": _e(2048, "max"),
        }
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, pictures: Images) -> Float[Tensor, "B 2048"]:
        """pictures [B, 3, H, W] in [0, 1], of any size."""
        x = F.interpolate(pictures, (SIDE, SIDE), mode="bilinear", align_corners=False) * 2 - 1
        for layer in self.children():
            x = layer(x)
        return x.mean((2, 3))


def load_inception(path: Path | None = None) -> Inception:
    """Inception with FID's weights from `path`, or from the usual cache of torch; errors as `fill_pretrained`."""
    return fill_pretrained(Inception(), path, INCEPTION_FILE, "Inception v3 of 2015")
