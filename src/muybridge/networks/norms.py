"""Normalisation layers, by name."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.settings import Norm
from muybridge.tensors import Images


class BatchNorm(nn.BatchNorm2d):
    """Batch norm that does not count its batches: with a fixed momentum nothing uses the count, and the authors'
    checkpoints (FOMM's synchronised batch norm) keep it at 0."""

    def forward(self, input: Tensor) -> Tensor:
        return F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum or 0.0,
            self.eps,
        )


class InstanceNorm(nn.Module):
    """Instance norm without parameters or running statistics; keeps the memory format of its input.

    It is a group norm with a channel a group. PyTorch's kernel for channels-last pictures is several times slower
    than the one for plain ones, so those are normalised picture by picture with the kernel of batch norm.
    """

    eps = 1e-5

    def forward(self, x: Images) -> Images:
        plain = x.is_contiguous() or not x.is_contiguous(memory_format=torch.channels_last)
        if plain or x.shape[2] * x.shape[3] == 1:
            return F.group_norm(x.contiguous(), x.shape[1], eps=self.eps)
        parts = []
        for one in x.split(1):
            parts.append(F.batch_norm(one, None, None, training=True, eps=self.eps))

        return torch.cat(parts)


def make_norm(kind: Norm, channels: int) -> nn.Module:
    """The layer called `kind` for `channels` channels."""
    if kind == "batch":
        return BatchNorm(channels)
    if kind == "instance":
        return InstanceNorm()
    if kind == "group":
        return nn.GroupNorm(math.gcd(channels, 8), channels)
    return nn.Identity()
