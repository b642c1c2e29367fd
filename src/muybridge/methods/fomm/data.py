"""What FOMM trains on: pairs of frames of one clip."""

from collections.abc import Sequence
from typing import Any

from muybridge.data.augmentation import Augment
from muybridge.data.clips import ClipsData
from muybridge.method import Data
from muybridge.methods.fomm.config import FommConfig
from muybridge.video import Clip


class FommData(ClipsData, Data):
    """Clips of one kind of object, packed, on the canvas."""


def prepared(clips: Sequence[Clip], config: FommConfig, **options: Any) -> FommData:
    """The clips squeezed to the config's square; InputError where there is none of two frames or more."""
    a = config.augment
    augment = Augment(0.5 * a.time_flip, 0.5 * a.mirror, (a.jitter, a.jitter, a.jitter, min(a.jitter, 0.5)))
    return FommData.from_clips(clips, (config.size, config.size), augment=augment, **options)
