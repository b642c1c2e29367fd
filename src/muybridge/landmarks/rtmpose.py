"""A pose network from an ONNX file: RTMPose (Jiang et al., 2023), or any other that reads one person's crop."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from muybridge.errors import CheckpointError
from muybridge.landmarks.crops import Corners, Crop, Picture
from muybridge.landmarks.skeletons import COCO17, Person
from muybridge.model_files import Maps, OnnxNetwork

MEAN = (123.675, 116.28, 103.53)
SPREAD = (58.395, 57.12, 57.375)
"""Of the colours RGB, 0 to 255, that MMPose's networks were trained on."""
PADDING = 1.25
"""How much larger than the person their crop is (MMPose, GetBBoxCenterScale)."""
DEFAULT_SIZE = (256, 192)
"""(h, w) for files that leave their sides open: as the published ones are."""
POINT_COUNTS = frozenset({17, 26, 133})
"""Points of a person: COCO, Halpe, COCO-WholeBody."""


class RtmPose:
    """A top-down pose network.

    One input [1, 3, H, W], RGB, normalised; two outputs [1, K, n W] and [1, K, n H], the likelihood of each place along
    x and along y (SimCC: n is 2 in the published ones), or one output [1, K, h, w] of heat maps. K is 17 (COCO), 26
    (Halpe) or 133 (COCO-WholeBody).

    Raises MissingExtraError without onnxruntime, CheckpointError for a file that is no such network.
    """

    main = slice(len(COCO17))
    sure = 0.0

    def __init__(self, path: Path) -> None:
        self._network = OnnxNetwork(path, DEFAULT_SIZE, "finding landmarks needs")
        self.size = self._network.size
        self.name = f"{path.name}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"

        # A blank picture tells how many points there are; the file's own shapes may leave that open.
        outputs = self._network(np.zeros((1, 3, *self.size), np.float32))
        counts = set()
        for maps in outputs:
            counts.add(int(maps.shape[1]) if maps.ndim in (3, 4) else 0)

        if len(counts) != 1 or not counts <= POINT_COUNTS:
            raise CheckpointError(
                f"{path.name} finds {sorted(counts)} points a person", "Networks of 17, 26 or 133 points can be used."
            )
        self.count = counts.pop()

    def find(self, frame: Picture, box: Corners) -> Person:
        """The points [K, 3] of the person in the box: x, y in pixels of the frame, and the score in [0, 1]."""
        crop = Crop.around(box, self.size, PADDING)
        colours = crop.cut(frame).astype(np.float32)
        level = ((colours - np.array(MEAN)) / np.array(SPREAD)).astype(np.float32)

        found = decode_points(self._network(level.transpose(2, 0, 1)[None]), self.size)
        return np.column_stack([crop.to_picture(found[:, :2]), found[:, 2]])

    def suggest_boxes(self, frame: Picture) -> Iterator[Corners]:
        """Where to look where nothing is known: the whole picture, as the published pipelines do."""
        yield 0.0, 0.0, float(frame.shape[1]), float(frame.shape[0])


def decode_points(outputs: list[Maps], size: tuple[int, int]) -> Person:
    """The places [K, 3] in pixels of a crop of size (h, w), from SimCC's two outputs or from heat maps.

    SimCC (Li et al., 2022): each coordinate is the place of its own maximum, the score the smaller of the two maxima.
    Heat maps: the maximum, moved a quarter of a cell towards the higher of its neighbours.
    """
    if len(outputs) == 2:
        across = outputs[0][0]
        down = outputs[1][0]
        x = across.argmax(1) * size[1] / across.shape[1]
        y = down.argmax(1) * size[0] / down.shape[1]
        score = np.minimum(across.max(1), down.max(1))
        return np.stack([x, y, score.clip(0, 1)], 1).astype(np.float64)

    maps = outputs[0][0]
    count, rows, columns = maps.shape
    best = maps.reshape(count, -1).argmax(1)
    at = np.stack([best % columns, best // columns], 1).astype(np.float64)

    # A maximum on the rim then has itself as a neighbour.
    edged = np.pad(maps, ((0, 0), (1, 1), (1, 1)), mode="edge")
    for k, (x, y) in enumerate(at.astype(int)):
        across = edged[k, y + 1, x + 2] - edged[k, y + 1, x]
        down = edged[k, y + 2, x + 1] - edged[k, y, x + 1]
        at[k] += 0.25 * np.sign([across, down])
    at *= (size[1] / columns, size[0] / rows)
    return np.concatenate([at, maps.reshape(count, -1).max(1).clip(0, 1)[:, None]], 1)
