"""Animation by disentanglement: the source's shape in the driving frame's pose (released program, train_avd)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from muybridge.geometry import axis_swap, relative_linear
from muybridge.methods.articulated.config import AvdConfig
from muybridge.methods.articulated.networks import Regions, gram


class AvdNetwork(nn.Module):
    """Two encoders squeeze the regions of two frames to a few numbers each, and a decoder makes regions of them: it is
    taught that a stretched driving frame with the source's shape is the driving frame unstretched, of the same clip."""

    def __init__(self, regions: int, config: AvdConfig) -> None:
        super().__init__()
        numbers = 6 * regions
        self.identity_encoder = _layers((numbers, *config.widths, config.identity))
        self.pose_encoder = _layers((numbers, *config.widths, config.pose))
        self.decoder = _layers((config.pose + config.identity, *config.widths[::-1], numbers))

    def forward(self, identity: Regions, pose: Regions) -> Regions:
        """The regions of `identity` posed as `pose`; both must have affines."""
        assert identity.affines is not None
        assert pose.affines is not None
        # Axes of both signs mean the same: the source's are taken as they are closest to the driving ones.
        own = identity.affines * axis_swap(relative_linear(identity.affines, pose.affines))
        shape = self.identity_encoder(_numbers(identity.points, own))
        posture = self.pose_encoder(_numbers(pose.points, pose.affines))
        made = self.decoder(torch.cat((posture, shape), dim=1)).unflatten(1, (-1, 6))
        affines = made[..., 2:].unflatten(-1, (2, 2))

        return Regions(made[..., :2], affines, gram(affines))


def stretch_regions(regions: Regions, factors: Tensor) -> Regions:
    """Places and axes times a factor in x and one in y: factors [B, 2]."""
    assert regions.affines is not None
    affines = factors[:, None, :, None] * regions.affines
    return Regions(factors[:, None] * regions.points, affines, gram(affines))


def avd_losses(made: Regions, wanted: Regions) -> dict[str, Tensor]:
    """Mean absolute difference of places and of axes."""
    assert made.affines is not None
    assert wanted.affines is not None
    return {
        "shift": (made.points - wanted.points).abs().mean(),
        "affine": (made.affines - wanted.affines).abs().mean(),
    }


def _numbers(points: Tensor, affines: Tensor) -> Tensor:
    """[B, 6 K]: for each region its place, then its matrix row by row."""
    return torch.cat((points, affines.flatten(-2)), dim=-1).flatten(1)


def _layers(widths: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths[:-1]):
        layers += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))
