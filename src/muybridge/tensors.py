"""The shapes that travel between rooms, by name.

With the environment variable MUYBRIDGE_CHECK_SHAPES=1 (the tests set it) jaxtyping and beartype check them at every
call; otherwise they are documentation and cost nothing.

Coordinates are (x, y) in [-1, 1], x to the right, y down; -1 and 1 are the centres of the corner pixels.
"""

from jaxtyping import Float, UInt8
from torch import Tensor

Images = Float[Tensor, "B C H W"]
"""Pictures; RGB in [0, 1] unless a docstring says otherwise."""
Pixels = UInt8[Tensor, "T 3 H W"]
"""Decoded RGB frames as stored."""
Mattes = UInt8[Tensor, "T 1 H W"]
"""Silhouettes as stored; 255 on the subject."""
Masks = Float[Tensor, "B 1 H W"]
"""Silhouettes; 1.0 on the subject."""
Points = Float[Tensor, "B K 2"]
"""Keypoints (x, y)."""
Heatmaps = Float[Tensor, "B K H W"]
"""One map per keypoint."""
Grid = Float[Tensor, "B H W 2"]
"""Where each output pixel looks: absolute (x, y)."""
Affines = Float[Tensor, "B 2 3"]
"""[M | t] with p -> M p + t."""
Scalar = Float[Tensor, ""]
"""A loss."""

__all__ = ["Affines", "Grid", "Heatmaps", "Images", "Masks", "Mattes", "Pixels", "Points", "Scalar"]
