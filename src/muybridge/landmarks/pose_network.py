"""A pose network from an ONNX file: RTMPose (Jiang et al., 2023), or any other that reads one person's crop."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from muybridge.errors import CheckpointError, Option, Sentence
from muybridge.landmarks.skeletons import Person
from muybridge.model_files import Maps, OnnxNetwork, find_model_file

MEAN, SPREAD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Of the colours RGB, 0 to 255, that MMPose's networks were trained on."""
PADDING = 1.25
"""How much larger than the person their crop is (MMPose, GetBBoxCenterScale)."""
DEFAULT_SIZE = (256, 192)
"""(h, w) for files that leave their sides open: as the published ones are."""

POINT_COUNTS = frozenset({17, 26, 133})
"""Points of a person: COCO, Halpe, COCO-WholeBody."""

Corners = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


def model_path(model: Path | None = None) -> Path:
    """Where the detector's file lies: the one that was named, or pose.onnx in the cache folder.

    The cache folder is $MUYBRIDGE_CACHE, or ~/.cache/muybridge. Raises MissingWeightsError where no file is there.
    """
    return find_model_file(
        model,
        "pose.onnx",
        "the landmark detector's file is",
        Sentence(
            "Fetch RTMPose as ONNX from its authors' model zoo (MMPose, projects/rtmpose: the end2end.onnx of a zip; ",
            *("the whole-body one has hands and face too), and put it there or name it with ", Option("model"), ". "),
            *("Landmarks of another program need no detector: ", Option("landmarks", "FOLDER")),
        ),
    )


class PoseNetwork:
    """A top-down pose network.

    One input [1, 3, H, W], RGB, normalised; two outputs [1, K, n W] and [1, K, n H], the likelihood of each place along
    x and along y (SimCC: n is 2 in the published ones), or one output [1, K, h, w] of heat maps. K is 17 (COCO), 26
    (Halpe) or 133 (COCO-WholeBody).

    Raises MissingExtraError without onnxruntime, CheckpointError for a file that is no such network.
    """

    def __init__(self, path: Path) -> None:
        self._network = OnnxNetwork(path, DEFAULT_SIZE, "finding landmarks needs")
        self.size = self._network.size
        self.name = f"{path.name}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
        counts = {self._count_points(maps) for maps in self._network(np.zeros((1, 3, *self.size), np.float32))}
        if len(counts) != 1 or not counts <= POINT_COUNTS:
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
        places = decode_points(self._network(level.transpose(2, 0, 1)[None]), (rows, columns))
        places[:, :2] = places[:, :2] * scale + (left, top)
        return places

    def _count_points(self, maps: Maps) -> int:
        return int(maps.shape[1]) if maps.ndim in (3, 4) else 0


def decode_points(outputs: list[Maps], size: tuple[int, int]) -> Person:
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
