"""The verbs in Python: what the command, the package's front door and the studio hand on to."""

from muybridge.api.animating import animate, edit
from muybridge.api.benching import bench
from muybridge.api.demonstration import demo
from muybridge.api.evaluating import evaluate
from muybridge.api.fitting import Fitted, fit, load
from muybridge.api.importing import import_checkpoint
from muybridge.api.landmarking import find_landmarks
from muybridge.api.listing import methods, puppets
from muybridge.api.machine import doctor
from muybridge.api.masking import mask
from muybridge.api.results import Results
from muybridge.api.retargeting import retarget
from muybridge.api.studying import score, study
from muybridge.video import read, write

__all__ = [
    "Fitted",
    "Results",
    "animate",
    "bench",
    "demo",
    "doctor",
    "edit",
    "evaluate",
    "find_landmarks",
    "fit",
    "import_checkpoint",
    "load",
    "mask",
    "methods",
    "puppets",
    "read",
    "retarget",
    "score",
    "study",
    "write",
]
