"""Writing whole files or none, tensors without pickle, and a lock that ends with its process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from muybridge.errors import CheckpointError, MuybridgeError, Option, RunError, Sentence, TrainingError


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file: written beside it, flushed to the disk, renamed.

    TrainingError where the disk is full, MuybridgeError where it cannot be written; the old file then still stands.
    """
    draft = path.with_name(f".{path.name}.part")
    with explain_disk_errors(path.parent):
        try:
            draft.unlink(missing_ok=True)  # of a killed process
            with open(draft, "xb") as f:
                f.write(content)
                f.flush()
                os.fsync(f.fileno())
            os.replace(draft, path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        # The rename itself must reach the disk as well.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], notes: dict[str, str]) -> None:
    """Replace a safetensors file; `notes` are its metadata."""
    # Cloned, because safetensors refuses tensors that share memory (tied weights) or are channels-last.
    plain = {key: t.detach().cpu().clone(memory_format=torch.contiguous_format) for key, t in tensors.items()}
    replace_file(path, safetensors.torch.save(plain, metadata=notes))


def read_tensors(path: Path, start: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors whose names begin with `start`, and the notes; CheckpointError where missing or broken."""
    if not path.is_file():
        raise CheckpointError(f"{path.parent} has no {path.name}", "Train it first, or copy the whole folder.")
    try:
        with safe_open(path, framework="pt") as f:
            return {key: f.get_tensor(key) for key in list(f.keys()) if key.startswith(start)}, f.metadata() or {}
    except (SafetensorError, OSError) as e:
        raise CheckpointError(
            f"{path} is cut off or not a safetensors file ({e})",
            Sentence("Copy the run again, or train it anew with ", Option("force", True), "."),
        ) from e


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the file alone; RunError where another process or thread does."""
    with explain_disk_errors(path.parent):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        # A few tries, for `is_locked` holds it for a moment.
        for left in reversed(range(5)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as e:
                if not left:
                    raise RunError(f"another training is writing {path.parent}", "Wait for it, or stop it.") from e
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the file by `hold_lock`; works in a folder that can only be read."""
    if not path.exists():
        return False
    with open(path, "rb") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextlib.contextmanager
def explain_disk_errors(folder: Path) -> Iterator[None]:
    """Say in words what the disk refused."""
    try:
        yield
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingError(
                f"the disk of {folder} is full; the last checkpoint is kept",
                Sentence("Free some space, then go on with ", Option("resume", True), "."),
            ) from e
        raise MuybridgeError(f"cannot write in {folder}: {e.strerror}", "Choose a folder that can be written.") from e
