"""The networks that find landmarks in a picture: what they share, where their files lie, how one is opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, runtime_checkable

from muybridge.errors import CheckpointError, Option, Sentence, Verb
from muybridge.landmarks.blazepose import BlazePose
from muybridge.landmarks.crops import Corners, Picture, bounding_box
from muybridge.landmarks.face_detector import FaceDetector
from muybridge.landmarks.face_mesh import FaceMesh
from muybridge.landmarks.points import Kind
from muybridge.landmarks.rtmpose import RtmPose
from muybridge.landmarks.skeletons import FACE_MESH_COUNTS, ORDERS, Rows
from muybridge.landmarks.tflite import TfliteNetwork, is_tflite
from muybridge.model_files import cache_folder, find_model_file, hint_to_fetch

MIN_SCORE = 0.3
"""Points below this score count as not found: MMPose's own demos do not draw them."""
MIN_POINTS = 6
"""Points of the body, or of a face that is looked for, without which nobody is there."""

RTMPOSE_FILE = "pose.onnx"
BLAZEPOSE_FILE = "pose_landmark_full.tflite"
FACE_MESH_FILE = "face_landmark.tflite"
FACE_DETECTOR_FILE = "face_detection_short_range.tflite"


@runtime_checkable
class PoseNetwork(Protocol):
    """What finds one person's points, or one face's.

    name   the file's, with its checksum
    count  how many points it finds: their order is `skeletons.ORDERS`, or that of a face mesh
    main   rows of those of which enough must be sure, or nobody is there
    sure   the mean score from which a finding needs no other to be compared with
    """

    name: str
    count: int
    main: slice
    sure: float

    def find(self, frame: Picture, box: Corners) -> Rows:
        """The points [K, 3] of the person in the box: x, y in pixels of the frame, and the score in [0, 1]."""

    def suggest_boxes(self, frame: Picture) -> Iterable[Corners]:
        """Where to look for somebody where nothing is known."""


def model_path(model: Path | None = None) -> Path:
    """Where the pose network's file lies: the one that was named, or RTMPose's or BlazePose's in the cache folder.

    The cache folder is $MUYBRIDGE_CACHE, or ~/.cache/muybridge. Raises MissingWeightsError where no file is there.
    """
    blazepose = cache_folder() / BLAZEPOSE_FILE
    # RTMPose comes first where both are there: its networks of whole bodies have hands and face too.
    if model is None and blazepose.is_file() and not (cache_folder() / RTMPOSE_FILE).is_file():
        return blazepose

    return find_model_file(
        model,
        RTMPOSE_FILE,
        "the landmark detector's file is",
        Sentence(
            *(
                "Fetch BlazePose: ",
                Verb("fetch", "blazepose"),
                ". Or put RTMPose there, as ONNX from its authors' model ",
            ),
            "zoo (MMPose, projects/rtmpose: the end2end.onnx of a zip; the whole-body one has hands and face too), or ",
            *("name a file with ", Option("model"), ". "),
            *("Landmarks of another program need no detector: ", Option("landmarks", "FOLDER")),
        ),
    )


def face_mesh_path(model: Path | None = None) -> Path:
    """Where the face mesh lies: the file that was named, or the one in the cache folder; errors as `model_path`."""
    hint = hint_to_fetch(FACE_MESH_FILE, "It is in MediaPipe's package, too.")
    return find_model_file(model, FACE_MESH_FILE, "the face mesh is", hint)


def face_detector_path(mesh: Path | None = None) -> Path:
    """Where the detector of faces lies: beside the mesh, or in the cache folder; errors as `model_path`."""
    beside = None if mesh is None else mesh.with_name(FACE_DETECTOR_FILE)
    hint = hint_to_fetch(FACE_DETECTOR_FILE, "It is in MediaPipe's package, too.")
    return find_model_file(beside, FACE_DETECTOR_FILE, "the face detector is", hint)


def open_network(model: Path | None = None, kind: Kind | None = None) -> PoseNetwork:
    """The network of a file, known by what it holds; for a face without a file, the face mesh where it is there.

    Raises MissingWeightsError, MissingExtraError, or CheckpointError for a file that is none, or finds no face.
    """
    if model is None and kind == "face68" and (cache_folder() / FACE_MESH_FILE).is_file():
        model = face_mesh_path()
    path = model_path(model)

    network: PoseNetwork = _open_tflite(path) if is_tflite(path) else RtmPose(path)
    if kind == "body25" and isinstance(network, FaceMesh):
        raise CheckpointError(f"{network.name} finds a face and no body", "Take BlazePose or RTMPose.")
    if kind == "face68" and not has_face(network):
        raise CheckpointError(
            f"{network.name} finds {network.count} points of a body and no face",
            "Take a network of whole bodies (133 points), the face mesh, or landmarks of another program.",
        )
    return network


def _open_tflite(path: Path) -> PoseNetwork:
    network = TfliteNetwork(path)
    # The face mesh has its points and a flag, BlazePose three outputs more.
    if network.outputs > 2:
        return BlazePose(network, network.name)
    return FaceMesh(network, network.name, lambda: open_face_detector(path))


def open_face_detector(mesh: Path) -> FaceDetector:
    """The detector of faces whose file lies beside the mesh's; errors as `model_path`."""
    network = TfliteNetwork(face_detector_path(mesh))
    return FaceDetector(network, network.name)


def main_rows(network: PoseNetwork, kind: Kind | None) -> slice:
    """The points without which nobody is there: the face's where a face is looked for in whole bodies."""
    order = ORDERS.get(network.count)
    if kind == "face68" and order is not None and order.face is not None:
        return order.face
    return network.main


def has_face(network: PoseNetwork) -> bool:
    """Whether a face's 68 points are among those that it finds."""
    return network.count in FACE_MESH_COUNTS or ORDERS[network.count].face is not None


def find_person(network: PoseNetwork, frame: Picture, main: slice, around: Corners | None = None) -> Rows | None:
    """The points [K, 3] of the person on one frame, faint ones with the score 0; None where nobody is there.

    main    rows of which enough must be sure
    around  where the person was a moment ago; without it the network's own places are looked at, and again round what
            was found there, until somebody is sure enough, or else the surest of all is taken
    """
    # Somebody who was there a moment ago is found by one look nearby.
    if around is not None:
        return _look_closely(network, frame, main, around)

    best: Rows | None = None
    for box in network.suggest_boxes(frame):
        closer = find_box(network.find(frame, box), main)
        found = None if closer is None else _look_closely(network, frame, main, closer)
        if found is None:
            continue
        if best is None or found[:, 2].mean() > best[:, 2].mean():
            best = found
        # Every further box costs more passes of the network.
        if best[:, 2].mean() >= network.sure:
            break
    return best


def find_box(found: Rows, main: slice) -> Corners | None:
    """The box round a person's points that are not faint; None where too few of the rows `main` are among them."""
    return bounding_box(found, main, MIN_SCORE, MIN_POINTS)


def _look_closely(network: PoseNetwork, frame: Picture, main: slice, box: Corners) -> Rows | None:
    found = network.find(frame, box)
    found[found[:, 2] < MIN_SCORE, 2] = 0
    return None if find_box(found, main) is None else found
