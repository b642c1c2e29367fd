"""What networks and formulas can be chosen by, by name."""

from typing import Literal

Norm = Literal["batch", "instance", "group", "none"]
"""batch: over the batch, with running statistics. instance: each map of each picture, no parameters.
group: eight groups of channels of each picture; works down to a single pixel, where instance would leave nothing."""
Upsampling = Literal["transposed", "resize"]
"""transposed: strided transposed convolution, as published. resize: nearest, then convolution; no checkerboard."""
Solver = Literal["closed", "svd"]
"""closed: a formula, differentiable where both axes are equally long, and can be exported. svd: LAPACK's."""
