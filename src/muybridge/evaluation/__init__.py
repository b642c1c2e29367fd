"""What is measured on what, and the pages that show it."""

from muybridge.evaluation.cells import Cell, Cells, digest
from muybridge.evaluation.judges import PEOPLE, PICTURES, Judges, judges, unmeasured
from muybridge.evaluation.limbs import limbs_of
from muybridge.evaluation.meanings import MEANINGS, meaning
from muybridge.evaluation.people import People
from muybridge.evaluation.poses import compare_identities, compare_poses, lossy, read_predictions
from muybridge.evaluation.reconstruction import Reconstruction, compared, overall
from muybridge.evaluation.report import Chart, Figure, Page, page
from muybridge.evaluation.tables import Interval, Row, Tables, as_csv, as_json, tables
from muybridge.evaluation.trivial import TRIVIAL
from muybridge.evaluation.truth import against_truth, joint_errors, overlap
from muybridge.evaluation.unknown import apart, too_few_to_tell, without_truth

__all__ = [
    "MEANINGS",
    "PEOPLE",
    "PICTURES",
    "TRIVIAL",
    "Cell",
    "Cells",
    "Chart",
    "Figure",
    "Interval",
    "Judges",
    "Page",
    "People",
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
    "lossy",
    "meaning",
    "overall",
    "overlap",
    "page",
    "read_predictions",
    "tables",
    "too_few_to_tell",
    "unmeasured",
    "without_truth",
]
