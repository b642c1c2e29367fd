"""The smallest TS-Net that there can be."""

from collections.abc import Mapping
from typing import Any

import torch

from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.methods.tsnet.method import Tsnet

TINY: Mapping[str, Any] = {
    "size": 32,
    "aspect": 1.0,
    "padded": False,
    "width": 4,
    "critic_width": 4,
    "image_blocks": 1,
    "decoder_blocks": 1,
    "perceptual": "weight-free",
}


def tiny(**changes: Any) -> Tsnet:
    """With random weights, the same each time."""
    torch.manual_seed(0)
    return Tsnet(TsnetConfig.model_validate({**TINY, **changes}))
