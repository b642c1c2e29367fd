"""Monkey-Net's networks as they go into ONNX files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muybridge.methods.monkeynet.embedding import Keypoints
from muybridge.methods.monkeynet.networks import Networks
from muybridge.networks import OnnxPart, make_exportable, split_for_onnx

if TYPE_CHECKING:
    from muybridge.methods.monkeynet.method import MonkeyNet


def onnx_parts(method: MonkeyNet) -> dict[str, OnnxPart]:
    """The files of a run, by name.

    detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], covariances [B, K, 2, 2]
    generator  source [B, 3, S, S], its points and covariances, those to bring it to -> picture [B, 3, S, S]
    """
    networks = make_exportable(Networks(method.detector, method.generator))
    return split_for_onnx(networks, method.config.size, Keypoints, ("points", "covariances"))
