"""A pose network from an ONNX file: RTMPose (Jiang et al., 2023), or any other that reads one person's crop."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Shaped, UInt8

from muybridge.errors import CheckpointError, MissingExtraError, MissingWeightsError
from muybridge.landmarks.skeletons import COUNTS, Person

MEAN, SPREAD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Of the colours RGB, 0 to 255, that MMPose's networks were trained on."""
PADDING = 1.25
"""How much larger than the person their crop is (MMPose, GetBBoxCenterScale)."""
DEFAULT = "pose.onnx"

Corners = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""
Maps = Shaped[np.ndarray, "..."]


def model_path(model: Path | None = None) -> Path:
    """Where the detector's file lies: the one that was named, or pose.onnx in the cache folder.

    The cache folder is $MUYBRIDGE_CACHE, or ~/.cache/muybridge. Raises MissingWeightsError where no file is there.
    """
    if model is None:
        cache = os.environ.get("MUYBRIDGE_CACHE")
        model = (Path(cache) if cache else Path.home() / ".cache" / "muybridge") / DEFAULT
    if not model.is_file():
        raise MissingWeightsError(
            f"the landmark detector's file is not at {model}",
            "Fetch RTMPose as ONNX from its authors' model zoo (MMPose, projects/rtmpose: the end2end.onnx of a zip; "
            "the whole-body one has hands and face too), and put it there or name it with --model. "
            "Landmarks of another program need no detector: --landmarks FOLDER",
        )
    return model


class Network:
    """A top-down pose network.

    One input [1, 3, H, W], RGB, normalised; two outputs [1, K, n W] and [1, K, n H], the likelihood of each place along
    x and along y (SimCC: n is 2 in the published ones), or one output [1, K, h, w] of heat maps. K is 17 (COCO), 26
    (Halpe) or 133 (COCO-WholeBody).

    Raises MissingExtraError without onnxruntime, CheckpointError for a file that is no such network.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtraError(
                "finding landmarks needs onnxruntime", "Install it with: pip install 'muybridge[landmarks]'"
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
        # Exports with open sides are the published 256 x 192.
        self.size = tuple(s if isinstance(s, int) else d for s, d in zip(shape[2:], (256, 192), strict=True))
        self._input = entries[0].name
        self.name = f"{path.name}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
        counts = {self._points(maps) for maps in self._run(np.zeros((1, 3, *self.size), np.float32))}
        if len(counts) != 1 or not counts <= set(COUNTS):
            raise CheckpointError(
                f"{path.name} finds {sorted(counts)} points a person", "Networks of 17, 26 or 133 points can be used."
            )
        self.count = counts.pop()

    def find(self, frame: UInt8[np.ndarray, "h w 3"], box: Corners) -> Person:
        """The points [K, 3] of the person in the box: x, y in pixels of the frame, and the score in [0, 1]."""
        rows, columns = self.size
        x0, y0, x1, y1 = box
        wide, tall = max(x1 - x0, 1.0) * PADDING, max(y1 - y0, 1.0) * PADDING
        scale = max(wide / columns, tall / rows)
        left, top = (x0 + x1 - scale * columns) / 2, (y0 + y1 - scale * rows) / 2
        affine = np.array([[1 / scale, 0, -left / scale], [0, 1 / scale, -top / scale]])
        crop = cv2.warpAffine(frame, affine, (columns, rows), flags=cv2.INTER_LINEAR).astype(np.float32)
        level = ((crop - np.array(MEAN)) / np.array(SPREAD)).astype(np.float32)
        places = decode(self._run(level.transpose(2, 0, 1)[None]), (rows, columns))
        places[:, :2] = places[:, :2] * scale + (left, top)
        return places

    def _run(self, crop: Float[np.ndarray, "1 3 h w"]) -> list[Maps]:
        return list(self._session.run(None, {self._input: np.ascontiguousarray(crop)}))

    def _points(self, maps: Maps) -> int:
        return int(maps.shape[1]) if maps.ndim in (3, 4) else 0


def decode(outputs: list[Maps], size: tuple[int, int]) -> Person:
    """The places [K, 3] in pixels of a crop of size (h, w), from SimCC's two outputs or from heat maps.

    SimCC (Li et al., 2022): each coordinate is the place of its own maximum, the score the smaller of the two maxima.
    Heat maps: the maximum, moved a quarter of a cell towards the higher of its neighbours.
    """
    if len(outputs) == 2:
        across, down = (each[0] for each in outputs)
        x, y = across.argmax(1) * size[1] / across.shape[1], down.argmax(1) * size[0] / down.shape[1]
        score = np.minimum(across.max(1), down.max(1))
        return np.stack([x, y, score.clip(0, 1)], 1).astype(np.float64)
    maps = outputs[0][0]
    count, rows, columns = maps.shape
    best = maps.reshape(count, -1).argmax(1)
    at = np.stack([best % columns, best // columns], 1).astype(np.float64)
    edged = np.pad(maps, ((0, 0), (1, 1), (1, 1)), mode="edge")
    for k, (x, y) in enumerate(at.astype(int)):
        slope = edged[k, y + 1, x + 2] - edged[k, y + 1, x], edged[k, y + 2, x + 1] - edged[k, y, x + 1]
        at[k] += 0.25 * np.sign(slope)
    at *= (size[1] / columns, size[0] / rows)
    return np.concatenate([at, maps.reshape(count, -1).max(1).clip(0, 1)[:, None]], 1)
