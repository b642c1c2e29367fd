"""The verbs in Python: what the command, the package's front door and the studio hand on to."""

from inspect import isfunction

from muybridge.api.animate import animate, animate_pairs
from muybridge.api.batch import batch
from muybridge.api.bench import bench
from muybridge.api.cost import Cost, cost
from muybridge.api.demo import demo
from muybridge.api.doctor import doctor
from muybridge.api.edit import Handles, edit, edit_clip, handles, interpolate_moves, pose
from muybridge.api.evaluate import compare_predictions, evaluate
from muybridge.api.explain import explain
from muybridge.api.export import export
from muybridge.api.fetch import fetch, fetchable
from muybridge.api.fit import fit
from muybridge.api.importing import import_checkpoint
from muybridge.api.inspect import inspect
from muybridge.api.landmarks import find_landmarks
from muybridge.api.live import follow, live
from muybridge.api.mask import mask
from muybridge.api.methods import methods
from muybridge.api.motion import export_motion, import_motion
from muybridge.api.out_of_memory import explain_out_of_memory
from muybridge.api.plan import Plan, plan
from muybridge.api.predict import predict
from muybridge.api.puppets import puppets
from muybridge.api.reconstruct import reconstruct
from muybridge.api.retarget import retarget, write_results
from muybridge.api.share import share
from muybridge.api.study import score, study
from muybridge.jobs.loading import Fitted, load
from muybridge.output.results import Results
from muybridge.video import read, write

__all__ = [
    "Cost",
    "Fitted",
    "Handles",
    "Plan",
    "Results",
    "animate",
    "animate_pairs",
    "batch",
    "bench",
    "compare_predictions",
    "cost",
    "demo",
    "doctor",
    "edit",
    "edit_clip",
    "evaluate",
    "explain",
    "export",
    "export_motion",
    "fetch",
    "fetchable",
    "find_landmarks",
    "fit",
    "follow",
    "handles",
    "import_checkpoint",
    "import_motion",
    "inspect",
    "interpolate_moves",
    "live",
    "load",
    "mask",
    "methods",
    "plan",
    "pose",
    "predict",
    "puppets",
    "read",
    "reconstruct",
    "retarget",
    "score",
    "share",
    "study",
    "write",
    "write_results",
]

# Here and not in each verb's own file, so that none can be forgotten.
for _name in __all__:
    if isfunction(globals()[_name]):
        globals()[_name] = explain_out_of_memory(globals()[_name])
