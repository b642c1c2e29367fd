"""What Monkey-Net trains on: pairs of frames of one clip, and sequences for image to video."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from muybridge.data.augmentation import Augment
from muybridge.data.clips import ClipsData
from muybridge.method import Data, Stage
from muybridge.methods.monkeynet.config import MonkeyNetConfig
from muybridge.video import Clip


class MonkeyNetData(ClipsData, Data):
    """Clips of one kind of object, squeezed to the canvas."""

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:  # type: ignore[override]
        """As `ClipsData.batch`; sequences keep their direction, because what comes next is what they teach."""
        if stage.name not in self.sequences:
            return super().batch(stage, generator, device)
        forwards = replace(self, augment=replace(self.augment, time_flip=0.0))
        return super(MonkeyNetData, forwards).batch(stage, generator, device)


def prepare_clips(clips: Sequence[Clip], config: MonkeyNetConfig, **options: Any) -> MonkeyNetData:
    """The clips on the config's canvas; see `ClipsData.from_clips` for the options."""
    a = config.augment
    changes = Augment(a.time_flip, a.mirror, (0.0, 0.0, 0.0, a.hue), a.resize)
    sequences = {"prediction": config.prediction.frames}
    canvas = (config.size, config.size)
    return MonkeyNetData.from_clips(clips, canvas, augment=changes, sequences=sequences, **options)
