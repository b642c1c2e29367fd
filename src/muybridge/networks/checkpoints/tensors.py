"""Files of weights that somebody else wrote, read as data: nothing in them is run."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from muybridge.errors import CheckpointError
from muybridge.networks.checkpoints.other_files import refuse_other_files

M = TypeVar("M", bound=nn.Module)


def load_tensors(path: Path) -> dict[str, Any]:
    """The table in a torch file, without running what a pickle may ask for; CheckpointError names other files."""
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}", "Give the path of a checkpoint file.")
    # Before torch is asked: its own message would not say what the file is.
    refuse_other_files(path)

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol")  # what is wrong is said below, once
            raw = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken or hostile pickle can raise anything
        raise CheckpointError(
            f"{path} is not a checkpoint that can be loaded safely: it is damaged or asks to run code"
        ) from error

    if not isinstance(raw, dict):
        raise CheckpointError(f"{path} holds a {type(raw).__name__}; a checkpoint is a table")
    return raw


def is_plain_tensor(x: Tensor) -> bool:
    """Whether a loaded tensor is what it looks like: real numbers in memory, no more of them than the file holds.

    A view can claim any size over a small storage, and networks are built from what is claimed.
    """
    if x.layout != torch.strided or x.device.type != "cpu" or x.is_quantized or x.is_complex():
        return False
    return x.numel() * x.element_size() <= x.untyped_storage().nbytes()


def extract_state(table: Mapping[str, Any], name: str) -> dict[str, Tensor]:
    """A copy of the state dict that a checkpoint holds under `name`; CheckpointError where it is none."""
    state = table.get(name)
    if not isinstance(state, Mapping) or not state or not all(isinstance(x, Tensor) for x in state.values()):
        raise CheckpointError(f"{name} in this checkpoint is not a table of tensors")

    copies = {}
    for key, x in state.items():
        if not is_plain_tensor(x):
            raise CheckpointError(f"{name}.{key} in this checkpoint is not a plain tensor: {tuple(x.shape)} {x.dtype}")
        copies[str(key).removeprefix("module.")] = x.detach().clone()

    return copies


def fill_network(network: M, state: Mapping[str, Tensor], name: str) -> M:
    """The network with these weights, each in its place; CheckpointError names one that has none."""
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as error:
        lines = str(error).splitlines()
        raise CheckpointError(
            f"{name} in this checkpoint has other layers than expected; its program does not write {lines[1:2]}"
        ) from error
    return network


def join_states(states: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The weights of several networks as those of one module that holds them: "network.name" -> weight."""
    joined = {}
    for network, state in states.items():
        for name, weight in state.items():
            joined[f"{network}.{name}"] = weight
    return joined


def captured_names(state: Mapping[str, Tensor], pattern: str) -> list[str]:
    """What the first group of a pattern holds in the names that it matches from their start: each once, in order."""
    found: dict[str, None] = {}
    for name in state:
        if match := re.match(pattern, name):
            found[match[1]] = None
    return list(found)
