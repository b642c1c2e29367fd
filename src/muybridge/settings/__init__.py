"""What can be set of methods, and what their cards say: nothing here or below imports torch."""

from muybridge.settings.card import Card, Config, LandmarkConfig, Needs
from muybridge.settings.choices import Norm, Solver, Upsampling
from muybridge.settings.limits import REFERENCE_SIDE, check_size, refuse_absurd_sizes
from muybridge.settings.part import Part
from muybridge.settings.translation import Augment, Crops, DiscriminatorSizes, PredictorSizes, TranslatorSizes

__all__ = [
    "REFERENCE_SIDE",
    "Augment",
    "Card",
    "Config",
    "Crops",
    "DiscriminatorSizes",
    "LandmarkConfig",
    "Needs",
    "Norm",
    "Part",
    "PredictorSizes",
    "Solver",
    "TranslatorSizes",
    "Upsampling",
    "check_size",
    "refuse_absurd_sizes",
]
