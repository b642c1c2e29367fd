import hashlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from figures import face, walk

from muybridge.cli import main
from muybridge.errors import CheckpointError, InputError, MissingExtraError, MissingWeightsError
from muybridge.landmarks import detect
from muybridge.landmarks.layout import PLACE
from muybridge.landmarks.pose_network import model_path
from muybridge.landmarks.rtmpose import decode_points
from muybridge.landmarks.skeletons import COCO17, WHOLEBODY_FACE
from muybridge.video import write
from muybridge.video.clip import Clip, Timing
from tiny_network import GREY, REACH, colours, draw_dots, write_network


def drawn(
    feet: list[tuple[float, float]], unit: float = 16.0, size: tuple[int, int] = (200, 260)
) -> tuple[Clip, torch.Tensor]:
    """People made of dots in the network's colours, and where the dots are: [T, 25, 2]."""
    truth = walk(feet, unit).points
    frames = draw_dots(truth, max(2, round(unit / 5)), size)
    return Clip(frames, Timing.constant(len(frames))), truth


@pytest.mark.parametrize("maps", [False, True], ids=["simcc", "heat maps"])
def test_dots_are_found_where_they_are(tmp_path: Path, maps: bool) -> None:
    clip, truth = drawn([(120.0 + 4 * t, 180.0) for t in range(4)])
    found, report = detect(clip, write_network(tmp_path / "net.onnx", size=(256, 192), maps=maps))
    assert found.points.shape == (4, 25, 2)
    rows = [PLACE[name] for name in (*COCO17, "neck", "mid_hip")]
    off = (found.points[:, rows] - truth[:, rows]).norm(dim=-1)
    assert float(off.max()) < 4.5
    assert bool(found.seen[:, rows].all())
    assert not found.seen[:, PLACE["left_heel"]].any()
    assert report.how == "detected"
    assert hashlib.sha256((tmp_path / "net.onnx").read_bytes()).hexdigest() in report.detail
    assert "whole picture" in report.warnings[0]


def test_one_of_two_is_followed_from_a_box(tmp_path: Path) -> None:
    clip, truth = drawn([(190.0 + 3 * t, 190.0) for t in range(3)], 10.0)
    other, _ = drawn([(60.0, 190.0)] * 3, 10.0)
    both = Clip(torch.where((other.pixels.float() - GREY).abs() > 2, other.pixels, clip.pixels), clip.timing)
    found, report = detect(
        both, write_network(tmp_path / "net.onnx", size=(256, 192)), box=(160.0, 100.0, 215.0, 195.0)
    )
    assert float((found.points - truth)[:, :15].norm(dim=-1).max()) < 4
    assert report.warnings == ()
    assert report.people is None


def test_the_command_says_that_nobody_was_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip, _ = drawn([(120.0, 180.0)])
    picture = write(tmp_path / "frames", clip.pixels, clip.timing)
    words = [picture, "--model", write_network(tmp_path / "net.onnx", size=(256, 192)), "--out", tmp_path / "out"]
    assert main(["landmarks", *map(str, words)]) == 0
    said = capsys.readouterr().err
    assert "one person was looked for" in said
    assert "people at once" not in said
    assert json.loads((tmp_path / "out" / "report.json").read_text())["people"] is None


def test_silhouettes_say_where_to_look(tmp_path: Path) -> None:
    clip, truth = drawn([(190.0, 190.0)] * 2, 10.0)
    masks = torch.zeros(2, 1, 200, 260)
    masks[:, :, 100:198, 165:215] = 1
    found, report = detect(clip.with_masks(masks), write_network(tmp_path / "net.onnx", size=(256, 192)))
    assert float((found.points - truth)[:, :15].norm(dim=-1).max()) < 3
    assert report.warnings == ()


