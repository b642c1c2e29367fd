import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from figures import face, person

from muybridge.errors import InputError, UsageError
from muybridge.landmarks import read, to_json
from muybridge.landmarks.layout import FACE, LEFT_HAND, PLACE, RIGHT_HAND
from muybridge.landmarks.skeletons import COCO17, HALPE26, OPENPOSE18, WHOLEBODY_FACE, order_by_name, to_openpose

FEET = [(100.0 + 3 * t, 200.0) for t in range(6)]


def openpose(rows: np.ndarray, **parts: np.ndarray) -> dict[str, Any]:
    found = {"pose_keypoints_2d": rows.ravel().tolist()}
    return found | {f"{name}_keypoints_2d": p.ravel().tolist() for name, p in parts.items()}


def folder(tmp_path: Path, frames: dict[str, list[dict[str, Any]]]) -> Path:
    for name, people in frames.items():
        (tmp_path / f"{name}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": people}))
    return tmp_path


def walker(tmp_path: Path) -> Path:
    return folder(tmp_path, {f"v_{t:012d}": [openpose(person(at, 10))] for t, at in enumerate(FEET)})


def test_openpose_files_of_one_person(tmp_path: Path) -> None:
    found, report = read(walker(tmp_path), 6)
    assert found.kind == "body25"
    assert found.points.shape == (6, 137, 2)
    assert torch.allclose(found.points[:, 1], torch.tensor([(x, 130.0) for x, _ in FEET]))
    assert report.how == "given"
    assert report.missing == ()
    assert report.people == 1
    # Neither hands nor face are in the files, and that is said.
    assert [w.split(":")[0] for w in report.warnings] == ["left hand", "right hand", "face"]


def test_hands_and_face_come_to_their_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {
        n: rng.uniform(1, 99, (k, 3)) % [100, 100, 1] for n, k in (("hand_left", 21), ("hand_right", 21), ("face", 70))
    }
    path = folder(tmp_path, {"one": [openpose(person((100, 200), 10), **parts)]})
    found, _ = read(path)
    for rows, name in ((LEFT_HAND, "hand_left"), (RIGHT_HAND, "hand_right"), (FACE, "face")):
        assert np.allclose(found.points[0, rows].numpy(), parts[name][:, :2], atol=1e-4)
        assert np.allclose(found.confidence[0, rows].numpy(), parts[name][:, 2], atol=1e-4)
    alone, _ = read(path, kind="face68")
    assert np.allclose(alone.points[0].numpy(), parts["face"][:68, :2], atol=1e-4)


def test_a_frame_without_people_is_missing_and_told(tmp_path: Path) -> None:
    path = walker(tmp_path)
    (path / "v_000000000002_keypoints.json").write_text(json.dumps({"people": []}))
    found, report = read(path, 6)
    assert report.missing == (2,)
    assert not found.present[2]
    assert "no subject on frame 2" in " ".join(report.warnings)


def test_files_are_matched_by_number_or_name(tmp_path: Path) -> None:
    path = walker(tmp_path)
    (path / "v_000000000003_keypoints.json").unlink()
    found, report = read(path, 6)
    assert report.missing == (3,)
    assert float(found.points[5, 1, 0]) == FEET[5][0]
    begun, _ = read(path, 2, cut=True)
    assert begun.points[:, 1, 0].tolist() == [100.0, 103.0]
    by_name, report = read(path, 3, names=["v_000000000004.png", "v_000000000003.png", "v_000000000001.png"])
    assert by_name.points[:, 1, 0].tolist() == [112.0, 0.0, 103.0]
    assert report.missing == (1,)
    with pytest.raises(InputError, match="landmarks for 5 frames, and the clip has 4"):
        read(path, 4)


def test_the_larger_person_is_followed_though_the_order_changes(tmp_path: Path) -> None:
    frames = {}
    for t, (x, y) in enumerate(FEET):
        two = [openpose(person((x, y), 10)), openpose(person((300 - 3 * x, y), 6))]
        frames[f"{t}"] = two[:: 1 if t % 2 else -1]
    found, report = read(folder(tmp_path, frames), 6)
    assert found.points[:, 1, 0].tolist() == [x for x, _ in FEET]
    assert report.people == 2
    assert "2 people on one frame" in report.warnings[0]
    other, _ = read(tmp_path, 6, person=1)
    assert other.points[:, 1, 0].tolist() == [300 - 3 * x for x, _ in FEET]
    with pytest.raises(UsageError, match="no person 2: 2 were found"):
        read(tmp_path, 6, person=2)


