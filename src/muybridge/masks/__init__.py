"""Silhouettes for a clip: given, alpha, threshold, colour and motion, saliency network."""

from muybridge.masks.correction import correct
from muybridge.masks.finder import OLD_WAYS, FoundSilhouettes, find, find_unchecked, name_of_masks, way_of
from muybridge.masks.report import FaultCounts, Report, check_usable, count_faults
from muybridge.masks.sheets import overlay, sheet

__all__ = [
    "OLD_WAYS",
    "FaultCounts",
    "FoundSilhouettes",
    "Report",
    "check_usable",
    "correct",
    "count_faults",
    "find",
    "find_unchecked",
    "name_of_masks",
    "overlay",
    "sheet",
    "way_of",
]
