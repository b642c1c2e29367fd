"""What is measured on what, and the pages that show it."""

from muybridge.evaluation.baselines import BASELINES
from muybridge.evaluation.cells import Cell, Cells, digest
from muybridge.evaluation.limbs import limbs_of
from muybridge.evaluation.metric_info import METRIC_INFO, describe_metric
from muybridge.evaluation.metric_networks import (
    PEOPLE,
    PICTURES,
    MetricNetworks,
    load_metric_networks,
    unmeasured_notes,
)
from muybridge.evaluation.person_metrics import PersonMetrics
from muybridge.evaluation.poses import compare_identities, compare_poses, is_lossy, read_predictions
from muybridge.evaluation.prediction import measure_prediction, summarise_draws
from muybridge.evaluation.reconstruction import Reconstruction, mean_reconstruction, measure_reconstruction
from muybridge.evaluation.reference_free import keypoint_separability, measure_without_truth, too_few_to_tell
from muybridge.evaluation.report import Chart, Figure, Page, render_page
from muybridge.evaluation.tables import Interval, Row, Tables, as_csv, as_json, build_tables
from muybridge.evaluation.truth import compare_to_truth, joint_errors, overlap

__all__ = [
    "BASELINES",
    "METRIC_INFO",
    "PEOPLE",
    "PICTURES",
    "Cell",
    "Cells",
    "Chart",
    "Figure",
    "Interval",
    "MetricNetworks",
    "Page",
    "PersonMetrics",
    "Reconstruction",
    "Row",
    "Tables",
    "as_csv",
    "as_json",
    "build_tables",
    "compare_identities",
    "compare_poses",
    "compare_to_truth",
    "describe_metric",
    "digest",
    "is_lossy",
    "joint_errors",
    "keypoint_separability",
    "limbs_of",
    "load_metric_networks",
    "mean_reconstruction",
    "measure_prediction",
    "measure_reconstruction",
    "measure_without_truth",
    "overlap",
    "read_predictions",
    "render_page",
    "summarise_draws",
    "too_few_to_tell",
    "unmeasured_notes",
]
