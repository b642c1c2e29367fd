"""C3D, a network that was trained to tell actions apart (Tran et al. 2015): features of sixteen frames at a time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.networks.pretrained.files import fill_pretrained
from muybridge.tensors import Images

C3D_FILE = "c3d.pickle"
"""Weights of Sports-1M under the layers' published names, conv1 to conv5b; read as tensors alone."""
LAYERS = (("conv1", 64), ("conv2", 128), ("conv3a", 256), ("conv3b", 256), ("conv4a", 512), ("conv4b", 512))
LAST = (("conv5a", 512), ("conv5b", 512))
WINDOW = 16
STEP = 4
SIDE = 112
"""Frames that are looked at together, from one such window to the next, and pixels."""
MEAN = (90.0, 98.0, 102.0)
"""Taken off the colours, 0 to 255."""


class C3d(nn.Module):
    """The convolutions of C3D, all 3x3x3; pools between the numbers of their names, the first in space alone."""

    def __init__(self) -> None:
        super().__init__()
        inside = 3
        for name, width in (*LAYERS, *LAST):
            self.add_module(name, nn.Conv3d(inside, width, 3, padding=1))
            inside = width

    def forward(self, frames: Images) -> Float[Tensor, "N 512"]:
        """Activations of the last convolution, one vector for each place and time of each window.

        frames  [T, 3, H, W] in [0, 1] that follow each other, at least 16
        """
        if len(frames) < WINDOW:
            raise InputError(f"an action network looks at {WINDOW} frames together, and there are {len(frames)}")

        small = F.interpolate(frames, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        # The network learned from bytes with the mean taken off, not from [0, 1].
        pixels = small * 255 - torch.tensor(MEAN, device=frames.device).view(1, 3, 1, 1)
        activations = []
        for start in range(0, len(frames) - WINDOW + 1, STEP):
            x = pixels[start : start + WINDOW].transpose(0, 1)[None]
            activations.append(self._features(x)[0].flatten(1).T)

        return torch.cat(activations)

    def _features(self, x: Float[Tensor, "1 3 T H W"]) -> Float[Tensor, "1 512 _ _ _"]:
        names = [name for name, _ in (*LAYERS, *LAST)]
        for name, following in pairwise([*names, names[-1]]):
            x = F.relu(self.get_submodule(name)(x))
            if following[:5] != name[:5]:
                shape = (1, 2, 2) if name == "conv1" else (2, 2, 2)
                x = F.max_pool3d(x, shape, shape)
        return x


def load_c3d(path: Path | None = None) -> C3d:
    """C3D with weights from `path`, or from the usual cache of torch; errors as `fill_pretrained`."""
    return fill_pretrained(C3d(), path, C3D_FILE, "C3D")
