"""BlazeFace (Bazarevsky et al., 2019): where faces are in a picture, from MediaPipe's published TFLite file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from muybridge.errors import CheckpointError
from muybridge.landmarks.crops import Corners, Crop, Picture, search_boxes
from muybridge.landmarks.tflite import PictureNetwork, to_probability

SIDE = 128
LAYERS = ((16, 2), (8, 6))
"""Cells along a side of each layer, and how many faces each cell may hold (MediaPipe, SsdAnchorsCalculator)."""
ANCHORS = sum(cells * cells * each for cells, each in LAYERS)
NUMBERS = 16
"""Of each: the box's middle and size, then six points, the eyes first."""
PARTS = (1.0, 0.5)
"""Sides of the squares that are looked at besides the whole picture: a face in them is large enough to be seen."""
NEIGHBOURHOOD = 4.0
"""How much larger than a face the part is in which it is looked for again: so large it was among the training's."""
LEAST = 0.6
"""Probability from which it is a face; MediaPipe takes 0.5 for the picture as a whole, and this looks at many parts."""


@dataclass(frozen=True)
class Face:
    """A face that was found: its box in pixels, and its probability."""

    box: Corners
    score: float


class FaceDetector:
    """The network for faces that are near; CheckpointError where it is another one."""

    def __init__(self, network: PictureNetwork, name: str) -> None:
        self._network = network
        sizes = []
        for output in self._network(np.zeros((SIDE, SIDE, 3), np.float32)):
            sizes.append(output.size)

        if sorted(sizes) != [ANCHORS, NUMBERS * ANCHORS]:
            raise CheckpointError(f"{name} is not the face detector, with {ANCHORS} places of {NUMBERS} numbers")
        self._anchors = _anchors()

    def find(self, frame: Picture) -> list[Face]:
        """The best face of each part of the picture that was looked at, the surest first."""
        faces = []
        for box in search_boxes((frame.shape[0], frame.shape[1]), PARTS):
            face = self._look(frame, Crop.around(box, (SIDE, SIDE), 1.0))
            if face.score >= LEAST:
                faces.append(face)
        return sorted(faces, key=lambda face: -face.score)

    def find_near(self, frame: Picture, box: Corners) -> Face | None:
        """The face in or near a box where one was a moment ago; None where there is none."""
        face = self._look(frame, Crop.around(box, (SIDE, SIDE), NEIGHBOURHOOD))
        return face if face.score >= LEAST else None

    def _look(self, frame: Picture, crop: Crop) -> Face:
        outputs = {}
        for output in self._network(crop.cut(frame).astype(np.float32) / 127.5 - 1):
            outputs[output.size] = output.ravel()

        # Nobody promises an order of the outputs, so they are told apart by their sizes.
        scores = to_probability(outputs[ANCHORS])
        best = int(scores.argmax())
        rows = outputs[NUMBERS * ANCHORS].reshape(ANCHORS, NUMBERS)[best].astype(np.float64)

        middle = rows[:2] + self._anchors[best] * SIDE
        corners = crop.to_picture(np.stack([middle - rows[2:4] / 2, middle + rows[2:4] / 2]))
        (x0, y0), (x1, y1) = corners.tolist()
        return Face((x0, y0, x1, y1), float(scores[best]))


def _anchors() -> Float[np.ndarray, "896 2"]:
    """The middle of each cell, x and y in 0 to 1, once for each face that it may hold."""
    places = []
    for cells, each in LAYERS:
        at = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(at, at, indexing="ij")
        places.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), each, axis=0))
    return np.concatenate(places)
