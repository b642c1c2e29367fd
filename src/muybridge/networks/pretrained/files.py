"""Files of weights that somebody else has trained: where they lie, and how a network is filled from one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from torch import Tensor, nn

from muybridge.errors import CheckpointError, MissingWeightsError
from muybridge.model_files import hint_to_fetch, torch_cache_path
from muybridge.networks.checkpoints import is_plain_tensor, load_tensors

N = TypeVar("N", bound=nn.Module)


def fill_pretrained(network: N, path: Path | None, file: str, what: str, whose: str = "") -> N:
    """The network with the weights of a file, frozen and in evaluation mode.

    path  the file; unless told, `file` in the usual cache of torch (TORCH_HOME)
    what  the network's name, for people
    whose  whose file it is, for people: "torchvision's"
    Raises MissingWeightsError (no such file) or CheckpointError (not these weights).
    """
    path = find_weights(path, file, what, whose)
    # A download that broke off is told apart from a file of another network.
    check_digest(path)
    state = load_tensor_table(path)

    wanted = {}
    for name, x in network.state_dict().items():
        # Older files lack this counter, and a frozen network does not read it.
        if not name.endswith("num_batches_tracked"):
            wanted[name] = x

    wrong = []
    for name, x in wanted.items():
        if name not in state or state[name].shape != x.shape:
            wrong.append(name)

    if wrong:
        raise CheckpointError(f"{path} does not hold {what}: {wrong[0]} is missing or of another shape")

    # The file may hold more, a classifier say, and the counters are left out.
    network.load_state_dict({name: state[name] for name in wanted}, strict=False)
    return network.requires_grad_(False).eval()


def find_weights(path: Path | None, file: str, what: str, whose: str = "") -> Path:
    """Where a file of weights lies, which is not read; see `fill_pretrained`. MissingWeightsError where it is not."""
    path = path or torch_cache_path(file)
    if not path.is_file():
        raise MissingWeightsError(
            f"no weights of {what} at {path}: expected {whose}{' ' if whose else ''}{file}",
            hint_to_fetch(
                file, f"Put the file there, or name another one; torch's own cache is the folder {path.parent}."
            ),
        )
    return path


def check_digest(path: Path) -> None:
    """Refuse (CheckpointError) a file that does not have the SHA-256 that its name promises."""
    promised = re.search(r"-([0-9a-f]{8})\.pth$", path.name)
    if promised is None:
        return

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(promised[1]):
        raise CheckpointError(
            f"{path} is damaged: its SHA-256 begins with {digest[:8]}, expected {promised[1]}",
            "Delete it and fetch it again.",
        )


def load_tensor_table(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a file by name; CheckpointError where it holds anything else."""
    state = load_tensors(path)
    if not all(isinstance(x, Tensor) and is_plain_tensor(x) for x in state.values()):
        raise CheckpointError(f"{path} does not hold a table of tensors")
    return state
