"""Pure functions on coordinates: grids, keypoints, affine maps. Nothing else in the package calls grid_sample."""

from muybridge.geometry.affine import (
    apply_affine,
    compose_affines,
    identity_affine,
    invert_affine,
    noisy_affines,
    random_affines,
    warp_affine,
)
from muybridge.geometry.grids import Padding, axis, from_pixels, full_precision, make_grid, sample, to_pixels
from muybridge.geometry.keypoints import (
    gaussians,
    normal_gaussians,
    released_gaussians,
    soft_argmax,
    spatial_softmax,
)

__all__ = [
    "Padding",
    "apply_affine",
    "axis",
    "compose_affines",
    "from_pixels",
    "full_precision",
    "gaussians",
    "identity_affine",
    "invert_affine",
    "make_grid",
    "noisy_affines",
    "normal_gaussians",
    "random_affines",
    "released_gaussians",
    "sample",
    "soft_argmax",
    "spatial_softmax",
    "to_pixels",
    "warp_affine",
]
