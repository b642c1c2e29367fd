"""BlazePose, the face mesh and the detector of faces: by networks made here whose answers are known, and by MediaPipe's
own files where its package is installed (nothing of it is imported)."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from figures import person

from muybridge.errors import CheckpointError, MissingWeightsError
from muybridge.landmarks import Landmarks, detect, find_person_masks, read
from muybridge.landmarks.blazepose import BlazePose
from muybridge.landmarks.crops import Crop, Picture, search_boxes
from muybridge.landmarks.face_detector import ANCHORS, FaceDetector
from muybridge.landmarks.face_mesh import FaceMesh
from muybridge.landmarks.layout import FACE, PLACE
from muybridge.landmarks.pose_network import FACE_DETECTOR_FILE, FACE_MESH_FILE, find_person, model_path, open_network
from muybridge.landmarks.skeletons import BLAZEPOSE33, FACE_MESH68, to_openpose
from muybridge.landmarks.tflite import TfliteNetwork
from muybridge.model_files import Maps
from muybridge.video import read as read_clip
from muybridge.video.clip import Clip, Timing
from muybridge.video.paths import list_images
from tiny_network import GREY, REACH, colours

WAYS = colours(35)
"""A colour for each of BlazePose's points, and for the two that say how somebody lies."""


def draw(turned: float, size: tuple[int, int] = (300, 400)) -> tuple[Picture, np.ndarray]:
    """A person of coloured dots, turned about the hips by degrees; and where the dots are: [35, 2]."""
    upright = person((200.0, 190.0), 10.0)
    rows = np.zeros((35, 2))
    for i, name in enumerate(BLAZEPOSE33):
        rows[i] = upright[PLACE[name], :2] if name in PLACE else (200 + 3 * (i - 10), 100)
    rows[29:33] = [(192, 194), (208, 194), (188, 198), (212, 198)]
    hips = upright[PLACE["mid_hip"], :2]
    rows[33] = hips
    rows[34] = hips - (0, 55)
    angle = np.radians(turned)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rows = (rows - hips) @ turn.T + (200, 150)

    frame = np.full((*size, 3), GREY, np.float32)
    for (x, y), way in zip(rows, WAYS, strict=True):
        cv2.circle(frame, (round(x), round(y)), 2, (GREY + REACH * way).tolist(), -1)
    return frame.round().astype(np.uint8), rows


class DotNetwork:
    """Outputs of BlazePose's shape for people of dots: a point is where its colour is nearest."""

    def __init__(self) -> None:
        self.angles: list[float] = []
        """By how much the person was turned in each crop that was looked at, degrees."""

    def __call__(self, picture: np.ndarray) -> list[Maps]:
        rows = np.zeros((39, 5), np.float32)
        colour = (picture * 255 - GREY) / REACH
        drawn = np.abs(colour).sum(2) > 0.3
        # What lies beyond the picture's borders is black, and nobody.
        drawn &= picture.sum(2) > 0
        for i, way in enumerate(WAYS):
            away = np.abs(colour - way).sum(2)
            y, x = np.unravel_index(int(away.argmin()), away.shape)
            rows[i] = (x, y, 0, 9, 9) if away[y, x] < 0.5 else (x, y, 0, -9, -9)
        up = rows[34, :2] - rows[33, :2]
        self.angles.append(float(np.degrees(np.arctan2(up[0], -up[1]))))
        mask = np.where(drawn, 9.0, -9.0).astype(np.float32)
        flag = np.float32([[float(drawn.sum() > 20)]])
        return [rows.reshape(1, -1), flag, mask.reshape(1, 256, 256, 1)]


