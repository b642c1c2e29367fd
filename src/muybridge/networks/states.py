"""Tables of weights out of other programs' checkpoints, checked before anything is built from them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from torch import Tensor, nn

from muybridge.errors import CheckpointError
from muybridge.networks.weights import is_plain_tensor

M = TypeVar("M", bound=nn.Module)


def extract_state(table: Mapping[str, Any], name: str) -> dict[str, Tensor]:
    """A copy of the state dict that a checkpoint holds under `name`; CheckpointError where it is none."""
    state = table.get(name)
    if not isinstance(state, Mapping) or not state or not all(isinstance(x, Tensor) for x in state.values()):
        raise CheckpointError(f"{name} in this checkpoint is not a table of tensors")
    for key, x in state.items():
        if not is_plain_tensor(x):
            raise CheckpointError(f"{name}.{key} in this checkpoint is not a plain tensor: {tuple(x.shape)} {x.dtype}")
    return {str(key).removeprefix("module."): x.detach().clone() for key, x in state.items()}


def fill_network(network: M, state: Mapping[str, Tensor], name: str) -> M:
    """The network with these weights, each in its place; CheckpointError names one that has none."""
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as error:
        lines = str(error).splitlines()
        raise CheckpointError(f"{name} in this checkpoint has other layers than expected: {lines[1:2]}") from error
    return network
