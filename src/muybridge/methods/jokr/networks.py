"""JOKR's networks: E finds keypoints, G draws silhouettes, R textures them, D compares keypoints, T aligns them."""

from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.errors import UsageError
from muybridge.geometry import full_precision, identity_affine, soft_argmax, spatial_softmax
from muybridge.networks import Downsample, Hourglass, ResnetGenerator
from muybridge.settings import Norm, Upsampling
from muybridge.tensors import Affines, Heatmaps, Images, Points

Variant = Literal["hourglass", "strong"]
"""hourglass: FOMM's U-Net, the default. strong: a ResNet generator with bounded logits (the program's strong_kp)."""


Shrink = Literal["blur", "unfold"]
"""How a picture becomes small enough for E: blurred and thinned out, as published, or pixels laid out as channels."""


class Detection(NamedTuple):
    """What E sees: keypoints [B, K, 2] in [-1, 1], the distributions [B, K, h, w] whose means they are, and the logits
    [B, K, h, w] of these."""

    points: Tensor
    heatmaps: Tensor
    logits: Tensor


class KeypointDetector(nn.Module):
    """E: a picture [B, 3, H, W], in the range that it is trained on, to `Detection` (JOKR, appendix B.1, eq. 8).

    keypoints        K
    variant          hourglass or strong
    scale            of the picture that the network sees, 1 / a whole number
    temperature      of the softmax
    width            channels of the first level (32 released; 64 for the strong variant)
    max_width        largest number of channels (hourglass)
    blocks           levels of the hourglass, or residual blocks of the strong variant (9 released)
    padding          of the last convolution (hourglass): 3 keeps the size; 0, as released, gives a map that is six
                     cells smaller and whose own corners are taken for the picture's
    norm             "batch" makes keypoints depend on the batch in training; "group" and "instance" do not
    dropout          inside the residual blocks of the strong variant; 0.5 released
    always_training  stay in training mode for ever, as the released program does: batch statistics, and dropout,
                     at inference too
    shrink           blur, as published, or unfold, which keeps thin legs
    """

    def __init__(
        self,
        keypoints: int,
        *,
        variant: Variant = "hourglass",
        scale: float = 0.25,
        temperature: float = 0.1,
        width: int = 32,
        max_width: int = 1024,
        blocks: int = 5,
        padding: int = 3,
        norm: Norm = "group",
        dropout: float = 0.0,
        always_training: bool = False,
        shrink: Shrink = "blur",
    ) -> None:
        super().__init__()
        stride = round(1 / scale)
        if abs(stride * scale - 1) > 1e-6:
            raise UsageError(f"the detector's scale is 1 / a whole number, not {scale}")

        self.temperature = temperature
        self.always_training = always_training
        # The blur throws fine detail away, unshuffled pixels keep all of it in more channels.
        self.down = Downsample(stride) if shrink == "blur" else nn.PixelUnshuffle(stride)
        channels = 3 if shrink == "blur" else 3 * stride**2
        self.trunk: nn.Module
        self.head: nn.Module
        if variant == "strong":
            self.trunk = ResnetGenerator(
                channels, keypoints, width=width, blocks=blocks, norm=norm, dropout=dropout, head="none"
            )
            self.head = nn.Tanh()
        else:
            self.trunk = Hourglass(channels, width, max_width, blocks, norm)
            self.head = nn.Conv2d(self.trunk.out_channels, keypoints, 7, padding=padding)

    def forward(self, images: Images) -> Detection:
        features = self.trunk(self.down(images))
        # Divided by the temperature, logits of 8 bits would move keypoints by pixels.
        with torch.autocast(images.device.type, enabled=False):
            logits = self.head(full_precision(features))
            heatmaps = spatial_softmax(logits, self.temperature)
            return Detection(soft_argmax(heatmaps), heatmaps, logits / self.temperature)

    def train(self, mode: bool = True) -> "KeypointDetector":
        return super().train(mode or self.always_training)


class ShapeGenerator(nn.Module):
    """G_A and G_B, which share all but the last layer (JOKR, section 3): bumps [B, K, H, W] to both silhouettes.

    fold     2: the silhouettes are twice the size of the bumps, each cell unfolded to 2x2 pixels
    returns  [B, 2, H, W] in (0, 1): channel 0 has the shape of A, channel 1 that of B.
    """

    def __init__(
        self,
        keypoints: int,
        *,
        width: int = 64,
        blocks: int = 9,
        downs: int = 2,
        norm: Norm = "instance",
        dropout: float = 0.0,
        upsampling: Upsampling = "transposed",
        fold: int = 1,
    ) -> None:
        super().__init__()
        self.fold = nn.PixelShuffle(fold)
        self.net = ResnetGenerator(
            keypoints,
            2 * fold**2,
            width=width,
            blocks=blocks,
            downs=downs,
            norm=norm,
            dropout=dropout,
            upsampling=upsampling,
            head="sigmoid",
        )

    def forward(self, bumps: Heatmaps) -> Float[Tensor, "B 2 H2 W2"]:
        return self.fold(self.net(bumps))


