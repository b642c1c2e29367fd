"""Whether a method compares pictures by VGG-19, decided before it is trained."""

from __future__ import annotations

from typing import Any, TypeVar

from muybridge.errors import MissingWeightsError
from muybridge.networks import load_vgg19
from muybridge.settings import Config

WEIGHT_FREE = "pictures are compared without a pretrained network: by their colours at several scales, and by SSIM"

C = TypeVar("C", bound=Config)


def choose_vgg19(config: C, told: str) -> tuple[C, tuple[str, ...]]:
    """The config with `perceptual` decided, and a sentence that says which it is and why.

    `auto` becomes `vgg19` where the weights are on this machine, else `weight-free`, with a weight of SSIM.

    config  with `perceptual` and `losses.ssim`
    told    the sentence where it is VGG-19
    """
    asked: Any = config
    if asked.perceptual != "auto":
        return config, (told if asked.perceptual == "vgg19" else WEIGHT_FREE,)

    try:
        load_vgg19()
    except MissingWeightsError as e:
        losses = asked.losses.model_copy(update={"ssim": asked.losses.ssim or 1.0})
        chosen = config.model_copy(update={"perceptual": "weight-free", "losses": losses})
        return chosen, (f"{WEIGHT_FREE}, for {e.message}",)

    return config.model_copy(update={"perceptual": "vgg19"}), (told,)
