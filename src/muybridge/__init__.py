"""Muybridge moves one subject the way another moves, learnt from ordinary videos.

The verbs are those of `muybridge.api`: importing this package costs nothing until one of them is used.
"""

import os
from typing import TYPE_CHECKING, Any

if os.environ.get("MUYBRIDGE_CHECK_SHAPES") == "1":
    from jaxtyping import install_import_hook

    install_import_hook("muybridge", "beartype.beartype")

if TYPE_CHECKING:
    from muybridge.api import Fitted, load, read, write
    from muybridge.api.animate import animate, animate_pairs
    from muybridge.api.bench import bench
    from muybridge.api.cost import cost
    from muybridge.api.demo import demo
    from muybridge.api.doctor import doctor
    from muybridge.api.edit import edit
    from muybridge.api.evaluate import compare_predictions, evaluate
    from muybridge.api.export import export
    from muybridge.api.fit import fit
    from muybridge.api.importing import import_checkpoint
    from muybridge.api.landmarks import find_landmarks
    from muybridge.api.live import live
    from muybridge.api.mask import mask
    from muybridge.api.predict import predict
    from muybridge.api.reconstruct import reconstruct
    from muybridge.api.retarget import retarget
    from muybridge.api.study import score, study

__all__ = [
    "Fitted",
    "animate",
    "animate_pairs",
    "bench",
    "compare_predictions",
    "cost",
    "demo",
    "doctor",
    "edit",
    "evaluate",
    "export",
    "find_landmarks",
    "fit",
    "import_checkpoint",
    "live",
    "load",
    "mask",
    "predict",
    "read",
    "reconstruct",
    "retarget",
    "score",
    "study",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'muybridge' has no attribute {name!r}")
    from muybridge import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
