"""What a discriminator and the network that it judges want of each other."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.geometry import full_precision
from muybridge.networks import DiscriminatorFeatures, patch_scores
from muybridge.tensors import Scalar


def bce(probabilities: Float[Tensor, "*N"], label: float) -> Scalar:
    """Mean of -(q log p + (1 - q) log(1 - p)) for one label q (JOKR, eq. 4 and 5); logs are cut at -100.

    probabilities  [...]  in [0, 1]
    label          what the discriminator should have said, 0.0 or 1.0
    """
    with torch.autocast(probabilities.device.type, enabled=False):
        p = full_precision(probabilities)
        return F.binary_cross_entropy(p, torch.full_like(p, label))


def lsgan_discriminator(real: DiscriminatorFeatures, fake: DiscriminatorFeatures) -> Scalar:
    """Half of mean (D(real) - 1)^2 + mean D(fake)^2, mean over scales (Mao et al. 2017, eq. 2 with a = 0, b = 1).

    real, fake  verdicts on real and on generated pictures; detach the latter before the discriminator sees them
    """
    return (_distance(real, 1.0) + _distance(fake, 0.0)) / 2


def lsgan_generator(fake: DiscriminatorFeatures) -> Scalar:
    """Mean (D(fake) - 1)^2, mean over scales (Mao et al. 2017, eq. 2 with c = 1, twice its value)."""
    return _distance(fake, 1.0)


def feature_matching(real: DiscriminatorFeatures, fake: DiscriminatorFeatures) -> Scalar:
    """Mean absolute difference of the discriminator's features, mean over layers and scales, scores left out
    (Wang et al. 2018, "High-resolution image synthesis", eq. 4, divided by the number of layers).

    real, fake  verdicts on real and generated pictures in the same order; no gradient flows into `real`
    """
    terms = []
    for at_real, at_fake in zip(real, fake, strict=True):
        for a, b in zip(at_real[:-1], at_fake[:-1], strict=True):
            terms.append((full_precision(a).detach() - full_precision(b)).abs().mean())

    return torch.stack(terms).mean()


def _distance(verdicts: DiscriminatorFeatures, label: float) -> Tensor:
    return torch.stack([(full_precision(s) - label).square().mean() for s in patch_scores(verdicts)]).mean()
