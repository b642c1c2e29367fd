"""The verbs in Python: what the command, the package's front door and the studio hand on to."""

from muybridge.api.animating import animate, animate_pairs
from muybridge.api.benching import bench
from muybridge.api.comparing import compare_predictions
from muybridge.api.costing import Cost, cost
from muybridge.api.demonstration import demo
from muybridge.api.evaluating import evaluate
from muybridge.api.exporting import export
from muybridge.api.finishing import finish
from muybridge.api.fitting import fit
from muybridge.api.importing import import_checkpoint
from muybridge.api.landmarking import find_landmarks
from muybridge.api.listing import methods, puppets
from muybridge.api.living import follow, live
from muybridge.api.loading import Fitted, load
from muybridge.api.machine import doctor
from muybridge.api.masking import mask
from muybridge.api.posing import Handles, edit, edit_clip, handles, keyframed, pose
from muybridge.api.reconstructing import predict, reconstruct
from muybridge.api.results import Results
from muybridge.api.retargeting import retarget
from muybridge.api.studying import score, study
from muybridge.video import read, write

__all__ = [
    "Cost",
    "Fitted",
    "Handles",
    "Results",
    "animate",
    "animate_pairs",
    "bench",
    "compare_predictions",
    "cost",
    "demo",
    "doctor",
    "edit",
    "edit_clip",
    "evaluate",
    "export",
    "find_landmarks",
    "finish",
    "fit",
    "follow",
    "handles",
    "import_checkpoint",
    "keyframed",
    "live",
    "load",
    "mask",
    "methods",
    "pose",
    "predict",
    "puppets",
    "read",
    "reconstruct",
    "retarget",
    "score",
    "study",
    "write",
]
