"""How a method is trained: the loop, devices, precision, several processes, previews, resuming."""

from muybridge.engine.callback import Callback, CallbackList, Summary
from muybridge.engine.machine import Machine, computes_bfloat16, resolve_device
from muybridge.engine.progress import RichCallback
from muybridge.engine.tensorboard import TensorBoardCallback
from muybridge.engine.training import train
from muybridge.engine.weights import load_weights

__all__ = [
    "Callback",
    "CallbackList",
    "Machine",
    "RichCallback",
    "Summary",
    "TensorBoardCallback",
    "computes_bfloat16",
    "load_weights",
    "resolve_device",
    "train",
]
