"""A training's own pictures of how far it is."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from muybridge.engine.machine import Machine
from muybridge.method import Data, Method, Stage


def draw_preview(method: Method[Any, Any], data: Data, stage: Stage, machine: Machine) -> UInt8[Tensor, "3 H W"]:
    """The method's preview, drawn in evaluation mode and brought to the CPU; the method trains on as before.

    ValueError where it is no picture; whatever the method raises.
    """
    # Module by module, for some parts may be frozen in evaluation mode while the rest trains.
    modes = {module: module.training for module in method.modules()}
    try:
        with torch.no_grad(), machine.autocast():
            method.eval()
            picture = method.preview(data, stage).cpu()
    finally:
        for module, mode in modes.items():
            module.training = mode

    if picture.dtype != torch.uint8 or picture.ndim != 3 or picture.shape[0] != 3:
        raise ValueError(f"a preview is uint8 [3, H, W], not {picture.dtype} {tuple(picture.shape)}")

    return picture
