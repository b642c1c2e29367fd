"""Spectral normalisation as PyTorch 1.0 had it: one step of power iteration a call, the right vector first."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SpectralConv2d(nn.Module):
    """A convolution without padding whose weight, as a matrix of one row an output channel, has the norm 1 or nearly
    (Miyato et al. 2018, algorithm 1).

    The vectors move once a call while training, so the order and number of calls count. Names are those of
    checkpoints from then: weight_orig, weight_u, weight_v, bias.
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.weight_orig = nn.Parameter(conv.weight.detach().clone())
        self.bias = conv.bias
        rows = self.weight_orig.flatten(1)
        self.register_buffer("weight_u", F.normalize(torch.randn(rows.shape[0]), dim=0, eps=1e-12))
        self.register_buffer("weight_v", F.normalize(torch.randn(rows.shape[1]), dim=0, eps=1e-12))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C', H', W']."""
        with torch.autocast(x.device.type, enabled=False):
            rows = self.weight_orig.flatten(1)
            if self.training:
                self._iterate(rows.detach())
            # Copies, so that another call before the backward pass does not change what this one was made with.
            norm = torch.dot(self.weight_u.clone(), rows @ self.weight_v.clone())
        return F.conv2d(x, self.weight_orig / norm, self.bias)

    @torch.no_grad()
    def _iterate(self, rows: Tensor) -> None:
        self.weight_v.copy_(F.normalize(rows.T @ self.weight_u, dim=0, eps=1e-12))
        self.weight_u.copy_(F.normalize(rows @ self.weight_v, dim=0, eps=1e-12))


def use_spectral_norm(module: nn.Module) -> nn.Module:
    """The module with every convolution in it replaced by a `SpectralConv2d`; they must have no padding, stride 1."""
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d):
            if any(child.padding) or set(child.stride) != {1} or isinstance(child.padding, str):
                raise ValueError(f"{name}: only convolutions without padding and with stride 1 are known here")
            setattr(module, name, SpectralConv2d(child))
        else:
            use_spectral_norm(child)
    return module
