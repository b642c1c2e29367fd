"""The networks of Monkey-Net: detector, dense motion, generator, discriminator, and the GRU of image to video."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.geometry import (
    full_precision,
    make_grid,
    sample,
    second_moments,
    soft_argmax,
    spatial_softmax,
    widen_covariances,
)
from muybridge.methods.monkeynet.config import DetectorConfig, GeneratorConfig, MotionConfig
from muybridge.methods.monkeynet.embedding import Keypoints, displacements, heat, movement, scaled_size, shrink
from muybridge.networks import Hourglass, make_norm
from muybridge.networks.hourglass import Decoder, Encoder
from muybridge.networks.warping_generator import PreactivationBlock
from muybridge.tensors import Grid, Heatmaps, Images

FLOOR = 1e-7
"""Added to every cell of a heat map before its moments are taken, and not divided out (docs/methods/monkeynet.md)."""


class Detection(NamedTuple):
    """Keypoints, and the maps that they come from: [B, K, H, W], each sums to 1."""

    keypoints: Keypoints
    heatmaps: Heatmaps


class KeypointDetector(nn.Module):
    """Delta: pictures in [0, 1] to keypoints with covariances (section 3.2)."""

    def __init__(self, keypoints: int, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = Hourglass(3, config.width, config.max_width, config.blocks)
        self.head = nn.Conv2d(self.trunk.out_channels, keypoints, 3, padding=1)

    def forward(self, images: Images) -> Detection:
        c = self.config
        maps = spatial_softmax(self.head(self.trunk(shrink(images, c.scale))), c.temperature)
        lifted = maps + FLOOR
        means = soft_argmax(lifted)

        if c.covariance == "fitted":
            covariances = widen_covariances(second_moments(lifted, means), c.smallest_variance)
        else:
            covariances = torch.eye(2).to(means).mul(c.covariance).expand(*means.shape[:2], 2, 2)

        return Detection(Keypoints(means, covariances), maps)


class GroupBlock(nn.Module):
    """1x1 convolution of each keypoint's maps by themselves, norm, ReLU."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1, groups=groups)
        self.norm = make_norm("batch", channels)

    def forward(self, x: Images) -> Images:
        return F.relu(self.norm(self.conv(x)))


class Motion(NamedTuple):
    """A dense flow, and what it is made of.

    flow      [B, H, W, 2]     where each pixel of the result looks in the source
    masks     [B, K+1, H, W]   of the background and each keypoint, summing to 1; None without the coarse flow
    residual  [B, 2, H, W]     None without
    """

    flow: Grid
    masks: Heatmaps | None
    residual: Images | None


class DenseMotion(nn.Module):
    """M: from the movement of keypoints and the source to a flow (section 3.4, eq. 4)."""

    def __init__(self, keypoints: int, config: MotionConfig, align_corners: bool = True) -> None:
        super().__init__()
        self.config = config
        self.align_corners = align_corners
        parts = keypoints + config.background
        channels = parts * (config.heat + 2 * config.displacement + 3 * config.source)
        self.groups = nn.Sequential()
        for _ in range(config.group_blocks):
            self.groups.append(GroupBlock(channels, parts))

        self.trunk = Hourglass(channels, config.width, config.max_width, config.blocks)
        self.masks = keypoints + 1 if config.coarse else 0
        self.head = nn.Conv2d(self.trunk.out_channels, self.masks + 2 * config.residual, 3, padding=1)

        # It starts as the identity: all background, no residual (docs/methods/monkeynet.md, Dense motion).
        nn.init.zeros_(self.head.weight)
        bias = torch.zeros(self.head.out_channels)
        bias[: int(config.coarse)] = 2.0
        self.head.bias = nn.Parameter(bias)

    def forward(self, images: Images, source: Keypoints, driving: Keypoints) -> Motion:
        """images [B, 3, H, W] or [1, 3, H, W] at full size; the flow has the size of the config's maps."""
        c = self.config
        seen = shrink(images, c.bumps.scale)
        maps = movement(seen, source, driving, c, self.align_corners).to(self.head.weight.dtype)
        out = full_precision(self.head(self.trunk(self.groups(maps))))
        flow = make_grid((seen.shape[2], seen.shape[3]), driving.means).expand(out.shape[0], -1, -1, -1)
        masks = residual = None
        if c.coarse:
            masks = out[:, : self.masks].softmax(dim=1)
            flow = flow + torch.einsum("bphw,bpc->bhwc", masks, displacements(source, driving, background=True))

        # What the parts do not explain, pixel by pixel (eq. 4).
        if c.residual:
            residual = out[:, self.masks :]
            flow = flow + residual.permute(0, 2, 3, 1)

        return Motion(flow, masks, residual)


class Drawing(NamedTuple):
    """What G gives: the picture in [0, 1], the source warped by the flow, and the flow (None without M)."""

    picture: Images
    deformed: Images
    motion: Motion | None
    features: Images
    heat: Heatmaps | None


