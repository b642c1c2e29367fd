"""Silhouettes for a clip: given, alpha, threshold, colour and motion, saliency network."""

from muybridge.masks.arrays import enlarge_mattes
from muybridge.masks.correction import correct
from muybridge.masks.finder import (
    OLD_WAYS,
    FoundSilhouettes,
    find,
    find_unchecked,
    has_segmenter,
    name_of_masks,
    way_of,
)
from muybridge.masks.hints import Box, Rough, read_mask_picture, read_rough
from muybridge.masks.options import SilhouetteOptions
from muybridge.masks.parts import label_parts
from muybridge.masks.report import FaultCounts, Report, check_usable, count_faults, find_doubtful
from muybridge.masks.sheets import overlay, sheet

__all__ = [
    "OLD_WAYS",
    "Box",
    "FaultCounts",
    "FoundSilhouettes",
    "Report",
    "Rough",
    "SilhouetteOptions",
    "check_usable",
    "correct",
    "count_faults",
    "enlarge_mattes",
    "find",
    "find_doubtful",
    "find_unchecked",
    "has_segmenter",
    "label_parts",
    "name_of_masks",
    "overlay",
    "read_mask_picture",
    "read_rough",
    "sheet",
    "way_of",
]
