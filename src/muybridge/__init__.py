"""Muybridge moves one subject the way another moves, learnt from ordinary videos.

The verbs are those of `muybridge.api`: importing this package costs nothing until one of them is used.
"""

import functools
import os
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if os.environ.get("MUYBRIDGE_CHECK_SHAPES") == "1":
    from jaxtyping import install_import_hook

    install_import_hook("muybridge", "beartype.beartype")

if TYPE_CHECKING:
    from muybridge.api import Fitted, load, read, write
    from muybridge.api.animate import animate, animate_pairs
    from muybridge.api.batch import batch
    from muybridge.api.bench import bench
    from muybridge.api.cost import cost
    from muybridge.api.demo import demo
    from muybridge.api.doctor import doctor
    from muybridge.api.edit import edit
    from muybridge.api.evaluate import compare_predictions, evaluate
    from muybridge.api.explain import explain
    from muybridge.api.export import export
    from muybridge.api.fetch import fetch
    from muybridge.api.fit import fit
    from muybridge.api.importing import import_checkpoint
    from muybridge.api.inspect import inspect
    from muybridge.api.landmarks import find_landmarks
    from muybridge.api.live import live
    from muybridge.api.mask import mask
    from muybridge.api.motion import export_motion, import_motion
    from muybridge.api.plan import plan
    from muybridge.api.predict import predict
    from muybridge.api.reconstruct import reconstruct
    from muybridge.api.retarget import retarget
    from muybridge.api.share import share
    from muybridge.api.study import score, study

__all__ = [
    "Fitted",
    "animate",
    "animate_pairs",
    "batch",
    "bench",
    "compare_predictions",
    "cost",
    "demo",
    "doctor",
    "edit",
    "evaluate",
    "explain",
    "export",
    "export_motion",
    "fetch",
    "find_landmarks",
    "fit",
    "import_checkpoint",
    "import_motion",
    "inspect",
    "live",
    "load",
    "mask",
    "plan",
    "predict",
    "read",
    "reconstruct",
    "retarget",
    "score",
    "share",
    "study",
    "write",
]


_RENAMED: Mapping[str, Mapping[str, str]] = {
    **{verb: {"listener": "callback", "say": "notify"} for verb in ("bench", "demo", "fit", "retarget")},
    **{verb: {"say": "notify"} for verb in ("evaluate", "reconstruct")},
}
"""Keywords of each verb that scripts may still use under their old name."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'muybridge' has no attribute {name!r}")
    from muybridge import api

    verb = getattr(api, name)
    return _accept_old_keywords(verb, _RENAMED[name]) if name in _RENAMED else verb


def _accept_old_keywords(verb: Callable[..., Any], renamed: Mapping[str, str]) -> Callable[..., Any]:
    @functools.wraps(verb)
    def call(*args: Any, **given: Any) -> Any:
        for old, new in renamed.items():
            if old in given:
                message = f"{verb.__name__}({old}=...) is called {verb.__name__}({new}=...) now"
                warnings.warn(message, DeprecationWarning, stacklevel=2)
                given[new] = given.pop(old)

        return verb(*args, **given)

    return call


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
