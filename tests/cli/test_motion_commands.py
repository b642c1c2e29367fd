"""muybridge motion, and animating by data."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tiny_jobs import Command

import muybridge
from muybridge import api
from muybridge.api import Fitted
from muybridge.cli.options import RetargetFlags
from muybridge.errors import UsageError
from muybridge.landmarks import from_joints, to_json
from muybridge.motion import read_motion
from muybridge.output.options import RetargetOptions
from muybridge.puppets import SceneClips, scene
from muybridge.studio.schemas import Render
from muybridge.video import read, write
from tiny_jokr import TINY_TRAINING


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    pair = scene("gif", 5, 64)
    out = tmp_path_factory.mktemp("motion") / "run"
    return api.fit("jokr", pair.a, pair.b, out=out, preset="smoke", set=TINY_TRAINING, device="cpu")


def test_a_pairs_motion_goes_out_and_drives_it(fitted: Fitted, tmp_path: Path, command: Command) -> None:
    run = fitted.run.path
    ended = command("motion", "export", run, "--subject", "B", "--out", tmp_path / "b.csv")
    assert ended.code == 0, ended.err
    assert "4 points on 5 frames" in ended.err
    motion = read_motion(tmp_path / "b.csv")
    own = api.handles(fitted, "b").points
    assert motion.size == (64, 64)
    assert np.allclose(motion.points, (own.numpy() + 1) / 2 * 63, atol=1e-2)

    # Driven by the motion as it is, the result is that of the run's own video.
    assert command("animate", run, "--source", "A", "--out", tmp_path / "plain").code == 0
    by_data = ("animate", run, "--source", "A", "--driving", tmp_path / "b.csv")
    assert command(*by_data, "--out", tmp_path / "same").code == 0
    plain = read(tmp_path / "plain").pixels.float()
    assert float((read(tmp_path / "same").pixels - plain).abs().max()) <= 2

    # DeepLabCut's file says neither its size nor its times: they are those of the run's own video.
    assert (
        command("motion", "import", tmp_path / "b.csv", "--out", tmp_path / "dlc.csv", "--format", "deeplabcut").code
        == 0
    )
    by_other = ("animate", run, "--source", "A", "--driving", tmp_path / "dlc.csv", "--out", tmp_path / "alike-dlc")
    assert command(*by_other).code == 0
    assert float((read(tmp_path / "alike-dlc").pixels - plain).abs().max()) <= 2

    # Standing still, every frame is alike but for the box that it is drawn into; --strength does it without a file.
    assert command(*by_data, "--strength", 0, "--out", tmp_path / "still").code == 0
    assert command("animate", run, "--source", "A", "--strength", 0, "--out", tmp_path / "alike").code == 0
    still = read(tmp_path / "still").pixels.float()
    # Edges fall on other pixels as the box goes.
    assert float((still[0] - still[-1]).abs().mean()) <= 3
    assert float((read(tmp_path / "alike").pixels - still).abs().max()) <= 3


def test_results_of_a_pair_stand_still_where_that_is_asked(fitted: Fitted, tmp_path: Path) -> None:
    pair = scene("gif", 5, 64)
    wish = {"masks": (pair.a, pair.b), "device": "cpu"}
    shutil.copytree(fitted.run.path, tmp_path / "job" / "run")
    still = api.write_results(tmp_path / "job", pair.a, pair.b, strength=0.0, **wish)
    made = [path for name, path in still.files.items() if "moving-like" in name]
    assert len(made) == 2
    for path in made:
        pixels = read(path).pixels.float()
        # Edges fall on other pixels as the box goes, and the codec adds its own.
        assert float((pixels[0] - pixels[-1]).abs().mean()) <= 4


@pytest.mark.parametrize(
    ("method", "wish", "said"),
    [
        ("jokr", {"strength": 2.0}, "between 0 and 150%"),
        ("jokr", {"motion_smoothing": "median"}, "no smoothing 'median'"),
        ("cyclegan", {"strength": 0.5}, "neither steadier nor stronger"),
    ],
)
def test_a_motion_that_cannot_be_changed_is_told_before_anything_is_read(method, wish, said, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        api.retarget("no.mp4", "nor.mp4", tmp_path / "out", method=method, **wish)
    assert not (tmp_path / "out").exists()


def test_the_command_and_the_studio_ask_for_it() -> None:
    chosen = RetargetFlags(strength=80.0, motion_smoothing="savgol").options(RetargetOptions)
    assert (chosen.strength, chosen.motion_smoothing) == (0.8, "savgol")
    assert Render(side="a", motion_smoothing="savgol", strength=1.2).strength == 1.2
    with pytest.raises(ValidationError):
        Render(side="a", strength=3)


def test_what_does_not_fit_is_told(fitted: Fitted, tmp_path: Path, command: Command) -> None:
    run = fitted.run.path
    ended = command("motion", "export", run, "--out", tmp_path / "b.csv")
    assert "--subject A" in ended.err
    assert command("motion", "export", run, "--subject", "b", "--out", tmp_path / "b.csv").code == 0
    lines = (tmp_path / "b.csv").read_text().splitlines()
    (tmp_path / "short.csv").write_text("\n".join(lines[:-1]))
    wrong = {
        ("--driving", tmp_path / "short.csv", "--source", "A"): "4 frames of 4 points, and subject B has 5",
        ("--driving", tmp_path / "b.csv"): "--source A",
        ("--source", "A", "--strength", 200): "between 0 and 150%",
    }
    for words, says in wrong.items():
        ended = command("animate", run, *words, "--out", tmp_path / "x.mp4")
        assert ended.code in (1, 2)
        assert says in ended.err, ended.err


@pytest.fixture(scope="module")
def dancers() -> SceneClips:
    return scene("dancers", 8, 64)


def test_a_dancers_motion_goes_out_and_comes_back(dancers: SceneClips, tmp_path: Path, command: Command) -> None:
    video = write(tmp_path / "dance.mp4", dancers.a.pixels, dancers.a.timing)
    landmarks = from_joints(dancers.joints_a, dancers.joint_names, (64, 64))
    (tmp_path / "landmarks.json").write_text(to_json(landmarks, (64, 64)))
    given = ("--landmarks", tmp_path / "landmarks.json")
    ended = command("motion", "export", video, *given, "--out", tmp_path / "dance.csv", "--format", "deeplabcut")
    assert ended.code == 0, ended.err
    again = command("motion", "export", video, *given, "--out", tmp_path / "dance.csv")
    assert again.code == 1
    assert "--force" in again.err

    back = ("motion", "import", tmp_path / "dance.csv", "--video", video, "--smooth", "savgol")
    ended = command(*back, "--out", tmp_path / "back.json")
    assert ended.code == 0, ended.err
    motion = read_motion(tmp_path / "back.json")
    assert motion.timing.seconds == pytest.approx(dancers.a.timing.seconds, abs=1e-4)
    assert motion.names[:2] == ("nose", "neck")
    row = motion.names.index("left_ankle")
    assert float(np.abs(motion.points[:, row] - landmarks.points[:, row].numpy()).max()) < 4
    for name in ("dance.py", "dance.txt"):
        assert command("motion", "export", video, *given, "--out", tmp_path / name).code == 0


def test_a_subject_performs_a_motion_without_its_video(dancers: SceneClips, tmp_path: Path, command: Command) -> None:
    sizes = {"size": 32, "aspect": 1.0, "padded": False, "width": 4, "critic_width": 4, "image_blocks": 1}
    sizes |= {"decoder_blocks": 1, "perceptual": "weight-free", "train.steps": 2, "train.batch": 2}
    marks = [from_joints(joints, dancers.joint_names, (64, 64)) for joints in (dancers.joints_a, dancers.joints_b)]
    fitted = muybridge.fit(
        "tsnet", dancers.a, landmarks=[marks[0]], out=tmp_path / "run", preset="smoke", set=sizes, device="cpu"
    )
    muybridge.export_motion(dancers.b, tmp_path / "b.json", landmarks=marks[1])
    words = ("animate", tmp_path / "run", "--device", "cpu")
    ended = command(*words, "--driving", tmp_path / "b.json", "--out", tmp_path / "by-data")
    assert ended.code == 0, ended.err
    muybridge.animate(fitted, dancers.b, landmarks=marks[1], out=tmp_path / "by-video")
    assert torch.equal(read(tmp_path / "by-data").pixels, read(tmp_path / "by-video").pixels)
    ended = command(*words, "--driving", tmp_path / "b.json", "--strength", 0, "--out", tmp_path / "still")
    assert ended.code == 0, ended.err
    assert not torch.equal(read(tmp_path / "still").pixels, read(tmp_path / "by-data").pixels)
    record = json.loads((tmp_path / "b.json").read_text())
    record["names"] = [f"point {i}" for i in range(len(record["names"]))]
    (tmp_path / "other.json").write_text(json.dumps(record))
    ended = command(*words, "--driving", tmp_path / "other.json", "--out", tmp_path / "x.mp4")
    assert ended.code == 1
    assert "0 landmarks of a body" in ended.err
