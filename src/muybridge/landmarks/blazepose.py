"""BlazePose (Bazarevsky et al., 2020): a body's 33 points and its mask, from MediaPipe's published TFLite file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from muybridge.errors import CheckpointError
from muybridge.landmarks.crops import Corners, Crop, Picture, search_boxes
from muybridge.landmarks.skeletons import BLAZEPOSE33, Person
from muybridge.landmarks.tflite import PictureNetwork, to_probability

SIDE = 256
PADDING = 1.25
"""How much larger than the person, or than the circle round them, the crop is (MediaPipe, pose_landmarks_to_roi)."""
PARTS = (0.8, 0.5)
"""Sides of the squares in which somebody is looked for, as parts of the picture's shorter side."""
PRESENT = 0.5
"""Probability from which somebody is in the crop (MediaPipe, pose_landmark_by_roi)."""
TURNED = float(np.radians(20))
"""A person who is turned by more is looked at again upright: the network was trained on people who are."""
RESIZED = 1.6
"""So is one who is this much larger or smaller in the crop than those."""

ROWS = 39
"""Of the file's points: 33 of the body, the middle of the hips, the top of the circle round the body, four unused."""
HIPS = 33
CIRCLE = 34


class BlazePose:
    """The network; its 33 points are `skeletons.BLAZEPOSE33`. Raises CheckpointError where it is another one."""

    count = len(BLAZEPOSE33)
    main = slice(len(BLAZEPOSE33))
    sure = 0.85

    def __init__(self, network: PictureNetwork, name: str) -> None:
        self._network = network
        self.name = name
        sizes = set()
        for output in self._network(np.zeros((SIDE, SIDE, 3), np.float32)):
            sizes.add(output.size)

        if not {5 * ROWS, 1, SIDE * SIDE} <= sizes:
            raise CheckpointError(f"{name} is not BlazePose, with {ROWS} points of 5 numbers, a flag and a mask")

    def find(self, frame: Picture, box: Corners) -> Person:
        """The points [33, 3] of the person in the box: x, y in pixels of the frame, and how visible each is, 0 to 1."""
        return self._look(frame, box)[0]

    def suggest_boxes(self, frame: Picture) -> Iterator[Corners]:
        """Where to look where nothing is known; in the whole of a wide picture people are too small."""
        return search_boxes((frame.shape[0], frame.shape[1]), PARTS)

    def find_mask(self, frame: Picture, box: Corners) -> Float[np.ndarray, "h w"]:
        """How probable it is that a pixel of the frame is the person's in the box, 0 to 1; 0 where nobody is there."""
        return self._look(frame, box)[1]

    def _look(self, frame: Picture, box: Corners) -> tuple[Person, Float[np.ndarray, "h w"]]:
        crop = Crop.around(box, (SIDE, SIDE), PADDING)
        points, aligned, mask = self._run(frame, crop)
        if aligned is not None and _differs(crop, aligned):
            again, _, closer = self._run(frame, aligned)
            # Somebody half outside the picture may be lost from near.
            if again[:, 2].sum() > 0:
                return again, closer
        return points, mask

    def _run(self, frame: Picture, crop: Crop) -> tuple[Person, Crop | None, Float[np.ndarray, "h w"]]:
        """Points and mask in the frame, and the crop that fits the person; None where nobody is there."""
        outputs = {}
        for output in self._network(crop.cut(frame).astype(np.float32) / 255):
            outputs[output.size] = output.ravel()

        rows = outputs[5 * ROWS].reshape(ROWS, 5).astype(np.float64)
        places = crop.to_picture(rows[:, :2])
        # The network draws a skeleton into any picture, and only this number says whether somebody is there.
        if outputs[1][0] < PRESENT:
            return np.zeros((self.count, 3)), None, np.zeros(frame.shape[:2], np.float32)

        sure = to_probability(rows[: self.count, 3:5]).min(1)
        found = np.column_stack([places[: self.count], sure])
        mask = crop.spread(to_probability(outputs[SIDE * SIDE].reshape(SIDE, SIDE)), frame.shape[:2])
        return found, _aligned_crop(places), mask


def _aligned_crop(places: Float[np.ndarray, "39 2"]) -> Crop:
    """The crop in which the person stands upright, round the middle of the hips (MediaPipe, AlignmentPointsToRects)."""
    hips = places[HIPS]
    up = places[CIRCLE] - hips
    radius = max(float(np.hypot(*up)), 1.0)
    angle = float(np.arctan2(up[0], -up[1]))
    return Crop((float(hips[0]), float(hips[1])), 2 * radius * PADDING / SIDE, (SIDE, SIDE), angle)


def _differs(seen: Crop, wanted: Crop) -> bool:
    ratio = seen.scale / wanted.scale
    return abs(wanted.angle) > TURNED or max(ratio, 1 / ratio) > RESIZED
