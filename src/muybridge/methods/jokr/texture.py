"""Which texture loss a training uses, settled once and then kept in the run's config."""

from muybridge.errors import MissingWeightsError
from muybridge.methods.jokr.config import JokrConfig
from muybridge.networks import load_lpips


def settled(config: JokrConfig) -> tuple[JokrConfig, str]:
    """The config with `texture_loss` decided, and a sentence that says which it is and why.

    `auto` becomes `lpips` where the weights are on this machine, else `weight-free`.
    """
    if config.texture_loss == "lpips":
        return config, "texture loss: L1 and LPIPS (eq. 2 and 3)"
    if config.texture_loss == "weight-free":
        return config, "texture loss: the weight-free stand-in (L1 at several scales, SSIM)"
    try:
        load_lpips()
    except MissingWeightsError as e:
        chosen = config.model_copy(update={"texture_loss": "weight-free"})
        return chosen, f"texture loss: the weight-free stand-in (L1 at several scales, SSIM), for {e.message}"
    return config.model_copy(update={"texture_loss": "lpips"}), "texture loss: L1 and LPIPS (eq. 2 and 3)"
