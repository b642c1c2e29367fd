"""The ResNet generator of Johnson et al. and CycleGAN, with which JOKR draws shapes and textures."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.networks.norms import make_norm
from muybridge.settings import Norm, Upsampling
from muybridge.tensors import Images

Head = Literal["tanh", "sigmoid", "none"]


class ReflectConv(nn.Conv2d):
    """A convolution that keeps the size, with the mirror image beyond the border."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__(in_channels, out_channels, kernel)
        self.border = [kernel // 2] * 4

    def forward(self, x: Images) -> Float[Tensor, "B C2 H W"]:
        # Autocast would copy the picture to float32 for this, on the CPU.
        with torch.autocast(x.device.type, enabled=False):
            x = F.pad(x, self.border, mode="reflect")
        return self.convolve(x)

    def convolve(self, padded: Images) -> Float[Tensor, "B C2 H2 W2"]:
        return F.conv2d(padded, self.weight, self.bias)


class LastConv(ReflectConv):
    """The same convolution for a few output channels, which processors work on sixteen at a time.

    Where the sides are even, one of stride 2 with a kernel one wider gives the four pixels of each 2x2 cell as
    channels, with the same weights at four places.
    """

    folds = True
    """False: always the plain convolution, which ONNX files can hold, for this kernel is put together as it runs."""

    def convolve(self, padded: Images) -> Float[Tensor, "B C2 H2 W2"]:
        if not self.folds or self.out_channels > 8 or padded.shape[2] % 2 or padded.shape[3] % 2:
            return super().convolve(padded)
        places = []
        for y in (0, 1):
            for x in (0, 1):
                places.append(F.pad(self.weight, (x, 1 - x, y, 1 - y)))

        weight = torch.stack(places, 1).flatten(0, 1)
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        return F.pixel_shuffle(F.conv2d(padded, weight, bias, stride=2), 2)


class ResidualBlock(nn.Module):
    """x + two reflect-padded 3x3 convolutions, the first with ReLU and, if asked for, dropout."""

    def __init__(self, channels: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        self.first = _conv(channels, channels, 3)
        self.second = _conv(channels, channels, 3)
        self.norms = nn.ModuleList((make_norm(norm, channels), make_norm(norm, channels)))
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: Images) -> Images:
        y = self.dropout(self.norms[0](self.first(x)).relu_())
        return x + self.norms[1](self.second(y))


class ResnetGenerator(nn.Module):
    """7x7 convolution, `downs` halvings, `blocks` residual blocks, as many doublings, 7x7 convolution, head.

    in_channels, out_channels  of the pictures; input and output have the same size, which must be divisible by
                               2^downs and, after the halvings, at least 2 pixels
    width                      channels at full size (ngf in the authors' programs), doubled with each halving
    dropout                    probability inside the residual blocks; 0 leaves the layer out
    head                       tanh gives [-1, 1], sigmoid gives [0, 1]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: int = 64,
        blocks: int = 9,
        downs: int = 2,
        norm: Norm = "instance",
        dropout: float = 0.0,
        upsampling: Upsampling = "transposed",
        head: Head = "tanh",
    ) -> None:
        super().__init__()

        widths = []
        for i in range(downs + 1):
            widths.append(width * 2**i)

        self.stem = _stage(_conv(in_channels, width, 7), norm, width)
        self.down = nn.Sequential()
        for w in widths[:-1]:
            self.down.append(_stage(nn.Conv2d(w, 2 * w, 3, stride=2, padding=1), norm, 2 * w))

        self.trunk = nn.Sequential()
        for _ in range(blocks):
            self.trunk.append(ResidualBlock(widths[-1], norm, dropout))

        self.up = nn.Sequential()
        for w in reversed(widths[:-1]):
            self.up.append(_stage(_double(2 * w, w, upsampling), norm, w))

        self.out = LastConv(width, out_channels, 7)
        self.head = {"tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "none": nn.Identity()}[head]
        self.apply(_initialise)

    def forward(self, x: Images) -> Float[Tensor, "B C2 H W"]:
        step = 2 ** len(self.down)
        if x.shape[2] % step or x.shape[3] % step:
            raise InputError(
                f"the generator takes pictures whose sides are multiples of {step}, not {x.shape[3]}x{x.shape[2]}",
                f"Resize or pad them to multiples of {step} pixels.",
            )
        return self.head(self.out(self.up(self.trunk(self.down(self.stem(x))))))


def _conv(in_channels: int, out_channels: int, kernel: int) -> nn.Conv2d:
    return ReflectConv(in_channels, out_channels, kernel)


def _stage(conv: nn.Module, norm: Norm, channels: int) -> nn.Sequential:
    return nn.Sequential(conv, make_norm(norm, channels), nn.ReLU(inplace=True))


def _double(in_channels: int, out_channels: int, upsampling: Upsampling) -> nn.Module:
    if upsampling == "transposed":
        return nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(nn.Upsample(scale_factor=2), _conv(in_channels, out_channels, 3))


def _initialise(module: nn.Module) -> None:
    """N(0, 0.02) and zero biases, as in CycleGAN's program."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
