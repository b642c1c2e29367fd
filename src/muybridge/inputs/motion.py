"""Motion as data, of landmarks and of a run's keypoints; and landmarks of motion."""

from __future__ import annotations

import numpy as np
import torch

from muybridge.errors import InputError
from muybridge.landmarks import Kind, Landmarks
from muybridge.landmarks.layout import BODY25, FACE68
from muybridge.motion import MotionTrack, scale_strength, smooth_motion
from muybridge.tensors import Points
from muybridge.video import Clip, Timing

_HANDS_AND_FACE = (
    *(f"left_hand_{i}" for i in range(21)),
    *(f"right_hand_{i}" for i in range(21)),
    *(f"face_{i}" for i in range(70)),
)
LANDMARK_NAMES: dict[int, tuple[str, ...]] = {
    25: BODY25,
    FACE68: tuple(f"face_{i}" for i in range(FACE68)),
    137: (*BODY25, *_HANDS_AND_FACE),
}
"""How many landmarks there are -> their names in a motion."""


def track_landmarks(landmarks: Landmarks, timing: Timing, size: tuple[int, int]) -> MotionTrack:
    """Landmarks of a clip's frames of size (h, w) as motion."""
    names = LANDMARK_NAMES[landmarks.points.shape[1]]
    return MotionTrack(landmarks.points.numpy(), landmarks.confidence.numpy(), names, timing, size)


def track_keypoints(points: Points, timing: Timing, size: tuple[int, int]) -> MotionTrack:
    """Keypoints [T, K, 2] in [-1, 1] of frames of size (h, w) as motion; all of them are sure."""
    h, w = size
    places = (points.float().cpu().numpy() + 1) / 2 * np.array([w - 1, h - 1], np.float32)
    names = tuple(f"keypoint_{i}" for i in range(points.shape[1]))
    return MotionTrack(places.astype(np.float32), np.ones(places.shape[:2], np.float32), names, timing, size)


def keypoints_of(motion: MotionTrack) -> Points:
    """The points of a motion in [-1, 1] of its frames."""
    h, w = motion.size
    places = torch.from_numpy(motion.points).float()
    return places / torch.tensor([w - 1, h - 1]) * 2 - 1


def landmarks_of(motion: MotionTrack, kind: Kind | None = None) -> Landmarks:
    """The landmarks that a motion names; others are left out, and what it lacks was not found.

    Raises InputError where too few names are those of a body, or of a face for kind "face68".
    """
    count = FACE68 if kind == "face68" else 137 if any(n.startswith("left_hand_") for n in motion.names) else 25
    names = LANDMARK_NAMES[count]
    rows = []
    for i, name in enumerate(names):
        if name in motion.names:
            rows.append(i)

    # One or two names may match by chance: the motion is then of something else.
    if len(rows) < 3:
        raise InputError(
            f"the motion names {', '.join(motion.names[:4])} and {len(rows)} landmarks of a "
            f"{'face' if kind == 'face68' else 'body'}",
            f"Landmarks are named {', '.join(names[:4])} and so on.",
        )
    columns = []
    for row in rows:
        columns.append(motion.names.index(names[row]))

    points = torch.zeros(len(motion.timing), count, 2)
    confidence = torch.zeros(len(motion.timing), count)
    points[:, rows] = torch.from_numpy(motion.points[:, columns]).float()
    confidence[:, rows] = torch.from_numpy(motion.confidence[:, columns]).float()
    return Landmarks(points, confidence, "face68" if count == FACE68 else "body25")


def blank_clip(motion: MotionTrack) -> Clip:
    """A clip with a motion's times and size and nothing in its frames, which take no memory."""
    h, w = motion.size
    return Clip(torch.zeros(1, 3, h, w, dtype=torch.uint8).expand(len(motion.timing), -1, -1, -1), motion.timing)


def refine_motion(motion: MotionTrack, smoothing: str | None, strength: float) -> MotionTrack:
    """The motion smoothed, where a way is named, and then made as strong as was asked."""
    if smoothing is not None:
        motion = smooth_motion(motion, smoothing)
    return motion if strength == 1.0 else scale_strength(motion, strength)
