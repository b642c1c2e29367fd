"""One network from an ONNX file, run by onnxruntime on the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from muybridge.errors import CheckpointError, MissingExtraError

Maps = Shaped[np.ndarray, "..."]


class OnnxNetwork:
    """A network of one input [1, 3, H, W] from an ONNX file, run by onnxruntime on the processor.

    path        the file
    open_sides  (h, w) for a file that leaves its sides open
    what        for people: "finding landmarks needs"
    extra       what installs onnxruntime: muybridge[extra]
    size        (h, w) of the pictures that it reads

    Raises MissingExtraError without onnxruntime, CheckpointError for a file that is no such network.
    """

    def __init__(self, path: Path, open_sides: tuple[int, int], what: str, extra: str = "landmarks") -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtraError(
                f"{what} onnxruntime", f"Install it with: pip install 'muybridge[{extra}]'"
            ) from error

        options = onnxruntime.SessionOptions()
        # What goes wrong is raised as an error, and its log would only repeat it.
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises kinds of its own, one for each way of being broken
            raise CheckpointError(f"{path.name} is not an ONNX network: {str(error).splitlines()[0][:200]}") from error

        inputs = self._session.get_inputs()
        shape: list[Any] = list(inputs[0].shape) if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] != 3:
            raise CheckpointError(f"{path.name} does not read one picture [1, 3, H, W], but {shape}")

        rows, columns = (s if isinstance(s, int) else d for s, d in zip(shape[2:], open_sides, strict=True))
        self.size = rows, columns
        self._input = inputs[0].name

    def __call__(self, picture: Shaped[np.ndarray, "1 3 h w"]) -> list[Maps]:
        """Its outputs."""
        return list(self._session.run(None, {self._input: np.ascontiguousarray(picture)}))
