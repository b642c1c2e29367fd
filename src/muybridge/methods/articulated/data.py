"""What Articulated animation trains on: pairs of frames of one clip."""

from collections.abc import Sequence
from typing import Any

from muybridge.data.augmentation import Augment
from muybridge.data.clips import ClipsData
from muybridge.method import Data
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.video import Clip


class ArticulatedData(ClipsData, Data):
    """Clips of one kind of object, packed, on the canvas."""


def prepared(clips: Sequence[Clip], config: ArticulatedConfig, **options: Any) -> ArticulatedData:
    """The clips squeezed to the config's square; InputError where there is none of two frames or more."""
    a = config.augment
    augment = Augment(0.5 * a.time_flip, 0.5 * a.mirror, (a.jitter, a.jitter, a.jitter, min(a.jitter, 0.5)))
    return ArticulatedData.from_clips(clips, (config.size, config.size), augment=augment, **options)
