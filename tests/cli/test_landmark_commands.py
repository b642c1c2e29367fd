"""muybridge landmarks, and what takes landmarks."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from tiny_jobs import Command

import muybridge
from muybridge.errors import InputError, UsageError
from muybridge.inputs.landmarks import read_all_with_landmarks, read_with_landmarks
from muybridge.landmarks import Landmarks, from_joints, read, to_json
from muybridge.puppets import SceneClips, scene
from muybridge.video import Timing, write
from tiny_network import draw_dots, write_network


@pytest.fixture(scope="module")
def dancers() -> SceneClips:
    return scene("dancers", 8, 64)


def openpose(landmarks: Landmarks, folder: Path, second: bool = False) -> Path:
    folder.mkdir()
    for t, (points, trust) in enumerate(zip(landmarks.points, landmarks.confidence, strict=True)):
        rows = torch.cat([points, trust[:, None]], 1)
        people = [rows, rows * torch.tensor([0.5, 0.5, 1])] if second else [rows]
        record = {"people": [{"pose_keypoints_2d": each.flatten().tolist()} for each in people]}
        (folder / f"clip_{t:012d}_keypoints.json").write_text(json.dumps(record))
    return folder


def of(drawn: SceneClips) -> Landmarks:
    return from_joints(drawn.joints_a, drawn.joint_names, (64, 64))


def test_landmarks_of_a_video(tmp_path: Path, dancers: SceneClips, command: Command) -> None:
    video = write(tmp_path / "dance.mp4", dancers.a.pixels, dancers.a.timing)
    files = openpose(of(dancers), tmp_path / "json", second=True)
    out = tmp_path / "landmarks"
    ended = command("landmarks", video, "--landmarks", files, "--out", out)
    assert ended.code == 0
    assert "OpenPose JSON" in ended.err
    assert "2 people on one frame" in ended.err
    assert "people at once: 2" in ended.err
    assert ended.out.splitlines()[-1] == str(out / "sheet.png")
    assert {p.name for p in out.iterdir()} == {"landmarks.json", "sheet.png", "report.json"}
    back, _ = read(out, 8)
    assert float((back.points[:, :19] - of(dancers).points[:, :19]).abs().max()) < 1e-3
    told = json.loads((out / "report.json").read_text())
    assert told["people"] == 2
    assert len(told["confidence"]) == 8

    again = command("landmarks", video, "--landmarks", files, "--out", out)
    assert again.code == 1
    assert "--force" in again.err
    assert command("landmarks", video, "--landmarks", out, "--smooth", 5, "--out", tmp_path / "smooth").code == 0
    assert command("landmarks", video, "--landmarks", files, "--person", 1, "--out", out, "--force").code == 0
    other, _ = read(out, 8)
    assert torch.allclose(other.points[:, 1], of(dancers).points[:, 1] / 2, atol=1e-2)


def test_without_a_detector_it_says_what_to_fetch(
    tmp_path: Path, dancers: SceneClips, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    video = write(tmp_path / "dance.mp4", dancers.a.pixels, dancers.a.timing)
    ended = command("landmarks", video, "--out", tmp_path / "landmarks")
    assert ended.code == 1
    assert str(tmp_path / "pose.onnx") in ended.err
    assert "RTMPose" in ended.err
    assert not (tmp_path / "landmarks").exists()


def test_other_things_are_not_replaced(tmp_path: Path, dancers: SceneClips, command: Command) -> None:
    video = write(tmp_path / "dance.mp4", dancers.a.pixels, dancers.a.timing)
    files = openpose(of(dancers), tmp_path / "json")
    ended = command("landmarks", video, "--landmarks", files, "--out", files, "--force")
    assert ended.code == 1
    assert "other things than landmarks" in ended.err


def test_landmarks_shrink_with_their_frames(tmp_path: Path, dancers: SceneClips) -> None:
    video = write(tmp_path / "dance.mp4", dancers.a.pixels, dancers.a.timing)
    files = openpose(of(dancers), tmp_path / "json")
    small = read_with_landmarks(video, files, max_side=32, max_frames=3)
    assert small.clip.width == 32
    want = of(dancers)[:3].resize((64, 64), (32, 32))
    assert torch.allclose(small.landmarks.points[:, :15], want.points[:, :15], atol=1e-3)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "landmarks.json").write_text(to_json(of(dancers), (64, 64)))
    whole = read_with_landmarks(dancers.a, tmp_path / "own")
    assert torch.allclose(whole.landmarks.points[:, 1], of(dancers).points[:, 1], atol=1e-3)


def test_wrong_requests_are_named(tmp_path: Path, dancers: SceneClips) -> None:
    with pytest.raises(InputError, match="has 8 frames, and its landmarks have 2"):
        read_with_landmarks(dancers.a, of(dancers)[:2])
    with pytest.raises(UsageError, match="no network would look"):
        read_with_landmarks(dancers.a, of(dancers), box=(0, 0, 9, 9))
    with pytest.raises(UsageError, match="looks at one person"):
        read_with_landmarks(dancers.a, person=1)
    with pytest.raises(InputError, match="a face's 68 are needed"):
        read_with_landmarks(dancers.a, of(dancers), kind="face68")
    with pytest.raises(UsageError, match="1 videos cannot have 2"):
        read_all_with_landmarks([dancers.a], [of(dancers), of(dancers)])
    both = read_all_with_landmarks([dancers.a, dancers.b], [of(dancers), of(dancers)])
    assert [p.name for p in both] == ["clip-a", "clip-b"]
    assert both[0].notes == []


SETTINGS = {
    "size": 32,
    "aspect": 1.0,
    "padded": "false",
    "width": 4,
    "critic_width": 4,
    "image_blocks": 1,
    "decoder_blocks": 1,
    "perceptual": "weight-free",
    "train.steps": 2,
    "train.batch": 2,
}
TINY = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]


@pytest.fixture(scope="module")
def performance(tmp_path_factory: pytest.TempPathFactory, dancers: SceneClips) -> Path:
    """A folder with a.mp4, b.mp4, their landmarks, and run/: a trained on for two steps."""
    folder = tmp_path_factory.mktemp("performance")
    for name, clip, joints in (("a", dancers.a, dancers.joints_a), ("b", dancers.b, dancers.joints_b)):
        write(folder / f"{name}.mp4", clip.pixels, clip.timing)
        openpose(from_joints(joints, dancers.joint_names, (64, 64)), folder / f"{name}-json")
    muybridge.fit(
        "tsnet",
        folder / "a.mp4",
        landmarks=[folder / "a-json"],
        out=folder / "run",
        preset="smoke",
        set={k: yaml.safe_load(str(v)) for k, v in SETTINGS.items()},
        device="cpu",
        precision="float32",
    )
    return folder


def test_a_subject_is_trained_with_its_landmarks_and_performs(
    performance: Path, dancers: SceneClips, tmp_path: Path, command: Command
) -> None:
    out = tmp_path / "a-like-b.mp4"
    given = ("--driving", performance / "b.mp4", "--landmarks", performance / "b-json")
    ended = command("animate", performance / "run", *given, "--out", out, "--device", "cpu")
    assert ended.code == 0, ended.err
    assert "b: landmarks given: OpenPose JSON" in ended.err
    assert muybridge.read(out).timing == dancers.b.timing
    source = ("--source", performance / "b.mp4", "--source-landmarks", performance / "b-json", "--no-align")
    ended = command("animate", performance / "run", *given, *source, "--out", tmp_path / "bb.mp4", "--device", "cpu")
    assert ended.code == 0, ended.err


def test_where_it_looked_is_drawn_on_sheets(performance: Path, tmp_path: Path, command: Command) -> None:
    given = (performance / "run", performance / "b.mp4", "--landmarks", performance / "b-json")
    ended = command("explain", *given, "--frames", 2, "--out", tmp_path / "shown", "--device", "cpu")
    assert ended.code == 0, ended.err
    assert {path.name for path in (tmp_path / "shown").iterdir()} == {"result.png", "grids.png", "attention.png"}


def test_how_many_frames_it_is_drawn_from_and_smoothing_are_options(
    performance: Path, tmp_path: Path, command: Command
) -> None:
    given = (performance / "run", "--driving", performance / "b.mp4", "--landmarks", performance / "b-json")
    options = {"whole": (), "one": ("--sources", 1), "other": ("--sources", 1, "--seed", 1), "raw": ("--smooth", 1)}
    made = {}
    for name, words in options.items():
        # Folders of PNGs show every difference.
        ended = command("animate", *given, *words, "--out", tmp_path / name, "--device", "cpu")
        assert ended.code == 0, ended.err
        made[name] = muybridge.read(tmp_path / name).pixels
    assert not any(torch.equal(made[name], made["whole"]) for name in ("one", "other", "raw"))
    assert not torch.equal(made["one"], made["other"])
    ended = command("animate", *given, "--smooth", 4, "--out", tmp_path / "even")
    assert ended.code == 2
    assert "odd window" in ended.err


def test_a_face_is_trained_on_from_texts_of_68_points(performance: Path, tmp_path: Path, command: Command) -> None:
    around = torch.linspace(0, 6.2, 68)
    texts = tmp_path / "texts"
    texts.mkdir()
    for t in range(8):
        points = torch.stack((30 + t / 2 + 12 * around.cos(), 30 + 16 * around.sin()), -1)
        (texts / f"{t:04d}.txt").write_text("\n".join(f"{x:.2f} {y:.2f}" for x, y in points.tolist()))
    video, run = performance / "a.mp4", tmp_path / "run"
    sizes = [w for w in TINY if w != "--set" and not w.startswith(("aspect", "padded"))]
    words = [part for size in sizes for part in ("--set", size)]
    ended = command(
        "fit", "tsnet", video, "--preset", "face", "--landmarks", texts, "--out", run, "--device", "cpu", *words
    )
    assert ended.code == 0, ended.err
    assert "text files of 68 face points" in ended.err
    config = json.loads((run / "config.json").read_text())
    assert (config["kind"], config["aspect"], config["margin"]) == ("face68", 1.0, 0.4)
    out = tmp_path / "again.mp4"
    ended = command("animate", run, "--driving", video, "--landmarks", texts, "--out", out, "--device", "cpu")
    assert ended.code == 0, ended.err
    assert muybridge.read(out).pixels.shape == (8, 3, 32, 32)
    # Bodies without a face are refused in a sentence.
    wrong = ("--driving", video, "--landmarks", performance / "a-json", "--out", tmp_path / "x.mp4")
    ended = command("animate", run, *wrong, "--device", "cpu")
    assert ended.code == 1
    assert "no subject on any of the 8 frames" in ended.err


def test_what_it_costs_is_measured_with_landmarks(performance: Path, dancers: SceneClips) -> None:
    sizes = {k: yaml.safe_load(str(v)) for k, v in SETTINGS.items()} | {"train.steps": 50}
    asked = {"preset": "smoke", "set": sizes, "steps": 2, "device": "cpu"}
    found = muybridge.cost("tsnet", performance / "a.mp4", landmarks=[performance / "a-json"], **asked)
    assert (found.steps, found.measured) == (50, 2)
    assert found.seconds == pytest.approx(50 * found.step_seconds["train"])
    with pytest.raises(UsageError, match="masks and flips are for pairs"):
        muybridge.cost("tsnet", dancers.a, landmarks=[of(dancers)], flip="a", **asked)
    with pytest.raises(UsageError, match="jokr uses no landmarks"):
        muybridge.cost("jokr", dancers.a, dancers.b, landmarks=[of(dancers)], preset="smoke")


def test_two_videos_are_trained_on_from_the_command(performance: Path, tmp_path: Path, command: Command) -> None:
    both = (performance / "a.mp4", performance / "b.mp4", "--landmarks", performance / "a-json")
    ended = command(
        "fit", "tsnet", *both, "--landmarks", performance / "b-json", "--out", tmp_path / "run", "--preset", "smoke",
        "--device", "cpu", *TINY,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "b: landmarks given: OpenPose JSON, b-json" in ended.err
    told = json.loads((tmp_path / "run" / "run.json").read_text())
    assert [Path(p).name for p in told["inputs"].values()] == ["a.mp4", "b.mp4"]


def test_requests_without_landmarks_say_what_to_do(
    performance: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    a, b, run, out = (performance / "a.mp4", performance / "b.mp4", performance / "run", tmp_path / "x.mp4")
    wrong = {
        ("fit", "tsnet", a, "--out", tmp_path / "r"): "--landmarks FOLDER",
        ("fit", "tsnet", "--out", tmp_path / "r"): "at least one video",
        ("fit", "tsnet", a, "--flip", "A", "--out", tmp_path / "r"): "sees whole frames",
        ("fit", "jokr", a, b, "--landmarks", a, "--out", tmp_path / "r"): "uses no landmarks",
        ("animate", run, "--driving", b, "--out", out): "--landmarks FOLDER",
        ("animate", run, "--driving", b, "--background", "red", "--out", out): "are for pairs",
        (
            "animate",
            run,
            "--driving",
            b,
            "--landmarks",
            performance / "b-json",
            "--source",
            "who",
            "--out",
            out,
        ): "no video who",
    }
    for words, says in wrong.items():
        ended = command(*words)
        assert ended.code in (1, 2), words
        assert says in ended.err, ended.err
    assert not out.exists()
    assert not (tmp_path / "r").exists()


def test_raw_videos_alone_are_trained_on_and_perform(
    dancers: SceneClips, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From two videos without landmarks to a result: a network in the cache folder finds the people."""
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    write_network(tmp_path / "pose.onnx", size=(256, 192))
    for name, joints in (("a", dancers.joints_a), ("b", dancers.joints_b)):
        points = from_joints(joints[:6], dancers.joint_names, (64, 64)).transform(3).points
        write(tmp_path / name, draw_dots(points, 3, (192, 192)), Timing.constant(6))

    ended = command(
        "fit", "tsnet", tmp_path / "a", "--out", tmp_path / "run", "--preset", "smoke", "--device", "cpu", *TINY
    )
    assert ended.code == 0, ended.err
    assert "a: landmarks detected: pose.onnx" in ended.err
    out = tmp_path / "a-like-b.mp4"
    ended = command("animate", tmp_path / "run", "--driving", tmp_path / "b", "--out", out, "--device", "cpu")
    assert ended.code == 0, ended.err
    assert "b: landmarks detected: pose.onnx" in ended.err
    assert len(muybridge.read(out)) == 6