def test_somebody_who_is_hidden_for_a_while_is_the_same_and_crumbs_are_nobody(tmp_path: Path) -> None:
    crumb = np.zeros((25, 3))
    crumb[:2] = [[500, 500, 0.9], [501, 501, 0.9]]
    frames = {str(t): [openpose(person((100.0 + t, 200), 10)), openpose(crumb)] for t in range(12)}
    for t in (4, 5, 6):
        frames[str(t)] = [openpose(crumb)]
    found, report = read(folder(tmp_path, frames), 12)
    assert report.missing == (4, 5, 6)
    assert report.people == 1
    assert float(found.points[11, 1, 0]) == 111


def test_one_person_who_leaps_is_one_person(tmp_path: Path) -> None:
    places = [(100.0, 200.0), (101.0, 200.0), (400.0, 200.0), (401.0, 200.0)]
    found, report = read(folder(tmp_path, {str(t): [openpose(person(at, 10))] for t, at in enumerate(places)}), 4)
    assert found.points[:, 1, 0].tolist() == [x for x, _ in places]
    assert (report.people, report.missing) == (1, ())


def test_one_who_leaps_nearer_to_the_camera_is_one_person(tmp_path: Path) -> None:
    frames = {str(t): [openpose(person((100 if t < 3 else 420, 200), 5 if t < 3 else 12))] for t in range(6)}
    found, report = read(folder(tmp_path, frames), 6)
    assert (report.people, report.missing) == (1, ())
    assert found.points[:, 1, 0].tolist() == [100.0] * 3 + [420.0] * 3


def test_a_leap_is_told_for_it_may_be_somebody_else(tmp_path: Path) -> None:
    """One leaves, and another of the same size comes: nothing but the warning can tell."""
    places = [(100.0, 200.0)] * 5 + [(420.0, 200.0)] * 5
    _, report = read(folder(tmp_path, {str(t): [openpose(person(at, 10))] for t, at in enumerate(places)}), 10)
    assert "between frames 4 and 5: perhaps that is somebody else" in " ".join(report.warnings)
    (tmp_path / "still").mkdir()
    calm = {str(t): [openpose(person((100.0 + t, 200), 10))] for t in range(4)}
    assert "somebody else" not in " ".join(read(folder(tmp_path / "still", calm), 4)[1].warnings)


def test_somebody_small_passing_by_does_not_end_a_leap(tmp_path: Path) -> None:
    frames = {}
    for t in range(20):
        there = [openpose(person((100.0 if t < 10 else 420.0, 200), 10))]
        frames[f"{t:02d}"] = [*there, openpose(person((250, 200), 4))] if t == 3 else there
    found, report = read(folder(tmp_path, frames), 20)
    assert report.missing == ()
    assert report.people == 2
    assert found.points[:, 1, 0].tolist() == [100.0] * 10 + [420.0] * 10


def test_two_people_of_one_size_come_back_to_themselves(tmp_path: Path) -> None:
    """Hidden for longer than anybody is waited for, both: each is joined to whom it is nearest."""
    left, right = openpose(person((100, 200), 10)), openpose(person((400, 200), 10))
    frames = {f"{t:03d}": [] if 10 <= t < 60 else [left, right] if t < 10 else [right, left] for t in range(70)}
    path = folder(tmp_path, frames)
    for who in (0, 1):
        found, report = read(path, 70, person=who)
        assert report.missing == tuple(range(10, 60))
        at = found.points[[0, 69], 1, 0].tolist()
        assert at[0] == at[1]
    with pytest.raises(UsageError, match="no person 2: 2 were found"):
        read(path, 70, person=2)


def test_older_openpose_files_have_18_points(tmp_path: Path) -> None:
    full = person((100, 200), 10)
    rows = np.stack([full[PLACE[name]] for name in OPENPOSE18])
    found, _ = read(folder(tmp_path, {"0": [openpose(rows)]}))
    assert found.points[0, PLACE["mid_hip"]].tolist() == [100.0, 160.0]
    assert found.points[0, PLACE["left_ankle"]].tolist() == full[PLACE["left_ankle"], :2].tolist()
    assert float(found.confidence[0, PLACE["left_heel"]]) == 0


