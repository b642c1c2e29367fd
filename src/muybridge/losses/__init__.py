"""Losses: plain functions from tensors to a scalar. Weights belong to the methods."""

from muybridge.losses.adversarial import bce, feature_matching, lsgan_discriminator, lsgan_generator
from muybridge.losses.distributions import energy_distance
from muybridge.losses.features import feature_distance, gradient_difference
from muybridge.losses.keypoints import (
    coverage,
    equivariance,
    released_separation,
    separation,
    silhouette,
    silhouette_of_logits,
    temporal,
)
from muybridge.losses.motion_equivariance import frame_equivariance, point_equivariance
from muybridge.losses.pyramid import PerceptualPyramid, PyramidDistance, plain_pyramid
from muybridge.losses.reconstruction import (
    l1,
    mse,
    multiscale_l1,
    perceptual,
    silhouette_entropy,
    ssim_loss,
    weigh_thin_parts,
)

__all__ = [
    "PerceptualPyramid",
    "PyramidDistance",
    "bce",
    "coverage",
    "energy_distance",
    "equivariance",
    "feature_distance",
    "feature_matching",
    "frame_equivariance",
    "gradient_difference",
    "l1",
    "lsgan_discriminator",
    "lsgan_generator",
    "mse",
    "multiscale_l1",
    "perceptual",
    "plain_pyramid",
    "point_equivariance",
    "released_separation",
    "separation",
    "silhouette",
    "silhouette_entropy",
    "silhouette_of_logits",
    "ssim_loss",
    "temporal",
    "weigh_thin_parts",
]
