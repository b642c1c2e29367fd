"""The networks of articulated animation as they go into ONNX files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muybridge.methods.articulated.networks import Regions
from muybridge.networks import OnnxPart, make_exportable, split_for_onnx

if TYPE_CHECKING:
    from muybridge.methods.articulated.method import Articulated


def onnx_parts(method: Articulated) -> dict[str, OnnxPart]:
    """The files of a run, by name.

    detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], affines and covariances [B, K, 2, 2]
    generator  source [B, 3, S, S], its points, affines and covariances, those to bring it to -> picture;
               the background stands still
    """
    networks = make_exportable(method.networks)
    # The formula gives LAPACK's axes, and goes into a file.
    networks.solver = "closed"
    return split_for_onnx(networks, method.config.size, Regions, ("points", "affines", "covariances"))
