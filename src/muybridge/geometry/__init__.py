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
from muybridge.geometry.grids import (
    Padding,
    axis,
    from_pixels,
    full_precision,
    make_grid,
    sample,
    sample_cubic,
    to_pixels,
)
from muybridge.geometry.homography import Homographies, apply_homography, make_homography
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
    inverse_2x2,
    moment_gaussians,
    raise_covariances,
    second_moments,
    smallest_eigenvalue,
    widen_covariances,
)
from muybridge.geometry.neighbours import largest_around, largest_in_disc, smallest_around, smallest_in_disc
from muybridge.geometry.poses import pose_distances
from muybridge.geometry.principal_axes import PrincipalAxes, axis_swap, principal_axes
from muybridge.geometry.thin_plate import ThinPlate, random_thin_plate

__all__ = [
    "Covariances",
    "Homographies",
    "Motions",
    "Padding",
    "PrincipalAxes",
    "ThinPlate",
    "apply_affine",
    "apply_homography",
    "axis",
    "axis_swap",
    "combined_flow",
    "compose_affines",
    "from_pixels",
    "full_precision",
    "gaussians",
    "hull_area",
    "identity_affine",
    "inverse_2x2",
    "invert_affine",
    "largest_around",
    "largest_in_disc",
    "local_motions",
    "make_grid",
    "make_homography",
    "moment_gaussians",
    "noisy_affines",
    "normal_gaussians",
    "pose_distances",
    "principal_axes",
    "product_2x2",
    "raise_covariances",
    "random_affines",
    "random_thin_plate",
    "relative_affines",
    "relative_linear",
    "relative_points",
    "relative_scale",
    "released_gaussians",
    "sample",
    "sample_cubic",
    "second_moments",
    "smallest_around",
    "smallest_eigenvalue",
    "smallest_in_disc",
    "soft_argmax",
    "spatial_softmax",
    "to_pixels",
    "warp_affine",
    "widen_covariances",
]
