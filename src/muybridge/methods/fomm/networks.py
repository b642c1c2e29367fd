"""FOMM's networks, put together: detect, move, draw."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.geometry import (
    local_motions,
    make_grid,
    normal_gaussians,
    relative_affines,
    relative_linear,
    relative_points,
    relative_scale,
)
from muybridge.methods.fomm.config import FommConfig
from muybridge.networks import (
    BlockDiscriminator,
    DenseMotion,
    Downsample,
    Flow,
    GeneratedPicture,
    HeatRegionPredictor,
    WarpingGenerator,
    use_spectral_norm,
)
from muybridge.tensors import Images, Points


class Keypoints(NamedTuple):
    """Keypoints of pictures and the affine frame around each."""

    points: Points
    """Where they are."""
    jacobians: Float[Tensor, "B K 2 2"] | None
    """J: from the abstract reference frame to the picture, around each; None for a model of order zero."""

    def at(self, index: slice) -> Keypoints:
        """Those of some of the pictures."""
        return Keypoints(self.points[index], None if self.jacobians is None else self.jacobians[index])

    def repeat(self, count: int) -> Keypoints:
        """The keypoints of one picture, `count` times; those of `count` pictures as they are."""
        frames = None if self.jacobians is None else self.jacobians.expand(count, -1, -1, -1)
        return Keypoints(self.points.expand(count, -1, -1), frames)


class Source(NamedTuple):
    """All that is needed of a source, worked out once."""

    picture: Images
    small: Images
    """Down-sampled for the dense motion network."""
    features: list[Tensor]
    """The generator's, from the finest to the innermost."""
    keypoints: Keypoints


class FommNetworks(nn.Module):
    """Keypoint detector, dense motion network and generator."""

    def __init__(self, config: FommConfig) -> None:
        super().__init__()
        c = config
        k = config.keypoints
        maps = (1 if c.detector.one_frame_map else k) if c.jacobian else 0
        detector = c.detector.model_dump(exclude={"one_frame_map"})
        motion = c.motion.model_dump(exclude={"variance"})
        self.variance = c.motion.variance
        self.detector = HeatRegionPredictor(k, frame_maps=maps, **detector)
        self.motion = DenseMotion(k, align_corners=c.align_corners, **motion)
        self.generator = WarpingGenerator(align_corners=c.align_corners, **c.generator.model_dump())

    def detect(self, images: Images) -> Keypoints:
        """The keypoints of pictures [B, 3, H, W] in [0, 1]."""
        found = self.detector(images)
        return Keypoints(found.points, found.frames)

    def encode(self, source: Images, keypoints: Keypoints) -> Source:
        """What is needed of sources [B, 3, H, W] whose keypoints are known."""
        return Source(source, self.motion.down(source), self.generator.encode(source), keypoints)

    def move(self, source: Source, driving: Keypoints) -> Flow:
        """The flow and occlusion that bring the source to the driving keypoints."""
        size = (source.small.shape[2], source.small.shape[3])
        there = source.keypoints
        heat = normal_gaussians(driving.points, size, self.variance) - normal_gaussians(
            there.points, size, self.variance
        )
        return self.motion(source.small, heat, motions_to(driving, there.repeat(driving.points.shape[0]), size))

    def draw(self, source: Source, flow: Flow) -> GeneratedPicture:
        """The picture that a flow makes of the source."""
        return self.generator.draw(source.picture, source.features, flow.grid, flow.occlusion)

    def animate(self, source: Source, where: Keypoints) -> Images:
        """The source with its keypoints there."""
        return self.draw(source, self.move(source, where)).picture

    def forward(self, source: Images, at: Keypoints, driving: Keypoints) -> tuple[GeneratedPicture, Flow]:
        """Sources with their keypoints, and the keypoints to bring them to."""
        known = self.encode(source, at)
        flow = self.move(known, driving)
        return self.draw(known, flow), flow


def motions_to(driving: Keypoints, source: Keypoints, size: tuple[int, int]) -> Float[Tensor, "B K1 H W 2"]:
    """J_s J_d^-1 (z - k_d) + k_s for each keypoint (paper, eq. 4), after the background, which stands still."""
    linear = None
    if driving.jacobians is not None and source.jacobians is not None:
        linear = relative_linear(source.jacobians, driving.jacobians)
    moved = local_motions(size, driving.points, source.points, linear)
    still = make_grid(size, moved).expand(moved.shape[0], 1, -1, -1, -1)
    return torch.cat((still, moved), dim=1)


def transfer(
    source: Keypoints, driving: Keypoints, reference: Keypoints, *, scale: bool = True, jacobians: bool = True
) -> Keypoints:
    """The source's keypoints moved as the driving ones did since the reference frame (paper, eq. 12).

    scale      movements are scaled by the size of the source against the reference, see `relative_scale` (program:
               adapt_movement_scale)
    jacobians  False takes the driving Jacobians as they are (program: use_relative_jacobian)
    """
    count = len(driving.points)
    factor = relative_scale(source.points, reference.points) if scale else 1.0
    source = source.repeat(count)
    reference = reference.repeat(count)
    points = relative_points(source.points, driving.points, reference.points, factor)
    frames = driving.jacobians
    if jacobians and frames is not None and source.jacobians is not None and reference.jacobians is not None:
        frames = relative_affines(source.jacobians, frames, reference.jacobians)

    return Keypoints(points, frames)


class Discriminators(nn.Module):
    """A patch discriminator for each size of picture, shown the driving keypoints too where the config says so."""

    def __init__(self, config: FommConfig) -> None:
        super().__init__()
        c = config.critic
        channels = 3 + (config.keypoints if c.keypoints else 0)
        self.keypoints = c.keypoints
        self.variance = config.motion.variance
        self.sizes = nn.ModuleList()
        for scale in c.scales:
            self.sizes.append(Downsample(round(1 / scale)))

        judges = []
        for _ in c.scales:
            judges.append(BlockDiscriminator(channels, c.width, c.max_width, c.blocks, pool_last=False))

        self.judges = nn.ModuleList()
        # When all are built: spectral norm draws numbers too, and their order is not to change.
        for judge in judges:
            self.judges.append(use_spectral_norm(judge) if c.spectral else judge)

    def forward(self, images: Images, keypoints: Points) -> list[list[Tensor]]:
        """For each size the features after each block, and last the score of each patch.

        keypoints  [B, K, 2]  of the driving frame; no gradient flows into them
        """
        verdicts = []
        for down, judge in zip(self.sizes, self.judges, strict=True):
            shown = down(images)
            if self.keypoints:
                maps = normal_gaussians(keypoints.detach(), (shown.shape[2], shown.shape[3]), self.variance)
                shown = torch.cat((shown, maps.to(shown.dtype)), dim=1)
            verdicts.append(judge(shown))
        return verdicts