@pytest.mark.parametrize("turned", [0.0, 12.0, 90.0, 180.0, -140.0])
def test_people_are_found_however_they_lie(turned: float) -> None:
    frame, truth = draw(turned)
    network = DotNetwork()
    found = find_person(BlazePose(network, "dots"), frame, slice(33))

    assert found is not None
    body = to_openpose(found)
    for name in ("left_wrist", "right_knee", "left_ankle", "right_big_toe"):
        place = truth[BLAZEPOSE33.index(name)]
        assert np.hypot(*(body[PLACE[name], :2] - place)) < 4, name
        assert body[PLACE[name], 2] > 0.9
    assert body[PLACE["left_small_toe"], 2] == 0
    assert np.hypot(*(body[PLACE["mid_hip"], :2] - (200, 150))) < 4
    # Whoever lies is looked at once more so that they stand.
    assert abs(network.angles[-1]) < 20


def test_a_mask_lies_where_the_person_is() -> None:
    frame, truth = draw(0.0)
    mask = BlazePose(DotNetwork(), "dots").find_mask(frame, (150.0, 60.0, 250.0, 240.0))
    assert mask.shape == frame.shape[:2]
    drawn = np.abs(frame.astype(float) - GREY).sum(2) > 60
    assert mask[drawn].mean() > 0.7
    assert mask[~cv2.dilate(drawn.astype(np.uint8), np.ones((7, 7))).astype(bool)].max() < 0.1
    assert np.hypot(*(truth[33] - (200, 150))) < 1e-6


def test_nobody_is_nobody() -> None:
    empty = np.full((300, 400, 3), int(GREY), np.uint8)
    network = BlazePose(DotNetwork(), "dots")
    assert find_person(network, empty, network.main) is None
    assert not network.find_mask(empty, (150.0, 100.0, 250.0, 200.0)).any()


def test_crops_go_there_and_back() -> None:
    crop = Crop((120.0, 80.0), 0.7, (64, 48), 0.6)
    corner = crop.to_picture(np.array([[24.0, 32.0], [24.0, 12.0]]))
    assert np.allclose(corner[0], (120, 80))
    # Up in the crop is up and to the right in the picture, by the angle.
    assert np.allclose(corner[1] - corner[0], 14 * np.array([np.sin(0.6), -np.cos(0.6)]))
    picture = np.zeros((160, 240, 3), np.uint8)
    cv2.circle(picture, (130, 70), 3, (255, 255, 255), -1)
    y, x = np.argwhere(crop.cut(picture)[..., 0] > 200).mean(0)
    assert np.allclose(crop.to_picture(np.array([[x, y]]))[0], (130, 70), atol=1)
    back = crop.spread(np.ones((16, 12), np.float32), (160, 240))
    assert back[80, 120] == pytest.approx(1)
    assert back[0, 0] == 0


def test_the_search_covers_the_picture() -> None:
    boxes = list(search_boxes((100, 260), (0.8, 0.5)))
    assert boxes[0] == (0, 0, 260, 100)
    covered = np.zeros((100, 260), int)
    for x0, y0, x1, y1 in boxes[1:]:
        assert x1 - x0 == pytest.approx(y1 - y0)
        covered[round(y0) : round(y1), round(x0) : round(x1)] += 1
    assert covered.min() >= 2


def mesh_network(picture: np.ndarray) -> list[Maps]:
    """A mesh of points on a line from the one dark pixel to the one bright one; none where there are none."""
    points = np.zeros((468, 3), np.float32)
    grey = picture.mean(2)
    y0, x0 = np.unravel_index(int(grey.argmin()), grey.shape)
    y1, x1 = np.unravel_index(int(grey.argmax()), grey.shape)
    points[:, 0] = np.linspace(x0, x1, 468)
    points[:, 1] = np.linspace(y0, y1, 468)
    points[33, :2] = (x0, y0)
    points[263, :2] = (x1, y1)
    there = 9.0 if grey.max() - grey.min() > 0.5 else -9.0
    return [np.float32([[there]]), points.reshape(1, -1, 1, 1)]