class Refiner(nn.Module):
    """R_A or R_B (JOKR, eq. 2): a silhouette [B, 1, H, W] in [0, 1] to a picture [B, 3, H, W] in [-1, 1].

    in_channels  3, as released, sees three copies of the silhouette; 1 sees it once
    keypoints    whose bumps [B, K, H / fold, W / fold] it sees too
    fold         2: works at half the size, on 2x2 pixels laid out as channels
    """

    def __init__(
        self,
        *,
        in_channels: int = 1,
        keypoints: int = 0,
        width: int = 64,
        blocks: int = 9,
        downs: int = 2,
        norm: Norm = "instance",
        dropout: float = 0.0,
        upsampling: Upsampling = "transposed",
        fold: int = 1,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.unfold = nn.PixelUnshuffle(fold)
        self.fold = nn.PixelShuffle(fold)

        self.net = ResnetGenerator(
            in_channels * fold**2 + keypoints,
            3 * fold**2,
            width=width,
            blocks=blocks,
            downs=downs,
            norm=norm,
            dropout=dropout,
            upsampling=upsampling,
        )

    def forward(
        self, silhouettes: Float[Tensor, "B C H W"], bumps: Float[Tensor, "B K H2 W2"] | None = None
    ) -> Float[Tensor, "B 3 H W"]:
        seen = self.unfold(silhouettes.expand(-1, self.in_channels, -1, -1))
        if bumps is not None:
            seen = torch.cat((seen, bumps.to(seen)), 1)
        return self.fold(self.net(seen))


class PointDiscriminator(nn.Module):
    """D: keypoints [B, K, 2] to the probability [B] that they are A's (JOKR, eq. 4 and appendix B.2).

    width  of the two hidden layers; 512 released
    Runs in full precision under autocast: a coordinate of 8 bits is off by pixels.
    """

    def __init__(self, keypoints: int, width: int = 512) -> None:
        super().__init__()
        sizes = [2 * keypoints, width, width, 64]
        layers: list[nn.Module] = []
        for a, b in pairwise(sizes):
            layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
        self.classify = nn.Sequential(*layers, nn.Linear(64, 1), nn.Sigmoid())

    def forward(self, points: Points) -> Float[Tensor, "B"]:
        with torch.autocast(points.device.type, enabled=False):
            return self.classify(full_precision(points).flatten(1)).squeeze(1)


class LearnedAffine(nn.Module):
    """T: maps B's keypoints to where A's lie; call it for the map as [1, 2, 3] (JOKR, section 3).

    sigma  it starts at [I | 0] plus N(0, sigma) noise; 0.05 released
    pace   it moves this many times as fast as its parameter; Adam moves each number by about its rate, however far
           that has to go, and E, which moves as fast in all its weights, gets round a turn before T has found it
    """

    def __init__(self, sigma: float = 0.05, pace: float = 1.0) -> None:
        super().__init__()
        self.pace = pace
        self.matrix = nn.Parameter(torch.eye(2, 3)[None] + sigma / pace * torch.randn(1, 2, 3))

    def forward(self) -> Affines:
        if self.pace == 1:
            return self.matrix
        return torch.lerp(identity_affine(1, self.matrix), self.matrix, self.pace)


def touched_cells(silhouettes: Float[Tensor, "B 1 H W"], size: tuple[int, int]) -> Float[Tensor, "B 1 H2 W2"]:
    """1 where a cell of E's heat maps holds any of the subject, so that a leg that is thinner than a cell counts."""
    return (F.adaptive_max_pool2d(silhouettes, size) > 0.5).to(silhouettes.dtype)


def fit_silhouettes(silhouettes: Float[Tensor, "B 1 H W"], size: tuple[int, int]) -> Float[Tensor, "B 1 H2 W2"]:
    """Silhouettes at the size of E's heat maps, 0 or 1: bilinear, then cut at one half (for the silhouette loss)."""
    return (F.interpolate(silhouettes, size=size, mode="bilinear") > 0.5).to(silhouettes.dtype)
