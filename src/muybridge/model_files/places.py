"""Where the files of pretrained networks lie."""

from __future__ import annotations

import os
from pathlib import Path

from muybridge.errors import MissingWeightsError


def cache_folder() -> Path:
    """$MUYBRIDGE_CACHE, or ~/.cache/muybridge."""
    told = os.environ.get("MUYBRIDGE_CACHE")
    return Path(told) if told else Path.home() / ".cache" / "muybridge"


def torch_cache_path(file: str) -> Path:
    """Where a file of weights lies unless another is named: torch's own folder of checkpoints (TORCH_HOME)."""
    # As torch.hub.get_dir() finds it, which takes seconds to import.
    caches = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = Path(os.environ.get("TORCH_HOME", Path(caches) / "torch")).expanduser()
    return home / "hub" / "checkpoints" / file


def find_model_file(path: Path | None, file: str, what: str, fetch: str) -> Path:
    """The file that was named, or `file` in the cache folder; MissingWeightsError where none is there.

    what   for people: "the identity network's file is"
    fetch  what they do then
    """
    path = cache_folder() / file if path is None else path
    if not path.is_file():
        raise MissingWeightsError(f"{what} not at {path}", fetch)
    return path
