"""Figures of Recycle-GAN's look ahead, which need no truth."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from muybridge.data.pair import Pair, other, windows
from muybridge.data.translation import EXPLAINED, pictures_of, translate_pictures
from muybridge.methods.recyclegan.data import LENGTH

_AHEAD: Mapping[str, str] = {
    "ahead_l1": "mean difference of a frame from the one predicted from the two before (0 is perfect)",
    "still_l1": "the same of a frame from the one before: what predicting no motion gives",
    "recycle_l1": "the same after the way there, one frame ahead, and back",
}


def explain_figure(name: str) -> str:
    """What a figure of `measure_quality` means; "" where it is not one."""
    figure, _, side = name.rpartition("_")
    meaning = {**EXPLAINED, **_AHEAD}.get(figure)
    return "" if meaning is None else f"{side}: {meaning}"


def ahead_figures(
    networks: Mapping[str, tuple[nn.Module, nn.Module]], pair: Pair, device: torch.device
) -> dict[str, float]:
    """ahead_l1, still_l1 and recycle_l1 of each side, over all windows of three frames, the values in [0, 1].

    networks  for each side, the translator to it and the predictor of its next frame
    """
    figures: dict[str, float] = {}
    for side, (back, ahead) in networks.items():
        there, ahead_there = networks[other(side)]
        subject = pair.subject(side)
        starts = windows(subject, LENGTH)
        before = pictures_of(subject, starts)
        now = pictures_of(subject, starts + 1)
        later = pictures_of(subject, starts + 2)
        guessed = _predict_frames(ahead, before, now, device)
        first = translate_pictures(there, before, device)
        second = translate_pictures(there, now, device)
        again = translate_pictures(back, _predict_frames(ahead_there, first, second, device), device)
        # The frame before stands for no prediction at all: the other figures mean something beside it.
        for name, made in (("ahead", guessed), ("still", now), ("recycle", again)):
            figures[f"{name}_l1_{side}"] = float((made - later).abs().mean() / 2)

    return figures


def _predict_frames(predictor: nn.Module, before: Tensor, now: Tensor, device: torch.device) -> Tensor:
    """`through` for a network of two pictures."""
    return translate_pictures(lambda both: predictor(both[:, :4], both[:, 4:]), torch.cat((before, now), 1), device)
