"""Landmarks found in the pictures themselves, one person followed through the clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from muybridge.errors import CheckpointError
from muybridge.landmarks.points import Kind, Landmarks
from muybridge.landmarks.pose_network import Corners, PoseNetwork, model_path
from muybridge.landmarks.report import Report, make_report
from muybridge.landmarks.skeletons import COCO17, WHOLEBODY_FACE, Person, to_openpose
from muybridge.video.clip import Clip

MIN_SCORE = 0.3
"""Points below this score count as not found: MMPose's own demos do not draw them."""
MIN_POINTS = 6
"""Points of the body, or of a face that is looked for, without which nobody is there."""

Picture = UInt8[np.ndarray, "h w 3"]


def detect(
    clip: Clip, model: str | Path | None = None, box: Corners | None = None, kind: Kind | None = None
) -> tuple[Landmarks, Report]:
    """One person's landmarks on every frame, by a pose network from a file.

    model    an ONNX file, see `network.Network`; pose.onnx in the cache folder unless told
    box      (x0, y0, x1, y1) in pixels round the person on the first frame. Without one it is the box of the clip's
             silhouettes, and without those the whole picture, looked at again round what was found in it
    kind     "face68": the face alone, by a network of whole bodies; a body unless told
    returns  "body25" of 25 points, or 137 where the network has hands and face, or "face68"; and how it went

    From then on the box is that of the points on the frame before; where the person is lost, the whole picture again.
    The network sees one person, so others in the picture are not counted.

    Raises MissingWeightsError, MissingExtraError or CheckpointError where there is no such network, InputError where
    nobody is found on any frame.
    """
    network = PoseNetwork(model_path(None if model is None else Path(model)))
    if kind == "face68" and network.count < WHOLEBODY_FACE.stop:
        raise CheckpointError(
            f"{network.name} finds {network.count} points of a body and no face",
            "Take a network of whole bodies (133 points), or give landmarks of another program.",
        )
    main = WHOLEBODY_FACE if kind == "face68" else slice(len(COCO17))
    first = box or _silhouette_box(clip)
    rows: list[Person] = []
    around = first
    lost = 0
    for i in range(len(clip)):
        frame = _frame_pixels(clip, i)
        whole = (0.0, 0.0, float(frame.shape[1]), float(frame.shape[0]))
        found = network.find(frame, around or whole)
        if around is None and (closer := bounding_box(found, main)) is not None:
            found = network.find(frame, closer)
        found[found[:, 2] < MIN_SCORE, 2] = 0
        around = bounding_box(found, main)
        if around is None:
            lost += 1
            found = np.zeros_like(found)
        rows.append(to_openpose(found))
    at = torch.from_numpy(np.stack(rows)).float()
    landmarks = Landmarks(at[..., :2].contiguous(), at[..., 2].contiguous(), "body25")
    if kind == "face68":
        landmarks = landmarks.face()
    notes = []
    if first is None:
        notes.append(
            "one person was looked for in the whole picture, and nobody else: a box helps where it is large, and says "
            "who where there are several"
        )
    if lost:
        notes.append(f"the person was lost on {lost} of {len(clip)} frames")
    return landmarks, make_report(landmarks, "detected", network.name, clip.name, notes=tuple(notes))


def bounding_box(found: Person, main: slice) -> Corners | None:
    """The box round a person's points that are not faint; None where too few of the rows `main` are among them."""
    sure = found[found[:, 2] >= MIN_SCORE, :2]
    if int((found[main, 2] >= MIN_SCORE).sum()) < MIN_POINTS:
        return None
    (x0, y0), (x1, y1) = sure.min(0), sure.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def _silhouette_box(clip: Clip) -> Corners | None:
    """The box of the first silhouette, if it is the subject's and not the whole picture."""
    if clip.mattes is None:
        return None
    rows, columns = (clip.mattes[0, 0] > 127).nonzero(as_tuple=True)
    if len(rows) == 0 or len(rows) == clip.height * clip.width:
        return None
    return float(columns.min()), float(rows.min()), float(columns.max()), float(rows.max())


def _frame_pixels(clip: Clip, index: int) -> Picture:
    h, w = clip.sizes[index] if clip.sizes is not None else (clip.height, clip.width)
    return np.ascontiguousarray(clip.pixels[index, :, :h, :w].permute(1, 2, 0).numpy())
