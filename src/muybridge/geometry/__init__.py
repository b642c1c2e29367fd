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
from muybridge.geometry.homography import Homographies, apply_homography, homography_of
from muybridge.geometry.hulls import hull_area, relative_scale
from muybridge.geometry.keypoints import (
    gaussians,
    normal_gaussians,
    released_gaussians,
    soft_argmax,
    spatial_softmax,
)
from muybridge.geometry.local_motion import (
    Motions,
    combined_flow,
    local_motions,
    product_2x2,
    relative_affines,
    relative_linear,
    relative_points,
)
from muybridge.geometry.moments import (
    Covariances,
    drawn_moments,
    inverse_2x2,
    lifted,
    second_moments,
    smallest_eigenvalue,
    widened,
)
from muybridge.geometry.poses import pose_distances
from muybridge.geometry.principal_axes import PrincipalAxes, Solver, axis_swap, principal_axes
from muybridge.geometry.thin_plate import ThinPlate, random_thin_plate

__all__ = [
    "Covariances",
    "Homographies",
    "Motions",
    "Padding",
    "PrincipalAxes",
    "Solver",
    "ThinPlate",
    "apply_affine",
    "apply_homography",
    "axis",
    "axis_swap",
    "combined_flow",
    "compose_affines",
    "drawn_moments",
    "from_pixels",
    "full_precision",
    "gaussians",
    "homography_of",
    "hull_area",
    "identity_affine",
    "inverse_2x2",
    "invert_affine",
    "lifted",
    "local_motions",
    "make_grid",
    "noisy_affines",
    "normal_gaussians",
    "pose_distances",
    "principal_axes",
    "product_2x2",
    "random_affines",
    "random_thin_plate",
    "relative_affines",
    "relative_linear",
    "relative_points",
    "relative_scale",
    "released_gaussians",
    "sample",
    "second_moments",
    "smallest_eigenvalue",
    "soft_argmax",
    "spatial_softmax",
    "to_pixels",
    "warp_affine",
    "widened",
]
