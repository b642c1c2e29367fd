"""Networks that are measured with, their weights from files on this machine; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from muybridge.errors import CheckpointError, MissingWeightsError
from muybridge.networks.vgg import check_digest, table_of_tensors

N = TypeVar("N", bound=nn.Module)


def with_weights(network: N, path: Path | None, file: str, what: str) -> N:
    """The network with the weights of a file, frozen and in evaluation mode.

    path  the file; unless told, `file` in the usual cache of torch (TORCH_HOME)
    what  the network's name, for people
    Raises MissingWeightsError (no such file) or CheckpointError (not these weights).
    """
    path = path or Path(torch.hub.get_dir()) / "checkpoints" / file
    if not path.is_file():
        raise MissingWeightsError(
            f"no weights of {what} at {path}: expected {file}",
            f"Put the file there, or name another one; torch's own cache is the folder {path.parent}.",
        )
    check_digest(path)
    state = table_of_tensors(path)
    wanted = {name: x for name, x in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    wrong = [name for name, x in wanted.items() if name not in state or state[name].shape != x.shape]
    if wrong:
        raise CheckpointError(f"{path} does not hold {what}: {wrong[0]} is missing or of another shape")
    network.load_state_dict({name: state[name] for name in wanted}, strict=False)
    return network.requires_grad_(False).eval()