def test_who_leaves_is_missing_and_found_again(tmp_path: Path) -> None:
    clip, _ = drawn([(130.0, 180.0)] * 5)
    pixels = clip.pixels.clone()
    pixels[2:4] = int(GREY)
    found, report = detect(Clip(pixels, clip.timing), write_network(tmp_path / "net.onnx", size=(256, 192)))
    assert report.missing == (2, 3)
    assert found.present.tolist() == [True, True, False, False, True]
    assert "lost on 2 of 5" in " ".join(report.warnings)
    with pytest.raises(InputError, match="no subject on any"):
        detect(Clip(pixels[2:4], Timing.constant(2)), tmp_path / "net.onnx")


def test_whole_bodies_and_open_sizes(tmp_path: Path) -> None:
    clip, _ = drawn([(130.0, 180.0)])
    with pytest.raises(InputError, match="no subject"):
        # 133 other colours: nothing is found, but the network runs at the published size.
        detect(
            Clip(torch.full_like(clip.pixels, int(GREY)), clip.timing), write_network(tmp_path / "n", 133, (None, None))
        )


def test_a_face_is_found_by_a_network_of_whole_bodies_only(tmp_path: Path) -> None:
    truth = face((130, 90), 70)
    frame = np.full((200, 260, 3), GREY, np.float32)
    for at, way in zip(truth.tolist(), colours(133)[WHOLEBODY_FACE], strict=True):
        cv2.circle(frame, (round(at[0]), round(at[1])), 4, (GREY + REACH * way).tolist(), -1)
    pixels = torch.from_numpy(frame.round().astype(np.uint8)).permute(2, 0, 1).expand(2, -1, -1, -1)
    clip = Clip(pixels.contiguous(), Timing.constant(2))
    found, report = detect(clip, write_network(tmp_path / "whole.onnx", 133, (256, 192)), kind="face68")
    assert (found.kind, found.points.shape) == ("face68", (2, 68, 2))
    # Lips and nose are drawn over one another here; of the others an edge of the dot is found.
    outer = [*range(17), *range(36, 48)]
    assert float((found.points[:, outer] - truth[outer]).norm(dim=-1).max()) < 6
    assert len(report.confidence) == 2
    with pytest.raises(CheckpointError, match="finds 17 points of a body and no face"):
        detect(clip, write_network(tmp_path / "body.onnx", size=(256, 192)), kind="face68")


def test_simcc_is_read_at_its_own_resolution() -> None:
    across, down = np.zeros((1, 2, 96)), np.zeros((1, 2, 128))
    across[0, 0, 20], down[0, 0, 30] = 0.9, 0.6
    across[0, 1, 95], down[0, 1, 0] = 1.7, -0.2
    found = decode_points([across, down], (64, 48))
    assert found[0].tolist() == [10.0, 15.0, 0.6]
    assert found[1, 0] == 47.5
    assert found[1, 2] == 0


def test_heat_maps_are_read_between_cells() -> None:
    maps = np.zeros((1, 1, 16, 12))
    maps[0, 0, 5, 3], maps[0, 0, 5, 4], maps[0, 0, 4, 3] = 0.8, 0.4, 0.1
    assert decode_points([maps], (64, 48))[0].tolist() == [13.0, 19.0, 0.8]


def test_what_is_missing_or_broken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip, _ = drawn([(130.0, 180.0)])
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    with pytest.raises(MissingWeightsError, match=r"pose\.onnx.*\n.*RTMPose"):
        detect(clip)
    (tmp_path / "pose.onnx").write_bytes(b"not a network")
    assert model_path() == tmp_path / "pose.onnx"
    with pytest.raises(CheckpointError, match="not an ONNX network"):
        detect(clip)
    with pytest.raises(CheckpointError, match=r"finds \[5\] points"):
        detect(clip, write_network(tmp_path / "five.onnx", 5))


def test_without_onnxruntime_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"muybridge\[landmarks\]"):
        detect(drawn([(130.0, 180.0)])[0], write_network(tmp_path / "net.onnx"))
