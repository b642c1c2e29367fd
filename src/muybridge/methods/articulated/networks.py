"""The networks of articulated animation, put together: detect, move, draw."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.geometry import (
    Covariances,
    Homographies,
    apply_homography,
    axis_swap,
    full_precision,
    local_motions,
    make_grid,
    moment_gaussians,
    normal_gaussians,
    principal_axes,
    product_2x2,
    raise_covariances,
    relative_affines,
    relative_linear,
    relative_points,
    relative_scale,
    second_moments,
)
from muybridge.methods.articulated.background import BackgroundPredictor
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.networks import DenseMotion, Flow, GeneratedPicture, HeatRegionPredictor, WarpingGenerator
from muybridge.tensors import Heatmaps, Images, Points


class Regions(NamedTuple):
    """The regions of pictures."""

    points: Points
    """Their means (eq. 1)."""
    affines: Float[Tensor, "B K 2 2"] | None
    """A: from the whitened frame to the picture (eq. 3)."""
    covariances: Covariances | None
    """A A^T."""

    def at(self, index: slice) -> Regions:
        """Those of some of the pictures."""
        return Regions(*(None if x is None else x[index] for x in self))  # type: ignore[arg-type]

    def repeat(self, count: int) -> Regions:
        """The regions of one picture, `count` times; those of `count` pictures as they are."""
        return Regions(*(None if x is None else x.expand(count, *x.shape[1:]) for x in self))  # type: ignore[arg-type]


class Source(NamedTuple):
    """All that is needed of a source, worked out once."""

    picture: Images
    small: Images
    """Down-sampled for the flow predictor."""
    features: list[Tensor]
    """The generator's, from the finest to the innermost."""
    regions: Regions


class ArticulatedNetworks(nn.Module):
    """Region predictor, background motion predictor, pixel-wise flow predictor and generator."""

    def __init__(self, config: ArticulatedConfig) -> None:
        super().__init__()
        c = config
        k = config.regions
        self.frames = c.frames
        self.solver = c.solver
        self.swaps = c.swaps
        self.least_variance = c.least_variance
        self.covariance = c.motion.covariance and c.frames != "none"
        self.variance = c.motion.variance
        self.detector = HeatRegionPredictor(k, frame_maps=int(c.frames == "regression"), **c.detector.model_dump())

        self.background = None if c.background.kind == "none" else BackgroundPredictor(c.background)
        # Those two say how heat maps are drawn, which is done here and not in the flow's network.
        motion = c.motion.model_dump(exclude={"covariance", "variance"})
        self.motion = DenseMotion(k, align_corners=c.align_corners, **motion)
        self.generator = WarpingGenerator(align_corners=c.align_corners, **c.generator.model_dump())

    def detect(self, images: Images) -> Regions:
        """The regions of pictures [B, 3, H, W] in [0, 1]."""
        found = self.detector(images)
        if found.frames is not None:
            return Regions(found.points, found.frames, gram(found.frames))
        if self.frames == "none":
            return Regions(found.points, None, None)

        covariances = second_moments(found.heatmaps, found.points)
        if self.least_variance:
            covariances = raise_covariances(covariances, self.least_variance)
        return Regions(found.points, principal_axes(covariances, self.solver).affine, covariances)

    def background_motion(self, source: Images, driving: Images) -> Homographies | None:
        """Where the driving frame's background lies in the source (section 3.1.1); None without that predictor."""
        return None if self.background is None else self.background(source, driving)

    def encode(self, source: Images, regions: Regions) -> Source:
        """What is needed of sources [B, 3, H, W] whose regions are known."""
        return Source(source, self.motion.down(source), self.generator.encode(source), regions)

    def move(self, source: Source, driving: Regions, background: Homographies | None = None) -> Flow:
        """The flow and confidence that bring the source to the driving regions; without `background` it stands."""
        size = (source.small.shape[2], source.small.shape[3])
        heat = self._heat(driving, size) - self._heat(source.regions, size)
        there = source.regions.repeat(driving.points.shape[0])
        return self.motion(source.small, heat, motions_to(driving, there, size, background, self.swaps))

    def _heat(self, regions: Regions, size: tuple[int, int]) -> Heatmaps:
        if self.covariance and regions.covariances is not None:
            return moment_gaussians(regions.points, regions.covariances, size)
        return normal_gaussians(regions.points, size, self.variance)

    def draw(self, source: Source, flow: Flow) -> GeneratedPicture:
        """The picture that a flow makes of the source."""
        return self.generator.draw(source.picture, source.features, flow.grid, flow.occlusion)

    def animate(self, source: Source, where: Regions, background: Homographies | None = None) -> Images:
        """The source with its regions there."""
        return self.draw(source, self.move(source, where, background)).picture

    def forward(
        self, source: Images, at: Regions, driving: Regions, background: Homographies | None = None
    ) -> tuple[GeneratedPicture, Flow]:
        """Sources with their regions, and the regions to bring them to."""
        known = self.encode(source, at)
        flow = self.move(known, driving, background)
        return self.draw(known, flow), flow


def gram(affines: Float[Tensor, "B K 2 2"]) -> Covariances:
    """A A^T."""
    return product_2x2(affines, affines.transpose(-1, -2))


def motions_to(
    driving: Regions,
    source: Regions,
    size: tuple[int, int],
    background: Homographies | None = None,
    swaps: bool = True,
) -> Float[Tensor, "B K1 H W 2"]:
    """A_s A_d^-1 (z - mu_d) + mu_s for each region (eq. 4), after the background's motion."""
    linear = None
    if driving.affines is not None and source.affines is not None:
        linear = relative_linear(source.affines, driving.affines)
        linear = linear * axis_swap(linear) if swaps else linear

    moved = local_motions(size, driving.points, source.points, linear)
    still = make_grid(size, moved).expand(moved.shape[0], -1, -1, -1)
    if background is not None:
        still = apply_homography(full_precision(background), still)

    return torch.cat((still[:, None], moved), dim=1)


def transfer(source: Regions, driving: Regions, reference: Regions, *, scale: bool = True) -> Regions:
    """The source's regions moved as the driving ones did since the reference frame; their covariances are the driving
    frame's (docs/methods/articulated.md).

    scale  movements are scaled by the size of the source against the reference, see `relative_scale`
    """
    count = len(driving.points)
    factor = relative_scale(source.points, reference.points) if scale else 1.0
    source = source.repeat(count)
    reference = reference.repeat(count)
    affines = driving.affines
    if affines is not None and source.affines is not None and reference.affines is not None:
        affines = relative_affines(source.affines, affines, reference.affines)

    return Regions(
        relative_points(source.points, driving.points, reference.points, factor), affines, driving.covariances
    )
