"""AKD, MKR and AED by networks: small ones written by hand, whose answers are known, through the same code."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from muybridge.errors import CheckpointError, MissingExtraError, MissingWeightsError
from muybridge.evaluation import PEOPLE, PICTURES, PersonMetrics, load_metric_networks, unmeasured_notes
from muybridge.evaluation.person_metrics import TRIED, load_identity, load_poses
from muybridge.networks.pretrained.identity import SPREAD
from tiny_network import GREY, REACH, colours, write_identity, write_network

PLACES = np.stack([60 + 24 * (np.arange(17) % 5), 40 + 30 * (np.arange(17) // 5)], 1)
"""Where the dots of somebody in the pose network's colours are, pixels."""
PALE = 0.33
"""Strength of colours that are just found, so that no dot is taken for one of a similar colour that is missing."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches of torch and of Muybridge."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    return tmp_path


def dots(shift: tuple[int, int] = (0, 0), without: int = 0, frames: int = 2) -> torch.Tensor:
    """Frames [T, 3, 200, 240] of somebody made of dots, moved by `shift`, the first `without` of them painted out."""
    picture = np.full((200, 240, 3), GREY, np.float32)
    for k, (place, way) in enumerate(zip(PLACES + shift, colours(17), strict=True)):
        if k >= without:
            cv2.circle(picture, tuple(int(v) for v in place), 4, (GREY + PALE * REACH * way).tolist(), -1)
    return torch.from_numpy(picture.round().astype(np.uint8)).permute(2, 0, 1).expand(frames, -1, -1, -1).contiguous()


@pytest.mark.parametrize("maps", [False, True], ids=["simcc", "heat maps"])
def test_landmarks_of_moved_and_of_missing_dots(tmp_path: Path, maps: bool) -> None:
    pose = load_poses(write_network(tmp_path / "pose.onnx", size=(256, 192), maps=maps))
    points, found = pose(dots())
    assert points.shape == (2, 17, 2)
    assert bool(found.all())
    assert float((points - torch.from_numpy(PLACES)).norm(dim=-1).max()) < 6
    people = PersonMetrics(pose)
    people.look(dots(), dots())
    assert people.figures() == ({"akd": 0.0, "mkr": 0.0}, {})
    people = PersonMetrics(pose)
    people.look(dots((6, 8)), dots())
    moved, _ = people.figures()
    assert moved["akd"] == pytest.approx(10, abs=1)
    people.look(dots(without=4), dots())
    both, _ = people.figures()
    # Two clips of two frames: half of their landmarks are moved, and 4 of 17 are missing in the other half.
    assert both["mkr"] == pytest.approx(moved["mkr"] / 2 + 4 / 34, abs=1e-6)
    assert both["akd"] == pytest.approx(moved["akd"] * 17 / 30, abs=0.3)


def test_frames_without_anybody_say_so(tmp_path: Path) -> None:
    pose = load_poses(write_network(tmp_path / "pose.onnx", size=(256, 192)))
    empty = torch.full((2, 3, 200, 240), int(GREY), dtype=torch.uint8)
    lost = PersonMetrics(pose)
    lost.look(empty, dots())
    figures, missing = lost.figures()
    assert figures == {"mkr": 1.0}
    assert set(missing) == {"akd"}
    nobody = PersonMetrics(pose)
    nobody.look(dots(), empty)
    assert nobody.figures()[0] == {}
    assert "nobody" in nobody.figures()[1]["mkr"]
    assert PersonMetrics().figures() == ({}, {})


def test_clips_of_something_else_are_not_looked_at_for_long() -> None:
    asked: list[int] = []

    def nobody(pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        asked.append(len(pixels))
        return torch.zeros(len(pixels), 17, 2), torch.zeros(len(pixels), 17, dtype=torch.bool)

    people = PersonMetrics(nobody)
    for _ in range(TRIED + 5):
        people.look(dots(frames=1), dots(frames=1))
    assert len(asked) == 2 * TRIED
    assert set(people.figures()[1]) == {"akd", "mkr"}


def test_features_of_known_colours(tmp_path: Path) -> None:
    identity = load_identity(write_identity(tmp_path / "identity.onnx"))
    truth = torch.full((2, 3, 50, 40), 100, dtype=torch.uint8)
    made = truth.clone()
    made[1, 0], made[1, 2] = 130, 60
    people = PersonMetrics(identity=identity)
    people.look(made, truth)
    # One frame of two is another's: 30 of 255 redder and 40 less blue, each by its own deviation.
    apart = ((30 / 255 / SPREAD[0]) ** 2 + (40 / 255 / SPREAD[2]) ** 2) ** 0.5
    assert people.figures() == ({"aed": pytest.approx(apart / 2, rel=1e-4)}, {})
    opened = load_identity(write_identity(tmp_path / "open.onnx", (None, None)))
    assert torch.allclose(opened(made), identity(made), atol=1e-3)


def test_what_is_missing_is_named_and_the_caches_are_looked_in(cache: Path) -> None:
    by = load_metric_networks(PEOPLE)
    assert set(by.missing) == set(PEOPLE)
    assert str(cache / "pose.onnx") in by.missing["mkr"]
    assert str(cache / "identity.onnx") in by.missing["aed"]
    assert len(unmeasured_notes(by.missing)) == 2
    assert unmeasured_notes(by.missing)[0].startswith("akd, mkr were not measured: ")
    assert set(load_metric_networks().missing) == set(PICTURES)
    write_network(cache / "pose.onnx")
    write_identity(cache / "identity.onnx")
    by = load_metric_networks(PEOPLE)
    assert by.missing == {}
    assert by.pose is not None
    assert by.identity is not None
    with pytest.raises(MissingWeightsError, match=r"none\.onnx"):
        load_metric_networks(PEOPLE, identity=cache / "none.onnx")


def test_files_that_are_no_identity_network(tmp_path: Path) -> None:
    (tmp_path / "words.onnx").write_bytes(b"not a network")
    with pytest.raises(CheckpointError, match="not an ONNX network"):
        load_metric_networks(PEOPLE, identity=tmp_path / "words.onnx")
    with pytest.raises(CheckpointError, match="not one row of features"):
        load_metric_networks(PEOPLE, identity=write_network(tmp_path / "pose.onnx"))


def test_without_onnxruntime_figures_are_missing_unless_a_file_was_named(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    file = write_identity(cache / "identity.onnx")
    assert "onnxruntime" in load_metric_networks(PEOPLE).missing["aed"]
    with pytest.raises(MissingExtraError, match=r"muybridge\[landmarks\]"):
        load_metric_networks(PEOPLE, identity=file)
