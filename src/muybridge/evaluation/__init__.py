"""What is measured on what, and the pages that show it."""

from muybridge.evaluation.reconstruction import Reconstruction, compared, overall
from muybridge.evaluation.report import Chart, Figure, Page, page
from muybridge.evaluation.truth import against_truth

__all__ = ["Chart", "Figure", "Page", "Reconstruction", "against_truth", "compared", "overall", "page"]
