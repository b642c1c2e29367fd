"""What Recycle-GAN trains on: windows of three frames of two subjects, unpaired, each moved at random as a whole."""

from collections.abc import Mapping

import torch
from torch import Tensor

from muybridge.data.pair import SIDES, Pair, restore_pair
from muybridge.method import Data, Stage

LENGTH = 3
"""Two frames to predict from, and the one to predict."""


class UnpairedWindows(Pair, Data):
    """Two subjects on the same canvas."""

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """a0, a1, a2, b0, b1, b2  [B, 4, h, w] in [0, 1]: RGB on black and the silhouette, frame by frame."""
        table = {}
        for side in SIDES:
            for i, frame in enumerate(self.draw(side, stage.batch, LENGTH, generator)):
                table[f"{side}{i}"] = frame.to(device)

        return table

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> "UnpairedWindows":
        return cls(*restore_pair(tensors))