def test_a_face_that_is_turned_is_found_upright() -> None:
    frame = np.full((200, 200, 3), 127, np.uint8)
    cv2.circle(frame, (80, 80), 4, (20, 20, 20), -1)
    cv2.circle(frame, (120, 130), 4, (235, 235, 235), -1)
    network = FaceMesh(mesh_network, "line", pytest.fail)
    found = network.find(frame, (60.0, 60.0, 140.0, 150.0))
    assert np.hypot(*(found[33, :2] - (80, 80))) < 5
    assert np.hypot(*(found[263, :2] - (120, 130))) < 5
    assert to_openpose(found).shape == (68, 3)
    assert not network.find(np.full((200, 200, 3), 127, np.uint8), (60.0, 60.0, 140.0, 150.0))[:, 2].any()


OVAL = (
    389,
    356,
    454,
    323,
    361,
    288,
    397,
    365,
    379,
    378,
    400,
    377,
    152,
    148,
    176,
    149,
    150,
    136,
    172,
    58,
    132,
    93,
    234,
    127,
    162,
)
RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE = (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)


@pytest.mark.parametrize(
    ("rows", "contour"),
    [
        (slice(0, 17), OVAL[::-1]),
        (slice(36, 42), RIGHT_EYE),
        (slice(42, 48), LEFT_EYE),
        (slice(48, 60), LIPS),
        (slice(60, 68), INNER_LIPS),
    ],
    ids=["jaw", "right eye", "left eye", "lips", "inner lips"],
)
def test_points_of_a_face_follow_the_published_contours(rows: slice, contour: tuple[int, ...]) -> None:
    """MediaPipe publishes which points of its mesh lie along each contour; 300-W's go round the same, in order."""
    places = [contour.index(row) for row in FACE_MESH68[rows]]
    assert places == sorted(places)
    assert places[0] == 0
    assert len(set(FACE_MESH68)) == 68


def test_the_detector_reads_its_cells() -> None:
    """Cell 8 of the second row of the finer layer, whose face is two cells wide and half a cell to the right."""
    scores = np.full((1, ANCHORS, 1), -9.0, np.float32)
    boxes = np.zeros((1, ANCHORS, 16), np.float32)
    best = 2 * (16 + 8)
    scores[0, best] = 9
    boxes[0, best, :4] = (4, 0, 16, 16)
    detector = FaceDetector(lambda _: [scores, boxes], "one cell")
    face = detector.find(np.zeros((128, 128, 3), np.uint8))[0]
    assert face.box == pytest.approx((8.5 * 8 + 4 - 8, 1.5 * 8 - 8, 8.5 * 8 + 4 + 8, 1.5 * 8 + 8))
    assert face.score > 0.99


def test_other_networks_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is not BlazePose"):
        BlazePose(lambda _: [np.zeros(3)], "three")
    with pytest.raises(CheckpointError, match="is not the face mesh"):
        FaceMesh(lambda _: [np.zeros(3)], "three", pytest.fail)
    with pytest.raises(CheckpointError, match="is not the face detector"):
        FaceDetector(lambda _: [np.zeros(3)], "three")
    (tmp_path / "broken.tflite").write_bytes(b"\x1c\0\0\0TFL3" + b"x" * 100)
    with pytest.raises(CheckpointError, match="not a TFLite network"):
        open_network(tmp_path / "broken.tflite")
    (tmp_path / "other.tflite").write_bytes(b"x" * 100)
    with pytest.raises(CheckpointError, match="not a TFLite network"):
        TfliteNetwork(tmp_path / "other.tflite")


def published(name: str) -> Path:
    """A file of MediaPipe's package; the test is skipped where it is not installed."""
    found = importlib.util.find_spec("mediapipe")
    for folder in (found.submodule_search_locations or []) if found else []:
        for path in Path(folder).glob(f"modules/*/{name}"):
            return path
    pytest.skip(f"needs {name}: pip install mediapipe==0.10.14 --no-deps")


