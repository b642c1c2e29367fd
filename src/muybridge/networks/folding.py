"""Networks made ready to run: batch norm folded into convolutions, nearest up-sampling too."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.networks.antialias import Downsample
from muybridge.networks.hourglass import UpBlock
from muybridge.networks.norms import BatchNorm
from muybridge.networks.warping_generator import DoublingBlock, PreactivationBlock, WarpingGenerator

M = TypeVar("M", bound=nn.Module)


def prepare_inference(network: M, half: Sequence[str] = ()) -> M:
    """A copy of the network for inference, folded and laid out pixel by pixel; the network itself is untouched.

    half  its parts that compute in bfloat16, by name
    """
    ready = fold_batch_norms(network)
    for name in half:
        part = ready.get_submodule(name)
        blurs = {module: module.taps for module in part.modules() if isinstance(module, Downsample)}
        part.to(torch.bfloat16)
        for module, taps in blurs.items():
            module.taps = taps
    return ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the hardware itself multiplies in bfloat16; emulated it is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def fold_batch_norms(network: M) -> M:
    """A copy in evaluation mode, frozen, that computes the same with fewer operations; it cannot be trained.

    A batch norm behind a convolution becomes part of it, and a 3x3 convolution of a picture that was doubled by the
    nearest pixel becomes a transposed one of 4x4, at four ninths of the cost; see `CellConv` too.
    """
    ready = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(ready.modules()):
        if isinstance(module, PreactivationBlock):
            _fold(module, "conv1", "norm2")
        elif isinstance(getattr(module, "conv", None), nn.Conv2d):
            _fold(module, "conv", "norm")
    _replace_slow(ready)
    return ready


def _fold(module: nn.Module, conv_name: str, norm_name: str) -> None:
    conv = getattr(module, conv_name)
    norm = getattr(module, norm_name, None)
    if not isinstance(norm, BatchNorm) or norm.running_mean is None or norm.running_var is None:
        return
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    conv.weight.mul_(factor[:, None, None, None])
    conv.bias.copy_((conv.bias - norm.running_mean) * factor + norm.bias)
    setattr(module, norm_name, nn.Identity())


def _replace_slow(network: nn.Module) -> None:
    for name, child in network.named_children():
        if isinstance(child, UpBlock | DoublingBlock) and isinstance(child.norm, nn.Identity):
            setattr(network, name, FoldedDoubling(child))
        # Of 8 channels, a kernel 8 wide gives wrong sums in bfloat16 on processors with AMX (oneDNN 3.12).
        elif isinstance(network, WarpingGenerator) and name == "final" and network.final.in_channels >= 16:
            setattr(network, name, CellConv(network.final))
        else:
            _replace_slow(child)


class FoldedDoubling(nn.Module):
    """Nearest up-sampling by two, 3x3 convolution, ReLU; as a transposed convolution of 4x4 with stride 2.

    A pixel of the large picture sees, through three taps, only two pixels of the small one in each direction: taps
    that fall on the same one are added.
    """

    def __init__(self, block: UpBlock | DoublingBlock) -> None:
        super().__init__()
        self.conv = block.conv
        # Row y of the 4 is what a small pixel gives to the large one y - 1 below its own first: its sum of the 3 taps.
        taps = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]]).to(block.conv.weight)
        weight = torch.einsum("ya,xb,ocab->coyx", taps, taps, block.conv.weight)
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x: Float[Tensor, "B C H W"], size: tuple[int, int] | None = None) -> Float[Tensor, "B C2 H2 W2"]:
        h, w = x.shape[2:]
        if size not in (None, (2 * h, 2 * w)) or h * w < 16:  # where transposed convolutions are slow
            return F.relu(self.conv(F.interpolate(x, size=size or (2 * h, 2 * w))))
        return F.relu_(F.conv_transpose2d(x, self.weight, self.conv.bias, stride=2, padding=1))


class CellConv(nn.Module):
    """A convolution to a few channels, which processors work on sixteen at a time: one of stride 2 with a kernel one
    wider gives the four pixels of each 2x2 cell as channels."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv
        places = []
        for y in (0, 1):
            for x in (0, 1):
                places.append(F.pad(conv.weight, (x, 1 - x, y, 1 - y)))

        self.weight = nn.Parameter(torch.stack(places, 1).flatten(0, 1), requires_grad=False)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C2 H W"]:
        if x.shape[2] % 2 or x.shape[3] % 2:
            return self.conv(x)
        bias = None if self.conv.bias is None else self.conv.bias.repeat_interleave(4)
        return F.pixel_shuffle(F.conv2d(x, self.weight, bias, stride=2, padding=self.conv.padding), 2)