def coco(rows: np.ndarray, image: int, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": 1, "keypoints": rows.ravel().tolist()} | more


def test_coco_data_sets_and_results(tmp_path: Path) -> None:
    full = person((100, 200), 10)
    rows = np.stack([full[PLACE[name]] for name in COCO17])
    rows[:, 2] = 2
    images = [
        {"id": 7, "file_name": "b/frame2.png"},
        {"id": 9, "file_name": "b/frame10.png"},
        {"id": 8, "file_name": "x3"},
    ]
    (tmp_path / "set.json").write_text(
        json.dumps({"images": images, "annotations": [coco(rows, 7), coco(rows + np.array([5, 0, 0]), 9)]})
    )
    found, report = read(tmp_path / "set.json", 3, names=["frame2.jpg", "frame10.jpg", "x3.jpg"])
    assert found.points[:2, 1].tolist() == [[100.0, 130.0], [105.0, 130.0]]
    assert float(found.confidence[0, 1]) == 1
    assert report.missing == (2,)
    rows[:, 2] = 0.6
    (tmp_path / "results.json").write_text(json.dumps([coco(rows, 0, score=0.9), coco(rows, 2, score=0.8)]))
    found, report = read(tmp_path / "results.json", 4)
    assert report.missing == (1, 3)
    assert float(found.confidence[2, PLACE["nose"]]) == pytest.approx(0.6)
    assert report.detail == "COCO JSON, results.json"


def test_whole_bodies_come_to_their_rows() -> None:
    rows = np.stack([np.arange(133.0), np.arange(133.0) + 0.5, np.full(133, 0.7)], -1)
    whole = to_openpose(rows)
    assert whole.shape == (137, 3)
    assert whole[PLACE["left_big_toe"], 0] == 17
    assert whole[PLACE["right_heel"], 0] == 22
    assert whole[FACE.start : FACE.start + 68, 0].tolist() == list(range(23, 91))
    assert whole[LEFT_HAND, 0].tolist() == list(range(91, 112))
    assert whole[RIGHT_HAND, 0].tolist() == list(range(112, 133))
    assert whole[PLACE["neck"], 0] == 5.5
    assert whole[FACE.stop - 1, 2] == 0
    halpe = to_openpose(rows[:26])
    assert halpe[PLACE["neck"], 0] == HALPE26.index("neck")


def test_faces_are_taken_from_whole_bodies(tmp_path: Path) -> None:
    points = face((50, 60), 30)
    whole = np.zeros((133, 3))
    whole[:17] = np.stack([person((60, 200), 10)[PLACE[name]] for name in COCO17])
    whole[WHOLEBODY_FACE] = np.concatenate([points.numpy(), np.full((68, 1), 0.8)], 1)
    (tmp_path / "results.json").write_text(json.dumps([coco(whole, t, score=0.9) for t in range(3)]))
    body, _ = read(tmp_path / "results.json", 3)
    assert (body.kind, body.points.shape) == ("body25", (3, 137, 2))
    found, report = read(tmp_path / "results.json", 3, kind="face68")
    assert (found.kind, found.points.shape) == ("face68", (3, 68, 2))
    assert torch.allclose(found.points, points, atol=1e-3)
    assert report.confidence == pytest.approx((0.8, 0.8, 0.8))
    # What was written of the whole body holds the face too.
    (tmp_path / "landmarks.json").write_text(to_json(body, (300, 200)))
    again, report = read(tmp_path, 3, kind="face68")
    assert torch.allclose(again.points, points, atol=1e-3)
    assert report.size == (300, 200)
    assert torch.allclose(body.face().points, points, atol=1e-3)
    assert found.face() is found


def test_files_without_a_face_are_refused_where_one_is_needed(tmp_path: Path) -> None:
    rows = np.stack([person((100, 200), 10)[PLACE[name]] for name in COCO17])
    (tmp_path / "set.json").write_text(json.dumps([coco(rows, 0, score=0.9)]))
    with pytest.raises(InputError, match="holds bodies without a face, and face68 is needed"):
        read(tmp_path / "set.json", 1, kind="face68")
    body, _ = read(tmp_path / "set.json", 1)
    with pytest.raises(InputError, match="body's 25 points"):
        body.face()
    (tmp_path / "landmarks.json").write_text(to_json(body, (300, 200)))
    with pytest.raises(InputError, match="bodies without a face"):
        read(tmp_path / "landmarks.json", 1, kind="face68")
    (tmp_path / "face.txt").write_text("\n".join(f"{x} {y}" for x, y in face((50, 60), 30).tolist()))
    with pytest.raises(InputError, match="holds faces alone, and body25 is needed"):
        read(tmp_path / "face.txt", 1, kind="body25")


def test_a_made_point_needs_both_of_its_ends() -> None:
    rows = np.ones((17, 3))
    rows[COCO17.index("left_hip"), 2] = 0
    body = order_by_name(rows, COCO17)
    assert body[PLACE["mid_hip"], 2] == 0
    assert body[PLACE["neck"], 2] == 1


def test_texts_of_faces(tmp_path: Path) -> None:
    points = face((50, 60), 30).numpy().round(2)
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text("\n".join(f"{x + i},{y}" for x, y in points))
    found, report = read(tmp_path, 3)
    assert found.kind == "face68"
    assert np.allclose(found.points[2].numpy(), points + np.array([2, 0]), atol=1e-4)
    assert report.warnings == ()
    table = tmp_path / "all.csv"
    table.write_text("\n".join(" ".join(str(v) for v in points.ravel()) for _ in range(4)) + "\n" + "0 " * 136)
    found, report = read(table, 5)
    assert report.missing == (4,)
    # Tables as spreadsheets write them, with a comma behind each line; and all frames one below the other.
    table.write_text("\n".join(",".join(str(v) for v in points.ravel()) + "," for _ in range(3)))
    assert np.allclose(read(table, 3)[0].points.numpy(), points, atol=1e-4)
    stacked = [f"{x} {y}" for shift in range(3) for x, y in points + shift]
    table.write_text("\n".join(stacked))
    found, _ = read(table, 3)
    assert np.allclose(found.points[2].numpy(), points + 2, atol=1e-4)
    table.write_text("\n".join(stacked[:-1]))
    with pytest.raises(InputError, match="406 numbers where 136"):
        read(table)
    dots = tmp_path / "one.pts"
    lines = "\n".join(f"{x:.2f} {y:.2f}" for x, y in points)
    dots.write_text(f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n")
    found, _ = read(dots, 1)
    assert np.allclose(found.points[0].numpy(), points - 1, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", "{", "not a JSON file"),
        ("a.json", "{}", "no landmarks that can be read"),
        ("a.json", '{"people": 3}', "names no people"),
        ("a.json", '{"people": [{"pose_keypoints_2d": [1, 2]}]}', "x, y and confidence"),
        ("a.json", '{"people": [{"pose_keypoints_2d": ["a", 2, 3]}]}', "not numbers"),
        ("a.json", '{"people": [{"pose_keypoints_2d": [1, 2, 1]}]}', "1 body points"),
        ("a.json", json.dumps({"people": [openpose(np.full((25, 3), 0.5))]}), "between -1 and 1"),
        ("a.json", '[{"image_id": 1}]', "not COCO's JSON"),
        ("a.json", '[{"image_id": 1, "keypoints": [1, 2, 3]}]', "people of 1 points"),
        ("a.json", '{"format": "muybridge landmarks", "kind": "x"}', "broken file of landmarks"),
        ("a.json", '{"people": []}', "no subject on any of the 1 frames"),
        ("a.json", json.dumps({"people": [{"pose_keypoints_2d": [10**400, 2, 1]}]}), "not numbers"),
        ("a.txt", "1 2\n3 4", "4 numbers where 136"),
        ("a.txt", "hello", "not a text of numbers"),
        ("a.txt", "inf nan " * 68, "outside any picture"),
    ],
)
def test_files_that_are_no_landmarks_are_named(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says):
        read(tmp_path / name)


def test_folders_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no landmarks"):
        read(tmp_path)
    (tmp_path / "a.txt").write_text("1")
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(InputError, match="both JSON and text"):
        read(tmp_path)
    with pytest.raises(InputError, match="there is no file"):
        read(tmp_path / "nowhere")


def test_real_dancers(shared: Path) -> None:
    for name in ("00110", "00164"):
        images = sorted(p.name for p in (shared / "data" / "dance" / "images" / name).iterdir())
        found, report = read(shared / "data" / "dance" / "labels" / name, 30, names=images)
        assert found.points.shape == (30, 137, 2)
        assert report.missing == ()
        assert min(report.confidence) > 0.6
        assert bool(found.present.all())
