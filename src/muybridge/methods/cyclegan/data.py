"""What CycleGAN trains on: single frames of two subjects, unpaired, moved at random."""

from collections.abc import Mapping

import torch
from torch import Tensor

from muybridge.data.pair import SIDES, Pair, restore_pair
from muybridge.method import Data, Stage


class UnpairedFrames(Pair, Data):
    """Two subjects on the same canvas."""

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """a, b  [B, 4, h, w] in [0, 1]: RGB on black and the silhouette."""
        table = {}
        for side in SIDES:
            table[side] = self.draw(side, stage.batch, 1, generator)[0].to(device)

        return table

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> "UnpairedFrames":
        return cls(*restore_pair(tensors))
