"""Predictions of pose and identity networks, as the published pipelines write them."""

import json
from pathlib import Path

import pytest

from muybridge.errors import InputError
from muybridge.evaluation import compare_identities, compare_poses, read_predictions


def table(path: Path, name: str, values: list[list[object]]) -> Path:
    records = [{"file_name": name, "frame_number": i, "value": value} for i, value in enumerate(values)]
    path.write_text(json.dumps(records))
    return path


def test_akd_and_mkr_of_two_tables(tmp_path: Path) -> None:
    truth = table(tmp_path / "gt.json", "walk.png", [[[10, 10], [20, 20]], [[10, 10], [-1, -1]]])
    made = table(tmp_path / "gen.json", "walk.png", [[[13, 14], [-1, -1]], [[10, 10], [5, 5]]])
    found = compare_poses(read_predictions(truth), read_predictions(made))
    # Found in both: distances 5 and 0. Of three that are in the truth, one is missing.
    assert found == pytest.approx({"akd": 2.5, "mkr": 1 / 3})


def test_aed_of_two_tables(tmp_path: Path) -> None:
    truth = table(tmp_path / "gt.json", "walk.png", [[0.0, 0.0], [1.0, 1.0]])
    made = table(tmp_path / "gen.json", "walk.png", [[3.0, 4.0], [1.0, 1.0]])
    assert compare_identities(read_predictions(truth), read_predictions(made)) == pytest.approx({"aed": 2.5})
    with pytest.raises(InputError, match="landmarks"):
        compare_poses(read_predictions(truth), read_predictions(made))


def test_names_and_features_as_the_published_programs_write_them(tmp_path: Path) -> None:
    """Results are saved as the clip's whole file name and .png; a body's features come as one row of a table."""
    truth = table(tmp_path / "gt.json", "a#1.png", [[[0.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]]])
    made = table(tmp_path / "gen.json", "a#1.mp4.png", [[[3.0, 4.0, 0.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]]])
    assert compare_identities(read_predictions(truth), read_predictions(made)) == pytest.approx({"aed": 2.5})


def test_frames_on_which_nothing_was_found(tmp_path: Path) -> None:
    seen = read_predictions(table(tmp_path / "a.json", "walk.png", [[[1, 1], [2, 2]]]))
    unseen = read_predictions(table(tmp_path / "b.json", "walk.png", [[[-1, -1], [-1, -1]]]))
    assert compare_poses(seen, unseen) == {"mkr": 1.0}
    with pytest.raises(InputError, match="any true frame"):
        compare_poses(unseen, seen)


def test_png_is_not_compared_with_mp4(tmp_path: Path) -> None:
    truth = read_predictions(table(tmp_path / "gt.json", "walk.png", [[[1, 1]]]))
    made = read_predictions(table(tmp_path / "gen.json", "walk.mp4", [[[1, 1]]]))
    with pytest.raises(InputError, match="compression"):
        compare_poses(truth, made)


def test_every_true_frame_needs_a_prediction(tmp_path: Path) -> None:
    truth = read_predictions(table(tmp_path / "gt.json", "walk.png", [[[1, 1]], [[1, 1]]]))
    made = read_predictions(table(tmp_path / "gen.json", "walk.png", [[[1, 1]]]))
    with pytest.raises(InputError, match="1 of 2"):
        compare_poses(truth, made)


def openpose(folder: Path, frames: list[list[float] | None]) -> Path:
    folder.mkdir()
    for i, flat in enumerate(frames):
        people = [] if flat is None else [{"pose_keypoints_2d": flat}]
        (folder / f"walk_{i:012d}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": people}))
    return folder


def test_openposes_folders(tmp_path: Path) -> None:
    truth = read_predictions(openpose(tmp_path / "gt", [[0, 0, 0.9, 10, 0, 0.8], [0, 0, 0.9, 0, 0, 0]]))
    made = read_predictions(openpose(tmp_path / "gen", [[0, 3, 0.9, 10, 1, 0.8], None]))
    # Frame 0: distances 3 and 1. Frame 1 has nobody: one landmark of three is missing.
    assert compare_poses(truth, made) == pytest.approx({"akd": 2.0, "mkr": 1 / 3})


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '[{"file_name": "a.png"}]', '[{"file_name": "a", "frame_number": 0, "value": "x"}]',
     '[{"file_name": "a", "frame_number": 0, "value": [[1, 2, 3]]}]'],
)  # fmt: skip
def test_files_that_hold_no_predictions(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(InputError):
        read_predictions(path)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "pose.pkl").write_bytes(b"\x80\x04N.")
    with pytest.raises(InputError, match=r"pickle[^$]*orient='records'"):
        read_predictions(tmp_path / "pose.pkl")
    with pytest.raises(InputError, match="no JSON"):
        read_predictions(tmp_path)