class Generator(nn.Module):
    """G with M: the source's appearance where the driving keypoints are (section 3.3).

    The source's own part, `levels`, can be computed once for many driving frames.
    """

    def __init__(
        self, keypoints: int, config: GeneratorConfig, motion: MotionConfig, align_corners: bool = True
    ) -> None:
        super().__init__()
        self.config = config
        self.align_corners = align_corners
        self.motion = DenseMotion(keypoints, motion, align_corners) if motion.flow else None
        widths = []
        for i in range(config.blocks):
            widths.append(min(config.max_width, config.width * 2 ** (i + 1)))

        seen = 0 if config.bumps is None else keypoints

        # A block of the decoder takes what the one before gives and the skip of its size.
        outs: list[int] = []
        ins: list[int] = []
        for i in reversed(range(config.blocks)):
            skip = widths[i] + seen
            ins.append(skip + outs[-1] if outs else skip)
            outs.append(min(config.max_width, config.width * 2**i))

        self.encoder = Encoder(3, widths, "batch")
        self.decoder = Decoder(ins, outs, "batch")
        last = outs[-1] + 3 + seen
        self.refinements = nn.Sequential()
        for _ in range(config.refinements):
            self.refinements.append(PreactivationBlock(last, "batch"))

        self.out = nn.Conv2d(last, 3, 1)

    def levels(self, source: Images) -> list[Tensor]:
        """The source at every size, itself first."""
        return self.encoder(source)

    def forward(self, levels: list[Tensor], source: Keypoints, driving: Keypoints) -> Drawing:
        """One picture for each of the driving keypoints.

        levels   of as many sources, or of one for all
        source   its keypoints; the same
        driving  where they are to be, B of them
        """
        count = driving.means.shape[0]
        picture = levels[0]
        size = (picture.shape[2], picture.shape[3])
        motion = None if self.motion is None else self.motion(picture, source, driving)
        maps = None
        if self.config.bumps is not None:
            maps = heat(source, driving, scaled_size(size, self.config.bumps.scale), self.config.bumps)

        warped = []
        skips = []
        for level in levels:
            warped.append(self._warp_skips(level.expand(count, -1, -1, -1), motion))
            skip = warped[-1] if maps is None else self._join_skip(warped[-1], maps)
            skips.append(skip.to(self.out.weight.dtype))
        features = self.decoder(skips)

        # In full precision: bfloat16 between 0.5 and 1 goes in steps of 1/256, as coarse as the picture's own.
        picture = full_precision(self.out(self.refinements(features))).sigmoid()
        return Drawing(picture, warped[0], motion, features, maps)

    def _warp_skips(self, x: Images, motion: Motion | None) -> Images:
        """Eq. 3."""
        if motion is None:
            return x
        flow = self._resize_maps(motion.flow.permute(0, 3, 1, 2), (x.shape[2], x.shape[3])).permute(0, 2, 3, 1)
        return sample(x, flow, align_corners=self.align_corners)

    def _join_skip(self, x: Images, maps: Float[Tensor, "B K H2 W2"]) -> Float[Tensor, "B C2 H W"]:
        return torch.cat((x, self._resize_maps(maps, (x.shape[2], x.shape[3])).to(x.dtype)), dim=1)

    def _resize_maps(self, x: Images, size: tuple[int, int]) -> Float[Tensor, "B C H2 W2"]:
        if tuple(x.shape[2:]) == size:
            return x
        if self.config.resampling == "nearest":
            return F.interpolate(x, size=size, mode="nearest")
        # Coordinates and maps have ±1 at the centres of corner pixels; without corners aligned, the identity of a
        # smaller flow comes out up to half a pixel wrong at the edges, as in the released program.
        return F.interpolate(x, size=size, mode="bilinear", align_corners=self.config.resampling == "aligned")


class Source(NamedTuple):
    """All that is needed of a source, worked out once: itself at every size, and its keypoints."""

    levels: list[Tensor]
    keypoints: Keypoints


class Networks(nn.Module):
    """Detector and generator together, as a `PictureAnimator` uses them."""

    def __init__(self, detector: KeypointDetector, generator: Generator) -> None:
        super().__init__()
        self.detector = detector
        self.generator = generator

    def detect(self, images: Images) -> Keypoints:
        """The keypoints of pictures [B, 3, H, W] in [0, 1]."""
        found: Detection = self.detector(images)
        return found.keypoints

    def encode(self, picture: Images, keypoints: Keypoints) -> Source:
        """What is needed of a source whose keypoints are known."""
        return Source(self.generator.levels(picture), keypoints)

    def animate(self, source: Source, where: Keypoints) -> Images:
        """The source with its keypoints there."""
        made: Drawing = self.generator(source.levels, source.keypoints, where)
        return made.picture


class KeypointGru(nn.Module):
    """Image to video (section 4, appendix A): from the first frame's keypoints to those of the frames after it.

    Each step sees the keypoints that it gave last and says how far they move.
    """

    def __init__(self, numbers: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.gru = nn.GRU(numbers, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, numbers)

    def forward(
        self, first: Float[Tensor, "B N"], frames: int, noise: Float[Tensor, "B T N"] | None = None
    ) -> Float[Tensor, "B T N"]:
        """first [B, N] to [B, frames, N], the first of which is `first`; `noise` is added to what each step sees."""
        places = [first]
        state = None
        for t in range(frames - 1):
            seen = places[-1] if noise is None else places[-1] + noise[:, t]
            output, state = self.gru(seen[:, None], state)
            places.append(places[-1] + self.out(output[:, 0]))
        return torch.stack(places, dim=1)
