"""A TFLite network of one picture, run by OpenCV."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float

from muybridge.errors import CheckpointError
from muybridge.model_files import Maps

PictureNetwork = Callable[[Float[np.ndarray, "h w 3"]], list[Maps]]
"""A picture to a network's outputs."""
MAGIC = b"TFL3"
"""At byte 4 of every such file."""


def is_tflite(path: Path) -> bool:
    """Whether a file is a TFLite network, by its first bytes."""
    with path.open("rb") as file:
        return file.read(8)[4:] == MAGIC


class TfliteNetwork:
    """A network of one input [1, H, W, 3]; CheckpointError for a file that OpenCV cannot run.

    name     the file's, with its checksum
    outputs  how many it has
    """

    def __init__(self, path: Path) -> None:
        if not is_tflite(path):
            raise CheckpointError(f"{path.name} is not a TFLite network", "Fetch it again.")

        # OpenCV prints errors that are told here in our own words.
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

        try:
            # OpenCV 5's new engine gives only one of several outputs.
            engine = [cv2.dnn.ENGINE_CLASSIC] if hasattr(cv2.dnn, "ENGINE_CLASSIC") else []
            self._network = cv2.dnn.readNetFromTFLite(str(path), *engine)
        except cv2.error as error:
            raise CheckpointError(f"{path.name} is not a TFLite network that OpenCV can run") from error
        finally:
            cv2.utils.logging.setLogLevel(level)

        self._names = self._network.getUnconnectedOutLayersNames()
        self.outputs = len(self._names)
        self.name = f"{path.name}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"

    def __call__(self, picture: Float[np.ndarray, "h w 3"]) -> list[Maps]:
        """Its outputs; CheckpointError where the picture is not what the network reads."""
        self._network.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32))
        try:
            return list(self._network.forward(self._names))
        except cv2.error as error:
            raise CheckpointError(f"{self.name} does not read a picture of {picture.shape[1]} px") from error


def to_probability(logits: Maps) -> Maps:
    """The logistic function, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))
