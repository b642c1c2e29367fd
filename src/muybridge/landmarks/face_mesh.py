"""MediaPipe's face mesh (Kartynnik et al., 2019): 468 points of a face, from its published TFLite file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from muybridge.errors import CheckpointError
from muybridge.landmarks.crops import Corners, Crop, Picture
from muybridge.landmarks.face_detector import FaceDetector
from muybridge.landmarks.skeletons import Rows
from muybridge.landmarks.tflite import PictureNetwork, to_probability

SIDE = 192
PADDING = 1.5
"""How much larger than the face the crop is (MediaPipe, face_landmark_landmarks_to_roi)."""
PRESENT = 0.5
"""Probability from which a face is in the crop (MediaPipe, face_landmark)."""
RIGHT_EYE = 33
LEFT_EYE = 263
"""Outer corners; right and left are the person's own."""
TURNED = float(np.radians(10))
"""A face that is turned by more is looked at again upright."""


class FaceMesh:
    """The network; `skeletons.face_from_mesh` takes 300-W's 68 points of its 468.

    network        the mesh; CheckpointError where it is another one
    open_detector  opens the detector of faces, which is needed where no box is known
    """

    count = 468
    main = slice(468)
    sure = 0.9

    def __init__(self, network: PictureNetwork, name: str, open_detector: Callable[[], FaceDetector]) -> None:
        self._network = network
        self._open_detector = open_detector
        self._detector: FaceDetector | None = None
        self.name = name
        sizes = []
        for output in self._network(np.zeros((SIDE, SIDE, 3), np.float32)):
            sizes.append(output.size)

        if sorted(sizes) != [1, 3 * self.count]:
            raise CheckpointError(f"{name} is not the face mesh, with {self.count} points of 3 numbers, and a flag")

    def find(self, frame: Picture, box: Corners) -> Rows:
        """The points [468, 3] of the face in the box: x, y in pixels of the frame, and how sure it is, 0 to 1."""
        near = None if self._detector is None else self._detector.find_near(frame, box)
        # The mesh alone drifts off a face that moves fast, and is sure of itself all the same.
        crop = Crop.around(box if near is None else near.box, (SIDE, SIDE), PADDING)
        found = self._run(frame, crop)
        across = found[LEFT_EYE, :2] - found[RIGHT_EYE, :2]
        angle = float(np.arctan2(across[1], across[0]))
        if found[0, 2] < PRESENT or abs(angle) < TURNED:
            return found

        upright = self._run(frame, Crop(_middle(found), crop.scale, crop.size, angle))
        return upright if upright[0, 2] >= PRESENT else found

    def suggest_boxes(self, frame: Picture) -> Iterator[Corners]:
        """Where the detector sees faces, the surest first; MissingWeightsError where its file is not there."""
        if self._detector is None:
            self._detector = self._open_detector()
        for face in self._detector.find(frame):
            yield face.box

    def _run(self, frame: Picture, crop: Crop) -> Rows:
        outputs = {}
        for output in self._network(crop.cut(frame).astype(np.float32) / 255):
            outputs[output.size] = output.ravel()

        places = crop.to_picture(outputs[3 * self.count].reshape(self.count, 3)[:, :2].astype(np.float64))
        sure = float(to_probability(outputs[1])[0])
        return np.column_stack([places, np.full(self.count, sure if sure >= PRESENT else 0.0)])


def _middle(found: Rows) -> tuple[float, float]:
    """Of the box round the points."""
    low = found[:, :2].min(0)
    high = found[:, :2].max(0)
    x, y = (low + high) / 2
    return float(x), float(y)