def few(shared: Path, name: str) -> tuple[Clip, Landmarks]:
    """Six frames of a dancer at 640 pixels, and OpenPose's landmarks of them."""
    images = shared / "data" / "dance" / "images" / name
    clip = read_clip(images, max_side=640, max_frames=6)
    names = [path.name for path in list_images(images)][:6]
    truth, _ = read(shared / "data" / "dance" / "labels" / name, 6, names=names)
    return clip, truth.resize((1080, 1920), (clip.height, clip.width))


@pytest.mark.parametrize("name", ["00110", "00164"])
def test_real_dancers_are_found(shared: Path, name: str) -> None:
    clip, truth = few(shared, name)
    found, report = detect(clip, published("pose_landmark_full.tflite"))
    assert report.missing == ()
    joints = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    rows = [PLACE[f"{side}_{joint}"] for joint in joints for side in ("left", "right")]
    trunk = (truth.points[:, PLACE["neck"]] - truth.points[:, PLACE["mid_hip"]]).norm(dim=-1)
    off = (found.points[:, rows] - truth.points[:, rows]).norm(dim=-1) / trunk[:, None]
    assert float((off < 0.2).float().mean()) > 0.95


def test_a_real_dancers_mask(shared: Path) -> None:
    clip, truth = few(shared, "00164")
    masks = find_person_masks(clip[[0, 1]], published("pose_landmark_full.tflite"))
    inside = (masks[0, 0] > 0.5).numpy()
    assert 0.02 < inside.mean() < 0.2
    for name in ("neck", "mid_hip", "left_knee", "right_shoulder"):
        x, y = truth.points[0, PLACE[name]].round().int().tolist()
        assert inside[y, x], name


def test_a_real_dancers_face(shared: Path, tmp_path: Path) -> None:
    clip, truth = few(shared, "00164")
    mesh = published(FACE_MESH_FILE)
    (tmp_path / FACE_MESH_FILE).write_bytes(mesh.read_bytes())
    with pytest.raises(MissingWeightsError, match="face detector"):
        detect(clip, tmp_path / FACE_MESH_FILE, kind="face68")
    (tmp_path / FACE_DETECTOR_FILE).write_bytes(published(FACE_DETECTOR_FILE).read_bytes())
    found, report = detect(clip, tmp_path / FACE_MESH_FILE)
    assert (found.kind, report.missing) == ("face68", ())
    labels = truth.points[:, FACE.start : FACE.start + 68]
    size = (labels.amax(1) - labels.amin(1)).norm(dim=-1)
    off = (found.points - labels).norm(dim=-1) / size[:, None]
    assert float(off.median(1).values.max()) < 0.12
    # Each part by itself, and nearer to its own labels than to its mirror's: nothing has changed sides.
    parts = {"jaw": (0, 17), "brows": (17, 27), "nose": (27, 36), "eyes": (36, 48), "lips": (48, 68)}
    for name, (first, last) in parts.items():
        assert float(off[:, first:last].median()) < 0.12, name
    for right, left in ((36, 45), (39, 42), (48, 54), (17, 26), (0, 16)):
        assert float(off[:, right].median()) < float(
            ((found.points[:, right] - labels[:, left]).norm(dim=-1) / size).median()
        )
    with pytest.raises(CheckpointError, match="a face and no body"):
        detect(clip, tmp_path / FACE_MESH_FILE, kind="body25")


def test_blazepose_is_taken_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    file = published("pose_landmark_full.tflite")
    (tmp_path / file.name).write_bytes(file.read_bytes())
    assert model_path() == tmp_path / file.name
    network = open_network()
    assert isinstance(network, BlazePose)
    grey = Clip(torch.full((1, 3, 64, 64), 127, dtype=torch.uint8), Timing.constant(1))
    assert not find_person_masks(grey).any()
    with pytest.raises(CheckpointError, match="33 points of a body and no face"):
        detect(grey, kind="face68")
