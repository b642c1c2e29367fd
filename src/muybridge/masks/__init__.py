"""Silhouettes for a clip: given, alpha, threshold, GrabCut's iteration, saliency network."""

from muybridge.masks.correcting import correct
from muybridge.masks.finding import Found, find, look, name_of_masks
from muybridge.masks.report import Counts, Report, counted, judged
from muybridge.masks.sheets import overlay, sheet

__all__ = [
    "Counts",
    "Found",
    "Report",
    "correct",
    "counted",
    "find",
    "judged",
    "look",
    "name_of_masks",
    "overlay",
    "sheet",
]
