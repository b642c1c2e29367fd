"""Tensors in a file, without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from muybridge.disk import replace_file
from muybridge.errors import CheckpointError, Option, Sentence

_LARGEST_HEADER = 8 * 2**20
"""Bytes: some 80,000 tensors. The largest preset keeps a few thousand."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], notes: dict[str, str]) -> None:
    """Replace a safetensors file; `notes` are its metadata."""
    # Cloned, because safetensors refuses tensors that share memory (tied weights) or are channels-last.
    plain = {}
    for key, t in tensors.items():
        plain[key] = t.detach().cpu().clone(memory_format=torch.contiguous_format)

    replace_file(path, safetensors.torch.save(plain, metadata=notes))


def read_tensors(path: Path, start: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors whose names begin with `start`, and the notes; CheckpointError where missing or broken."""
    if not path.is_file():
        raise CheckpointError(f"{path.parent} has no {path.name}", "Train it first, or copy the whole folder.")

    try:
        _check_header(path)
        with safe_open(path, framework="pt") as file:
            # Only what is asked for is read: optimisers can be larger than the network.
            names = [key for key in file.keys() if key.startswith(start)]  # noqa: SIM118
            return {key: file.get_tensor(key) for key in names}, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is cut off or not a safetensors file ({error})",
            Sentence("Copy the run again, or train it anew with ", Option("force", True), "."),
        ) from error


def _check_header(path: Path) -> None:
    """CheckpointError where a file names more tensors than any training keeps: each of them costs time and memory."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    # What is longer than its file is told by whoever opens it.
    if _LARGEST_HEADER < size < path.stat().st_size:
        raise CheckpointError(
            f"{path} has a table of contents of {size / 2**20:.0f} MB, and {_LARGEST_HEADER >> 20} MB are read at most",
            "Copy the run again.",
        )


def with_prefix(start: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose names begin with `start`, by the rest of their names."""
    table = {}
    for key, t in tensors.items():
        if key.startswith(start):
            table[key.removeprefix(start)] = t

    return table
