"""Which perceptual loss a training uses, settled once and then kept in the run's config."""

from muybridge.errors import MissingWeightsError
from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.networks import load_vgg19

VGG = "perceptual loss: VGG-19 (eq. 5)"
WEIGHT_FREE = "perceptual loss: the weight-free stand-in (L1 at several scales, SSIM)"


def settled(config: TsnetConfig) -> tuple[TsnetConfig, str]:
    """The config with `perceptual` decided, and a sentence that says which it is and why.

    `auto` becomes `vgg19` where the weights are on this machine, else `weight-free`.
    """
    if config.perceptual != "auto":
        return config, VGG if config.perceptual == "vgg19" else WEIGHT_FREE
    try:
        load_vgg19()
    except MissingWeightsError as e:
        losses = config.losses.model_copy(update={"ssim": config.losses.ssim or 1.0})
        chosen = config.model_copy(update={"perceptual": "weight-free", "losses": losses})
        return chosen, f"{WEIGHT_FREE}, for {e.message}"
    return config.model_copy(update={"perceptual": "vgg19"}), VGG
