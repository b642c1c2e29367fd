"""Released checkpoints as this package's config and weights."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from muybridge.methods.monkeynet.config import MonkeyNetConfig
from muybridge.methods.monkeynet.released import read_released


def imported(path: Path, options: Path | None = None) -> tuple[MonkeyNetConfig, dict[str, Tensor], int]:
    """A released checkpoint as settings that reproduce it, and the weights under `MonkeyNet`'s names.

    path     checkpoint
    options  the YAML file that it was trained with, see `read_released`
    returns  the settings; all networks' weights; the stage, 1 (image to video is not in the authors' files)
    Raises CheckpointError.
    """
    found = read_released(path, options)
    weights = {f"{net}.{name}": x for net, state in found.states.items() for name, x in state.items()}
    return found.config, weights, 1
