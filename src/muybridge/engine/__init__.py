"""How a method is trained: the loop, devices, precision, several processes, previews, resuming."""

from muybridge.engine.listener import Listener, Summary, Together
from muybridge.engine.machine import Machine, computes_bfloat16, settle
from muybridge.engine.progress import RichListener
from muybridge.engine.tensorboard import TensorBoardListener
from muybridge.engine.training import train
from muybridge.engine.weights import load

__all__ = [
    "Listener",
    "Machine",
    "RichListener",
    "Summary",
    "TensorBoardListener",
    "Together",
    "computes_bfloat16",
    "load",
    "settle",
    "train",
]
