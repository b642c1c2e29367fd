"""How near several ways in which a picture might go on are to how it did."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import InputError
from muybridge.tensors import Pixels


def measure_prediction(truth: Pixels, made: UInt8[Tensor, "S 3 h w"]) -> float:
    """Mean absolute difference of the colours behind the first frame, which was given; in [0, 1].

    truth  uint8 [T, 3, H, W], T of 2 or more
    made   uint8 [S, 3, H, W]; frames beyond the shorter of the two are left out
    Raises InputError where no frame is left, or the sizes differ.
    """
    count = min(len(truth), len(made))
    if count < 2 or truth.shape[1:] != made.shape[1:]:
        raise InputError(f"a prediction {tuple(made.shape)} cannot be compared with a clip {tuple(truth.shape)}")
    return float((made[1:count].float() - truth[1:count].float()).abs().mean() / 255)


def summarise_draws(errors: Sequence[float], still: float) -> dict[str, float]:
    """Over several draws of one prediction.

    errors  of each draw, see `measure_prediction`
    still   of the first frame standing still: what a method has to beat
    returns l1_mean, l1_best, l1_still, and best: the number of the best draw, from 1
    """
    if not errors:
        raise InputError("nothing was drawn")
    best = min(errors)
    return {
        "l1_mean": sum(errors) / len(errors),
        "l1_best": best,
        "l1_still": still,
        "best": float(errors.index(best) + 1),
    }
