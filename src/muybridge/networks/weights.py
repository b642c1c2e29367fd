"""Files of weights that somebody else wrote, read as data: nothing in them is run."""

import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.errors import CheckpointError


def load_tensors(path: Path) -> dict[str, Any]:
    """The table in a torch file, without running what a pickle may ask for; CheckpointError names other files."""
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}", "Give the path of a checkpoint file.")
    _refuse_other_files(path)
    try:
        raw = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken or hostile pickle can raise anything
        raise CheckpointError(
            f"{path} is not a checkpoint that can be loaded safely: it is damaged or asks to run code"
        ) from error
    if not isinstance(raw, dict):
        raise CheckpointError(f"{path} holds a {type(raw).__name__}; a checkpoint is a table")
    return raw


def plain_tensor(x: Tensor) -> bool:
    """Whether a loaded tensor is what it looks like: real numbers in memory, no more of them than the file holds.

    A view can claim any size over a small storage, and networks are built from what is claimed.
    """
    if x.layout != torch.strided or x.device.type != "cpu" or x.is_quantized or x.is_complex():
        return False
    return x.numel() * x.element_size() <= x.untyped_storage().nbytes()


def _refuse_other_files(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(512)
    text = start.lstrip().lower()
    hint = "Fetch the checkpoint itself; a download may have saved the page about it."
    if not start:
        raise CheckpointError(f"{path} is empty", hint)
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise CheckpointError(f"{path} is an HTML page, not a checkpoint", hint)
    if text.startswith(b"version https://git-lfs"):
        raise CheckpointError(
            f"{path} is a git-lfs pointer, not the checkpoint that it stands for", "Run: git lfs pull"
        )
    if start.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError) as error:
            raise CheckpointError(f"{path} is cut off or damaged", hint) from error
        if not any(name.endswith("/data.pkl") for name in names):
            inside = ", ".join(names[:3]) or "nothing"
            raise CheckpointError(f"{path} is a zip archive of something else: {inside}", "Unpack it first.")
