"""Silhouettes for a clip: given, alpha, threshold, GrabCut's iteration, saliency network."""

from muybridge.masks.correcting import correct
from muybridge.masks.finding import find
from muybridge.masks.report import Report
from muybridge.masks.sheets import overlay, sheet

__all__ = ["Report", "correct", "find", "overlay", "sheet"]
