"""Networks of other people that a person fetches: where their files lie, and one of ONNX opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from muybridge.errors import CheckpointError, MissingExtraError, MissingWeightsError

Maps = Shaped[np.ndarray, "..."]


def cache_folder() -> Path:
    """$MUYBRIDGE_CACHE, or ~/.cache/muybridge."""
    told = os.environ.get("MUYBRIDGE_CACHE")
    return Path(told) if told else Path.home() / ".cache" / "muybridge"


def find_model_file(path: Path | None, file: str, what: str, fetch: str) -> Path:
    """The file that was named, or `file` in the cache folder; MissingWeightsError where none is there.

    what   for people: "the identity network's file is"
    fetch  what they do then
    """
    path = cache_folder() / file if path is None else path
    if not path.is_file():
        raise MissingWeightsError(f"{what} not at {path}", fetch)
    return path


class OnnxNetwork:
    """A network of one input [1, 3, H, W] from an ONNX file, run by onnxruntime on the processor.

    path        the file
    open_sides  (h, w) for a file that leaves its sides open
    what        for people: "finding landmarks needs"
    size        (h, w) of the pictures that it reads

    Raises MissingExtraError without onnxruntime, CheckpointError for a file that is no such network.
    """

    def __init__(self, path: Path, open_sides: tuple[int, int], what: str) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtraError(
                f"{what} onnxruntime", "Install it with: pip install 'muybridge[landmarks]'"
            ) from error
        quiet = onnxruntime.SessionOptions()
        quiet.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(str(path), quiet, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises kinds of its own, one for each way of being broken
            raise CheckpointError(f"{path.name} is not an ONNX network: {str(error).splitlines()[0][:200]}") from error
        entries = self._session.get_inputs()
        shape: list[Any] = list(entries[0].shape) if len(entries) == 1 else []
        if len(shape) != 4 or shape[1] != 3:
            raise CheckpointError(f"{path.name} does not read one picture [1, 3, H, W], but {shape}")
        rows, columns = (s if isinstance(s, int) else d for s, d in zip(shape[2:], open_sides, strict=True))
        self.size = rows, columns
        self._input = entries[0].name

    def __call__(self, picture: Shaped[np.ndarray, "1 3 h w"]) -> list[Maps]:
        """Its outputs."""
        return list(self._session.run(None, {self._input: np.ascontiguousarray(picture)}))
