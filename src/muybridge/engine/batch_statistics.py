"""Batch norm over the batch of all processes together, so that two processes with half of it each train as one does.

PyTorch's own SyncBatchNorm is for GPUs alone, and would have to stand in the networks in the place of BatchNorm.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from muybridge.geometry import full_precision

Norms = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


@contextmanager
def share_statistics(module: nn.Module, count: int) -> Iterator[None]:
    """While open, every batch norm of `module` that is training takes its statistics from all `count` processes, and
    their gradients go back to all of them. All processes must run the same layers in the same order."""
    norms = [m for m in module.modules() if isinstance(m, Norms)] if count > 1 else []
    for norm in norms:
        vars(norm)["forward"] = partial(_normalise, norm)
    try:
        yield
    finally:
        for norm in norms:
            del vars(norm)["forward"]  # the class's own shows again


class _Sum(torch.autograd.Function):
    """The sum over the processes; what each of them says of it is summed on the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        torch.distributed.all_reduce(total)
        return total


def _normalise(norm: BatchNorm, x: Tensor) -> Tensor:
    """As BatchNorm computes it; the biased variance normalises, the unbiased one is kept."""
    if not norm.training:
        return type(norm).forward(norm, x)
    values = full_precision(x)
    over = [0, *range(2, x.ndim)]
    shape = [1, -1, *[1] * (x.ndim - 2)]

    # Each process also says how many values it summed: nothing here promises that they are equally many.
    here = values.new_full((1,), float(x.numel() // x.shape[1]))
    sums = _Sum.apply(torch.cat((values.sum(over), here)))
    number = sums[-1].detach()

    # The mean is taken first: a sum of squares minus its square loses digits where the mean is large.
    mean = sums[:-1] / number
    centred = values - mean.view(shape)
    variance = _Sum.apply(centred.square().sum(over)) / number

    out = centred * torch.rsqrt(variance + norm.eps).view(shape)
    if norm.affine:
        out = out * norm.weight.view(shape) + norm.bias.view(shape)

    _remember(norm, mean.detach(), variance.detach() * number / (number - 1).clamp(min=1))
    return out.to(x.dtype)


def _remember(norm: BatchNorm, mean: Tensor, variance: Tensor) -> None:
    if not norm.track_running_stats or norm.running_mean is None or norm.running_var is None:
        return
    if type(norm) in Norms and norm.num_batches_tracked is not None:  # this package's own does not count
        norm.num_batches_tracked.add_(1)
    share = 1 / float(norm.num_batches_tracked or 1) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(variance, share)
