"""What is measured on what, and the pages that show it."""

from muybridge.evaluation.cells import Cell, Cells, digest
from muybridge.evaluation.judges import Judges, judges
from muybridge.evaluation.limbs import limbs_of
from muybridge.evaluation.meanings import MEANINGS, meaning
from muybridge.evaluation.poses import compare_identities, compare_poses, read_predictions
from muybridge.evaluation.reconstruction import Reconstruction, compared, overall
from muybridge.evaluation.report import Chart, Figure, Page, page
from muybridge.evaluation.tables import Interval, Row, Tables, as_csv, as_json, tables
from muybridge.evaluation.trivial import TRIVIAL
from muybridge.evaluation.truth import against_truth, joint_errors, overlap
from muybridge.evaluation.unknown import apart, without_truth

__all__ = [
    "MEANINGS",
    "TRIVIAL",
    "Cell",
    "Cells",
    "Chart",
    "Figure",
    "Interval",
    "Judges",
    "Page",
    "Reconstruction",
    "Row",
    "Tables",
    "against_truth",
    "apart",
    "as_csv",
    "as_json",
    "compare_identities",
    "compare_poses",
    "compared",
    "digest",
    "joint_errors",
    "judges",
    "limbs_of",
    "meaning",
    "overall",
    "overlap",
    "page",
    "read_predictions",
    "tables",
    "without_truth",
]
