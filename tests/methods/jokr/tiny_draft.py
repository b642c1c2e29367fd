"""The preset `draft` of JOKR, as small as its parts allow."""

from muybridge.methods.jokr.config import DetectorConfig, GeneratorConfig
from muybridge.methods.jokr.presets import CARD

GENERATOR = GeneratorConfig(width=8, blocks=1, downs=1, norm="group", fold=2)
TINY = CARD.presets["draft"].model_copy(
    update={
        "size": 64,
        "keypoints": 5,
        "detector": DetectorConfig(width=4, max_width=16, blocks=2, shrink="unfold"),
        "shapes": GENERATOR,
        "refiner": GENERATOR,
        "discriminator_width": 16,
    }
)
