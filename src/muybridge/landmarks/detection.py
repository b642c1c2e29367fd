"""Landmarks found in the pictures themselves, one person followed through the clip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from muybridge.landmarks.crops import Corners, Picture
from muybridge.landmarks.layout import FACE68
from muybridge.landmarks.points import Kind, Landmarks
from muybridge.landmarks.pose_network import PoseNetwork, find_box, find_person, main_rows, open_network
from muybridge.landmarks.report import Report, make_report
from muybridge.landmarks.skeletons import Person, Rows, to_openpose
from muybridge.video.clip import Clip


def detect(
    clip: Clip, model: str | Path | None = None, box: Corners | None = None, kind: Kind | None = None
) -> tuple[Landmarks, Report]:
    """One person's landmarks on every frame, by a pose network from a file.

    model    a file of RTMPose's kind (ONNX), BlazePose or the face mesh (TFLite), see `pose_network`; the one in the
             cache folder unless told
    box      (x0, y0, x1, y1) in pixels round the person on the first frame. Without one it is the box of the clip's
             silhouettes, and without those the whole picture, looked at again round what was found in it
    kind     "face68": the face alone, by a network of whole bodies or the face mesh; what the network finds unless told
    returns  "body25" of 25 points, or 137 where the network has hands and face, or "face68"; and how it went

    From then on the box is that of the points on the frame before; where nobody is in it, the whole picture again.
    The network sees one person, so others in the picture are not counted.

    Raises MissingWeightsError, MissingExtraError or CheckpointError where there is no such network, InputError where
    nobody is found on any frame.
    """
    network = open_network(None if model is None else Path(model), kind)
    main = main_rows(network, kind)
    first = box or _silhouette_box(clip)

    rows: list[Person] = []
    lost = 0
    for _, found in follow_person(network, clip, main, first):
        lost += found is None
        # Zeros keep the place of a frame on which nobody was found.
        rows.append(to_openpose(np.zeros((network.count, 3)) if found is None else found))
    landmarks = _make_landmarks(np.stack(rows), kind)

    notes = []
    if first is None:
        notes.append(
            "one person was looked for in the whole picture, and nobody else: a box helps where it is large, and says "
            "who where there are several"
        )
    if lost:
        notes.append(f"the person was lost on {lost} of {len(clip)} frames")
    return landmarks, make_report(landmarks, "detected", network.name, clip.name, notes=tuple(notes))


def follow_person(
    network: PoseNetwork, clip: Clip, main: slice, around: Corners | None
) -> Iterator[tuple[Picture, Rows | None]]:
    """Each frame, and the person's points on it; None where nobody is there.

    main    rows of which enough must be sure
    around  the person's box on the first frame
    """
    for i in range(len(clip)):
        frame = _frame_pixels(clip, i)
        found = None if around is None else find_person(network, frame, main, around)
        if found is None:
            found = find_person(network, frame, main)
        around = None if found is None else find_box(found, main)
        yield frame, found


def _make_landmarks(points: Float[np.ndarray, "T K 3"], kind: Kind | None) -> Landmarks:
    at = torch.from_numpy(points).float()
    held: Kind = "face68" if points.shape[1] == FACE68 else "body25"
    landmarks = Landmarks(at[..., :2].contiguous(), at[..., 2].contiguous(), held)
    return landmarks.face() if kind == "face68" else landmarks


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
