"""Results of own frames drawn with R and the dense motion in bfloat16, as long as those are as good as in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from muybridge.methods.jokr.model import JokrModel
from muybridge.networks import computes_bfloat16
from muybridge.picture_animator import EVERY, Precision, is_good_by_far, is_good_enough

PROBES = 2
"""Frames of the first lot that may be drawn in float32 too."""
FEWEST = 16
"""Frames of a result from which on bfloat16 saves more than it costs to look at those frames twice."""

Draw = Callable[[slice, bool], list[Tensor]]
"""Draws some frames of a lot, uint8 [4, H, W] each: which of them, and whether in bfloat16."""


class CheckedPrecision:
    """What `draw` uses. E and G, whose errors move keypoints and outlines, are always in float32.

    precision  "float32"; "bfloat16"; "auto": where the hardware has it and `count` frames are to be drawn, bfloat16
               until a frame that is drawn both ways says no, see `is_good_enough`: the last of the first lot, its
               first too unless that one is good by far, and one in `EVERY`
    """

    def __init__(self, model: JokrModel, precision: Precision, count: int) -> None:
        self.doubted = precision == "auto" and count >= FEWEST and computes_bfloat16(model.device)
        self.half = self.doubted or precision == "bfloat16"
        self.since = EVERY
        self.probes = PROBES

    def draw(self, draw: Draw, count: int) -> list[Tensor]:
        """A lot of `count` frames."""
        made = draw(slice(count), self.half)
        self.since += count
        if not self.doubted or self.since < EVERY:
            return made

        self.since = 0
        for i in dict.fromkeys([count - 1, 0][: self.probes]):
            plain = draw(slice(i, i + 1), False)[0]
            if not is_good_enough(_shown(made[i]), _shown(plain)):
                # What fails once is not tried again.
                self.half = self.doubted = False
                return draw(slice(count), False)
            if is_good_by_far(_shown(made[i]), _shown(plain)):
                break
        self.probes = 1
        return made


def _shown(rgba: Tensor) -> Tensor:
    """Colours as far as they are seen, and alpha: [1, 4, H, W] in [0, 1]."""
    values = rgba[None].float() / 255
    return torch.cat((values[:, :3] * values[:, 3:], values[:, 3:]), 1)


def in_half(model: JokrModel, act: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, its convolutions in bfloat16."""

    def call(*given: Any) -> Any:
        with torch.autocast(model.device.type, torch.bfloat16):
            return act(*given)

    return call
