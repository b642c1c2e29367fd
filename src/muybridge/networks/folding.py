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


def prepare_inference(network: M, half: Sequence[str] = (), shared: Sequence[str] = ()) -> M:
    """A copy of the network for inference, folded and laid out pixel by pixel; the network itself is untouched.

    half    its parts that compute in bfloat16, by name
    shared  its children that are small work, by name: left as they are, for a copy of their weights would be memory
    """
    ready = _copy_without_weights(network)
    for name in half:
        _fold_all(ready.get_submodule(name), torch.bfloat16)

    _fold_all(ready, leave=shared)
    if not shared:
        return ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for name, child in ready.named_children():
        if name not in shared:
            child.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return ready


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
    ready = _copy_without_weights(network)
    _fold_all(ready)
    return ready


def _copy_without_weights(network: M) -> M:
    """A copy in evaluation mode, frozen, whose weights are the network's own until something is put in their place."""
    own: dict[int, Tensor] = {}
    for p in network.parameters():
        own[id(p)] = nn.Parameter(p.detach(), requires_grad=False)
    return copy.deepcopy(network, own).eval()


def _fold_all(network: nn.Module, dtype: torch.dtype | None = None, leave: Sequence[str] = ()) -> None:
    """In place; what has been folded is left as it is, and so are children with these names.

    dtype  in which to compute; None: as it is. Part by part, for all of a network's weights in float32 beside its own
           are as much memory again
    """
    if isinstance(network, PreactivationBlock):
        _fold(network, "conv1", "norm2")
    elif isinstance(getattr(network, "conv", None), nn.Conv2d):
        _fold(network, "conv", "norm")

    for name, child in network.named_children():
        if name in leave:
            continue
        ready = _replace_slow(network, child, dtype)
        if ready is not child:
            setattr(network, name, ready)
        _fold_all(ready, dtype)

    # An anti-aliasing blur keeps its taps: it computes in float32.
    if dtype is not None and not isinstance(network, Downsample):
        network._apply(lambda t: t.to(dtype) if t.is_floating_point() else t, recurse=False)


def _fold(module: nn.Module, conv_name: str, norm_name: str) -> None:
    conv = getattr(module, conv_name)
    norm = getattr(module, norm_name, None)
    if not isinstance(norm, BatchNorm) or norm.running_mean is None or norm.running_var is None:
        return
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    # In new parameters: the old ones may be those of a network that goes on learning.
    conv.weight = nn.Parameter(conv.weight * factor[:, None, None, None], requires_grad=False)
    conv.bias = nn.Parameter((conv.bias - norm.running_mean) * factor + norm.bias, requires_grad=False)
    setattr(module, norm_name, nn.Identity())


def _replace_slow(network: nn.Module, child: nn.Module, dtype: torch.dtype | None) -> nn.Module:
    """A part of a network, or something faster that gives the same."""
    if isinstance(child, UpBlock | DoublingBlock):
        _fold(child, "conv", "norm")
        if isinstance(child.norm, nn.Identity):
            return FoldedDoubling(child, dtype)
    # Of 8 channels, a kernel 8 wide gives wrong sums in bfloat16 on processors with AMX (oneDNN 3.12).
    if isinstance(network, WarpingGenerator) and isinstance(child, nn.Conv2d) and child.in_channels >= 16:
        return CellConv(child)
    return child


_SUMS = ((2,), (1, 2), (0, 1), (0,))
"""Row y of the 4 is what a small pixel gives to the large one y - 1 below its own first: its sum of these of 3 taps."""


class FoldedDoubling(nn.Module):
    """Nearest up-sampling by two, 3x3 convolution, ReLU; as a transposed convolution of 4x4 with stride 2.

    A pixel of the large picture sees, through three taps, only two pixels of the small one in each direction: taps
    that fall on the same one are added.
    """

    def __init__(self, block: UpBlock | DoublingBlock, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        taps = block.conv.weight.detach().permute(2, 3, 1, 0).contiguous()
        channels, out = taps.shape[2:]
        # Pixel by pixel, and sum by sum: all of them in float32 would be more memory than what is kept.
        folded = taps.new_empty(channels, 4, 4, out, dtype=dtype or taps.dtype)
        for y, rows in enumerate(_SUMS):
            for x, columns in enumerate(_SUMS):
                some = [taps[i, j] for i in rows for j in columns]
                folded[:, y, x] = sum(some[1:], some[0])
        self.weight = nn.Parameter(folded.permute(0, 3, 1, 2), requires_grad=False)
        self.conv = block.conv

    def forward(self, x: Float[Tensor, "B C H W"], size: tuple[int, int] | None = None) -> Float[Tensor, "B C2 H2 W2"]:
        h, w = x.shape[2:]
        if size not in (None, (2 * h, 2 * w)) or h * w <= 16:  # where transposed convolutions are slow
            return F.relu_(self.conv(F.interpolate(x, size=size or (2 * h, 2 * w))))
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
