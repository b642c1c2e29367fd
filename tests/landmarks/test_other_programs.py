"""Files of the tools that people use: each form is written here as its program writes it, and read back."""

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from figures import person

from muybridge.errors import InputError
from muybridge.landmarks import read
from muybridge.landmarks.layout import BODY25, FACE, LEFT_HAND, PLACE, RIGHT_HAND
from muybridge.landmarks.skeletons import BLAZEPOSE33, COCO17, FACE_MESH68, HALPE26, OPENPOSE18, WHOLEBODY

SIZE = (240, 320)
FRAMES = 5
Write = Callable[[Path, list[np.ndarray]], Path]


def walker() -> list[np.ndarray]:
    """A body of 25 points on each frame, with toes and heels."""
    frames = []
    for t in range(FRAMES):
        rows = person((100.0 + 6 * t, 200.0), 10)
        for i in range(19, len(BODY25)):
            rows[i] = (100 + 6 * t + i, 205, 0.9)
        frames.append(rows)
    return frames


def take(rows: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Points of these names; what the 25 do not have lies in the corner."""
    return np.stack([rows[PLACE[name]] if name in PLACE else np.array([1.0, 1.0, 0.9]) for name in names])


def dump(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def dump_frames(folder: Path, values: list[Any], name: str) -> Path:
    folder.mkdir()
    for i, value in enumerate(values):
        dump(folder / name.format(i), value)
    return folder


def control_net(rows: np.ndarray, scaled: bool) -> dict[str, Any]:
    points = take(rows, OPENPOSE18)
    points[:, 2] = 1.0
    if scaled:
        points = points / [SIZE[1], SIZE[0], 1]
    hands = {"face_keypoints_2d": None, "hand_left_keypoints_2d": None, "hand_right_keypoints_2d": None}
    people = [{"pose_keypoints_2d": points.ravel().tolist(), **hands}]
    return {"people": people, "animals": [], "canvas_height": SIZE[0], "canvas_width": SIZE[1]}


def write_control_net_list(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    return dump(tmp_path / "poses.json", [control_net(rows, False) for rows in frames])


def write_control_net_scaled(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    return dump(tmp_path / "poses.json", [control_net(rows, True) for rows in frames])


def write_control_net_folder(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    return dump_frames(tmp_path / "poses", [control_net(rows, True) for rows in frames], "pose_{:05d}.json")


def instance(rows: np.ndarray, names: tuple[str, ...] = COCO17) -> dict[str, Any]:
    points = take(rows, names)
    scores = {"keypoint_scores": points[:, 2].tolist(), "bbox": [[1, 2, 3, 4]], "bbox_score": 0.9}
    return {"keypoints": points[:, :2].tolist(), **scores}


def write_mmpose_demo(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = [{"frame_id": t + 1, "instances": [instance(rows)]} for t, rows in enumerate(frames)]
    return dump(tmp_path / "results_clip.json", {"meta_info": {"dataset_name": "coco"}, "instance_info": listed})


def write_mmpose_inferencer(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = [{"frame_id": t, "instances": [instance(rows)]} for t, rows in enumerate(frames)]
    return dump(tmp_path / "clip.json", listed)


def write_mmpose_predictions(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    return dump(tmp_path / "clip.json", {"predictions": [[instance(rows, HALPE26)] for rows in frames]})


def write_mmpose_folder(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    return dump_frames(tmp_path / "predictions", [[instance(rows)] for rows in frames], "{:06d}.json")


def alphapose(rows: np.ndarray, image: str, names: tuple[str, ...], more: int = 0) -> dict[str, Any]:
    points = np.concatenate([take(rows, names), np.full((more, 3), 0.9)])
    record = {"image_id": image, "category_id": 1, "keypoints": points.ravel().tolist()}
    return {**record, "score": 2.9, "box": [0, 0, 9, 9], "idx": [0.0]}


def write_alphapose(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = [alphapose(rows, f"{t}.jpg", COCO17) for t, rows in enumerate(frames)]
    return dump(tmp_path / "alphapose-results.json", listed)


def write_alphapose_halpe(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = [alphapose(rows, f"frame_{t + 1:04d}.png", HALPE26) for t, rows in enumerate(frames)]
    return dump(tmp_path / "alphapose-results.json", listed)


def write_alphapose_whole(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = [alphapose(rows, f"frame_{t + 1:04d}.png", HALPE26, 110) for t, rows in enumerate(frames)]
    return dump(tmp_path / "alphapose-results.json", listed)


def write_alphapose_open(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    found = {}
    for t, rows in enumerate(frames):
        points = take(rows, OPENPOSE18).ravel().tolist()
        found[f"{t}.jpg"] = {"version": "AlphaPose v0.3", "people": [{"pose_keypoints_2d": points}]}
    return dump(tmp_path / "alphapose-results.json", found)


def write_alphapose_cmu(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    found = {}
    for t, rows in enumerate(frames):
        joints = take(rows, OPENPOSE18).ravel().tolist()
        found[f"{t}.jpg"] = {"version": "AlphaPose v0.3", "bodies": [{"joints": joints}]}
    return dump(tmp_path / "alphapose-results.json", found)


def blazepose(rows: np.ndarray) -> list[dict[str, float]]:
    points = take(rows, BLAZEPOSE33) / [SIZE[1], SIZE[0], 1]
    return [{"x": x, "y": y, "z": -0.1, "visibility": sure} for x, y, sure in points.tolist()]


def write_mediapipe(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    return dump(tmp_path / "pose.json", [blazepose(rows) for rows in frames])


def write_mediapipe_named(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = [{"frame": t, "pose_landmarks": blazepose(rows)} for t, rows in enumerate(frames)]
    return dump(tmp_path / "pose.json", {"fps": 25, "frames": listed})


def write_mediapipe_script(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    """The task's result in JavaScript, one list for each person; a file a frame."""
    listed = [{"landmarks": [blazepose(rows)], "worldLandmarks": [blazepose(rows)]} for rows in frames]
    return dump_frames(tmp_path / "poses", listed, "frame{}.json")


def write_mediapipe_numbers(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = [[[p["x"], p["y"], p["z"], p["visibility"]] for p in blazepose(rows)] for rows in frames]
    return dump(tmp_path / "pose.json", listed)


def write_yolo(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    for t, rows in enumerate(frames):
        points = take(rows, COCO17) / [SIZE[1], SIZE[0], 1]
        line = [0, 0.5, 0.5, 0.2, 0.8, *points.ravel().tolist()]
        (folder / f"clip_{t + 1}.txt").write_text(" ".join(f"{number:g}" for number in line) + "\n")
    return folder


def yolo_result(rows: np.ndarray) -> dict[str, Any]:
    x, y, sure = take(rows, COCO17).T.tolist()
    return {"name": "person", "class": 0, "confidence": 0.9, "keypoints": {"x": x, "y": y, "visible": sure}}


def write_yolo_json(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    return dump(tmp_path / "results.json", [[yolo_result(rows)] for rows in frames])


def write_dwpose(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = []
    for rows in frames:
        body = (take(rows, OPENPOSE18)[:, :2] / [SIZE[1], SIZE[0]]).tolist()
        bodies = {"candidate": body, "subset": [list(range(18))]}
        hands = np.full((2, 21, 2), -1.0).tolist()
        listed.append({"bodies": bodies, "hands": hands, "faces": np.full((1, 68, 2), -1.0).tolist()})
    return dump(tmp_path / "dwpose.json", listed)


def write_dwpose_whole(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    listed = []
    for t, rows in enumerate(frames):
        points = np.zeros((134, 3))
        points[:18] = take(rows, OPENPOSE18)
        points[18:24] = take(rows, WHOLEBODY[17:])
        listed.append({"image_id": t, "keypoints": points.ravel().tolist(), "score": 0.9})
    return dump(tmp_path / "results.json", listed)


FORMS: dict[str, tuple[Write, str, tuple[str, ...]]] = {
    "ControlNet, a list": (write_control_net_list, "ControlNet JSON", OPENPOSE18),
    "ControlNet, 0 to 1": (write_control_net_scaled, "ControlNet JSON", OPENPOSE18),
    "ControlNet, a folder": (write_control_net_folder, "ControlNet JSON", OPENPOSE18),
    "MMPose's demo": (write_mmpose_demo, "MMPose JSON", COCO17),
    "MMPose's inferencer": (write_mmpose_inferencer, "MMPose JSON", COCO17),
    "MMPose's predictions": (write_mmpose_predictions, "MMPose JSON", HALPE26),
    "MMPose, a folder": (write_mmpose_folder, "MMPose JSON", COCO17),
    "AlphaPose": (write_alphapose, "COCO JSON", COCO17),
    "AlphaPose, Halpe 26": (write_alphapose_halpe, "COCO JSON", HALPE26),
    "AlphaPose, Halpe 136": (write_alphapose_whole, "COCO JSON", HALPE26),
    "AlphaPose as OpenPose": (write_alphapose_open, "AlphaPose JSON", OPENPOSE18),
    "AlphaPose as CMU": (write_alphapose_cmu, "AlphaPose JSON", OPENPOSE18),
    "MediaPipe, points": (write_mediapipe, "MediaPipe JSON", BLAZEPOSE33),
    "MediaPipe, frames": (write_mediapipe_named, "MediaPipe JSON", BLAZEPOSE33),
    "MediaPipe in JavaScript": (write_mediapipe_script, "MediaPipe JSON", BLAZEPOSE33),
    "MediaPipe, numbers": (write_mediapipe_numbers, "MediaPipe JSON", BLAZEPOSE33),
    "YOLO text": (write_yolo, "YOLO text", COCO17),
    "YOLO JSON": (write_yolo_json, "YOLO JSON", COCO17),
    "DWPose": (write_dwpose, "DWPose", OPENPOSE18),
    "DWPose, 134 points": (write_dwpose_whole, "COCO JSON", (*OPENPOSE18, *WHOLEBODY[17:])),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_clip_comes_back_from_every_form(tmp_path: Path, form: str) -> None:
    write, what, names = FORMS[form]
    frames = walker()
    path = write(tmp_path, frames)

    found, report = read(path, FRAMES, size=SIZE)

    assert report.detail == f"{what}, {path.name}"
    assert report.missing == ()
    rows = [PLACE[name] for name in names if name in PLACE]
    truth = torch.from_numpy(np.stack(frames)).float()
    assert torch.allclose(found.points[:, rows], truth[:, rows, :2], atol=0.01)
    assert bool((found.confidence[:, rows] > 0.5).all())
    unknown = sorted(set(range(25)) - set(rows) - {PLACE["neck"], PLACE["mid_hip"]})
    assert float(found.confidence[:, unknown].sum()) == 0


@pytest.mark.parametrize("form", FORMS)
def test_a_frame_without_anybody_is_missing_in_every_form(tmp_path: Path, form: str) -> None:
    """The second frame's person is taken out as each program does: an empty list, or a file that is not there."""
    write, _, names = FORMS[form]
    path = write(tmp_path, walker())
    if path.is_dir():
        _empty_second_file(path)
    else:
        path.write_text(json.dumps(_without_second(json.loads(path.read_text()))))

    found, report = read(path, FRAMES, size=SIZE)

    assert report.missing == (1,)
    row = PLACE[names[0]]
    assert [round(x) for x in found.points[[0, 2, 4], row, 0].tolist()] == [100, 112, 124]


def _empty_second_file(folder: Path) -> None:
    files = sorted(folder.iterdir())
    if files[1].suffix == ".txt":
        files[1].unlink()
        return
    content = json.loads(files[1].read_text())
    files[1].write_text(json.dumps([] if isinstance(content, list) else _without_people(content)))


def _without_people(frame: Any) -> Any:
    if not isinstance(frame, dict):
        return []
    if "bodies" in frame and isinstance(frame["bodies"], dict):
        return {"bodies": {"candidate": [], "subset": []}, "hands": [], "faces": []}
    lists = ("people", "bodies", "instances", "landmarks", "pose_landmarks", "worldLandmarks")
    return {key: [] if key in lists else value for key, value in frame.items()}


def _without_second(found: Any) -> Any:
    if isinstance(found, dict):
        for key in ("instance_info", "predictions", "frames"):
            if key in found:
                return {**found, key: _without_second(found[key])}
        names = list(found)
        return {name: _without_people(found[name]) if name == names[1] else found[name] for name in names}
    if isinstance(found[1], dict) and "keypoints" in found[1]:
        return [entry for i, entry in enumerate(found) if i != 1]
    return [_without_people(entry) if i == 1 else entry for i, entry in enumerate(found)]


def test_frames_counted_from_1_are_told(tmp_path: Path) -> None:
    frames = walker()
    listed = [alphapose(rows, f"frame_{t + 1:04d}.png", COCO17) for t, rows in enumerate(frames[:-1])]
    _, report = read(dump(tmp_path / "a.json", listed), FRAMES)
    assert report.missing == (4,)
    assert "counted from 1" in " ".join(report.warnings)
    # Names of the clip's own frames count for more than numbers.
    names = [f"frame_{t + 2:04d}.png" for t in range(FRAMES)]
    found, report = read(tmp_path / "a.json", FRAMES, names=names)
    assert report.missing == (3, 4)
    assert float(found.points[0, PLACE["nose"], 0]) == 106


def test_whole_bodies_of_mediapipe_have_hands_and_a_face(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    mesh = rng.uniform(0.2, 0.8, (478, 2))
    hand = rng.uniform(0.2, 0.8, (21, 2))

    def points(rows: np.ndarray) -> list[dict[str, float]]:
        return [{"x": x, "y": y, "z": 0.0} for x, y in rows.tolist()]

    frame = {
        "poseLandmarks": blazepose(walker()[0]),
        "faceLandmarks": points(mesh),
        "leftHandLandmarks": points(hand),
        "rightHandLandmarks": None,
    }
    found, _ = read(dump(tmp_path / "holistic.json", [frame]), 1, size=SIZE)
    scale = np.array([SIZE[1], SIZE[0]])
    assert np.allclose(found.points[0, LEFT_HAND].numpy(), hand * scale, atol=1e-3)
    assert not found.confidence[0, RIGHT_HAND].any()
    face = found.points[0, FACE.start : FACE.start + 68].numpy()
    assert np.allclose(face, mesh[list(FACE_MESH68)] * scale, atol=1e-3)

    dump(tmp_path / "face.json", [{"multiFaceLandmarks": [points(mesh)]}])
    alone, _ = read(tmp_path / "face.json", 1, size=SIZE)
    assert alone.kind == "face68"
    assert np.allclose(alone.points[0].numpy(), face, atol=1e-3)


def test_the_face_mesh_is_taken_at_mirrored_points() -> None:
    """300-W's points have partners on the other side of the face; their partners in the mesh must be partners too."""
    pairs = [(i, 16 - i) for i in range(8)] + [(17 + i, 26 - i) for i in range(5)]
    pairs += [(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)]
    assert len(set(FACE_MESH68)) == 68
    # Of the mesh, partners are 234 and 454 on the cheeks and so on: pairs that MediaPipe's own contours list together.
    right = {234: 454, 93: 323, 33: 263, 133: 362, 61: 291, 78: 308, 70: 300, 63: 293, 105: 334, 66: 296, 107: 336}
    for a, b in pairs:
        one = FACE_MESH68[a]
        if one in right:
            assert right[one] == FACE_MESH68[b]


def test_points_that_are_parts_of_the_picture_need_its_size(tmp_path: Path) -> None:
    path = write_mediapipe(tmp_path, walker())
    with pytest.raises(InputError, match="MediaPipe JSON are parts of the picture"):
        read(path, FRAMES)


NESTED = "[" * 5000 + "]" * 5000
BAD: dict[str, tuple[str, str]] = {
    "no annotations": ('{"annotations": []}', "holds no frames"),
    "annotations that are none": ('{"annotations": 3}', "not COCO's JSON"),
    "annotations of numbers": ('{"annotations": [1]}', "not what COCO has there"),
    "pictures that are none": ('{"images": null, "annotations": []}', "not what COCO has there"),
    "an object without keypoints": ('[{"image_id": 1, "keypoints": []}]', "no subject on any"),
    "an entry without keypoints": ('[{"image_id": 1}]', "'keypoints' is missing"),
    "an empty list": ("[]", "it is an empty list"),
    "other keys": (
        json.dumps({"alpha": 1, "beta": 2, "x" * 500: 3}),
        r"its first keys are alpha, beta, x{37}\.\.\.",
    ),
    "a list of other things": ('[{"alpha": 1}]', "a list of 1 entries; of the first, its first keys are alpha"),
    "a number": ("3", "it is 3"),
    "a long text": (json.dumps("x" * 100_000), r"it is x{37}\.\.\."),
    "deep nesting": (NESTED, "not a JSON file|no landmarks"),
    "a deep list of people": ('{"people": ' + NESTED + "}", "no subject|not a JSON"),
    "deep keypoints": ('[{"image_id": 1, "keypoints": ' + NESTED + "}]", "not numbers|not a JSON|people of 0|1 points"),
    "a number of many digits": ('{"size": ' + "9" * 5000 + "}", "not a JSON file"),
    "a name of many digits": (
        json.dumps([{"image_id": "9" * 5000, "keypoints": [1, 2, 1] * 17}]),
        r"",
    ),
    "too many lists": ("[" + "[]," * 8_000_000 + "[]]", "holds too much"),
    "infinity": ('{"people": [{"pose_keypoints_2d": [1e999, 2, 1]}]}', "x, y and confidence"),
    "far outside": (json.dumps([{"image_id": 1, "keypoints": [1e300, 2, 1] * 17}]), "outside any picture"),
    "two scores": (
        json.dumps([{"keypoints": [[1, 2]] * 17, "keypoint_scores": [1, 2]}]),
        "17 points and 2 scores",
    ),
    "three dimensions and four": (json.dumps([{"keypoints": [[1, 2, 3, 4]] * 17}]), "not x and y"),
    "an instance of nothing": ('{"instance_info": [{"frame_id": 0, "instances": [3]}]}', "no keypoints"),
    "a size of nothing": (
        json.dumps({"format": "muybridge landmarks", "kind": "face68", "size": [0, 5], "points": [[[1, 2, 1]] * 68]}),
        "broken file of landmarks",
    ),
    "an endless size": (
        '{"format": "muybridge landmarks", "kind": "face68", "size": [1e400, 5], "points": []}',
        "broken file of landmarks",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_one_short_sentence(tmp_path: Path, name: str) -> None:
    text, says = BAD[name]
    path = tmp_path / "a.json"
    path.write_text(text)
    if not says:
        assert len(read(path)[0]) == 1
        return
    with pytest.raises(InputError, match=says) as caught:
        read(path)
    assert len(str(caught.value)) < 600 + len(str(path))


def test_a_text_of_other_things_is_quoted_shortly(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 1_000_000)
    with pytest.raises(InputError, match="not a text of numbers") as caught:
        read(tmp_path / "a.txt")
    assert len(str(caught.value)) < 600 + len(str(tmp_path))


def test_missing_points_may_be_null_or_not_a_number(tmp_path: Path) -> None:
    rows = take(walker()[0], COCO17)
    rows[0] = math.nan
    text = json.dumps([{"image_id": 0, "keypoints": rows.ravel().tolist(), "score": 1}])
    for written in (text, text.replace("NaN", "null")):
        (tmp_path / "a.json").write_text(written)
        found, _ = read(tmp_path / "a.json")
        assert float(found.confidence[0, PLACE["nose"]]) == 0
        assert float(found.confidence[0, PLACE["left_eye"]]) > 0


def test_several_clips_in_one_folder_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.json").write_text(write_mmpose_demo(tmp_path / name, walker()).read_text())
    with pytest.raises(InputError, match="holds 5 frames, and lies among 2 files"):
        read(tmp_path, FRAMES)


def _mutate(value: Any, random: np.random.Generator) -> Any:
    """The same JSON with one thing in it replaced or left out."""
    strange = [None, "x", -1, 1e308, True, [], {}, [[]], [None], {"x": 1}, [1, "a"], 10**30]
    if random.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return strange[random.integers(len(strange))]
    if isinstance(value, dict):
        key = list(value)[random.integers(len(value))]
        if random.random() < 0.2:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: _mutate(value[key], random)}
    index = int(random.integers(len(value)))
    if random.random() < 0.1:
        return value[:index] + value[index + 1 :]
    return [*value[:index], _mutate(value[index], random), *value[index + 1 :]]


@pytest.mark.parametrize("form", [name for name in FORMS if name != "YOLO text"])
def test_files_with_something_wrong_in_them_are_read_or_refused(tmp_path: Path, form: str) -> None:
    path = FORMS[form][0](tmp_path, walker())
    target = sorted(path.iterdir())[1] if path.is_dir() else path
    content = json.loads(target.read_text())
    random = np.random.default_rng(len(form))
    for _ in range(60):
        target.write_text(json.dumps(_mutate(content, random)))
        with contextlib.suppress(InputError):
            found, _ = read(path, FRAMES, size=SIZE)
            assert bool(torch.isfinite(found.points).all())
