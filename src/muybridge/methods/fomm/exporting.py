"""FOMM's networks as they go into ONNX files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muybridge.methods.fomm.networks import Keypoints
from muybridge.networks import OnnxPart, make_exportable, split_for_onnx

if TYPE_CHECKING:
    from muybridge.methods.fomm.method import Fomm


def onnx_parts(method: Fomm) -> dict[str, OnnxPart]:
    """The files of a run, by name.

    detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], jacobians [B, K, 2, 2]
    generator  source [B, 3, S, S], its points and jacobians, those to bring it to -> picture [B, 3, S, S]
    """
    names = ("points", "jacobians")
    return split_for_onnx(make_exportable(method.networks), method.config.size, Keypoints, names)
