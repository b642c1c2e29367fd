"""The verbs of methods that learn from a folder: fit, animate a picture, reconstruct, predict, live."""

import importlib
import inspect
import json
import time
import urllib.request
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch

import muybridge
from muybridge.api.live import label_picture
from muybridge.cli import main
from muybridge.data.canvas import resize_to_canvas_bytes
from muybridge.errors import InputError, OutputExistsError, RunError, UsageError
from muybridge.evaluation import PersonMetrics, Reconstruction, mean_reconstruction, measure_reconstruction
from muybridge.evaluation.person_metrics import load_identity, load_poses
from muybridge.output.live_page import LivePage
from muybridge.output.motion_options import transfer_options
from muybridge.output.options import PictureOptions
from muybridge.puppets import scene
from muybridge.video import Clip, Timing, probe, read, write
from muybridge.video.camera import FrameCount, play_in_real_time
from muybridge.video.mark import read_mark
from tiny_network import write_identity, write_network

FRAMES = 6
UNEVEN = Timing((0, 1, 2, 5, 6, 9), 4, Fraction(1, 20))
HOURGLASS = {"width": 8, "max_width": 16, "blocks": 2}
SMALL: dict[str, Any] = {
    "size": 32,
    "keypoints": 3,
    "detector": HOURGLASS,
    "motion": {**HOURGLASS, "group_blocks": 1},
    "generator": {**HOURGLASS, "refinements": 1},
    "critic": HOURGLASS,
    "losses": {"matching": [10, 10, 10]},
    "learn": {"steps": 3, "batch": 2, "lr": 1e-3},
    "prediction": {"steps": 2, "batch": 2, "lr": 1e-3, "hidden": 8, "frames": 3},
}
TINY: dict[str, Any] = {"set": SMALL, "device": "cpu", "precision": "float32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips to train on, two to test: the second test clip has sound, uneven times and another aspect."""
    root = tmp_path_factory.mktemp("clips") / "walk ers"
    drawn = scene("dog-cat", FRAMES, 64)
    for part, clips in (("train", (drawn.a, drawn.b, drawn.ab)), ("test", (drawn.a, drawn.ba))):
        (root / part).mkdir(parents=True)
        for index, clip in enumerate(clips):
            write(root / part / f"{index}.mp4", clip.pixels, clip.timing)
    sound = root.parent / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\x10\x20" * 12000)
    wide = torch.nn.functional.interpolate(drawn.b.pixels.float(), (48, 80)).to(torch.uint8)
    write(root / "wide.mp4", wide, UNEVEN, audio=sound)
    (root / "photo.png").write_bytes(cv2.imencode(".png", torch.randint(0, 255, (50, 38, 3)).byte().numpy())[1])
    return root


@pytest.fixture(scope="module")
def fitted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> muybridge.Fitted:
    return muybridge.fit("monkeynet", folder, out=tmp_path_factory.mktemp("runs") / "run", **TINY)


def test_a_folder_is_trained_on_and_resumed(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    assert fitted.run.record.status == "finished"
    assert fitted.run.record.inputs == {"folder": str(folder)}
    assert len(fitted.data) == 3  # type: ignore[arg-type]
    again = muybridge.fit("monkeynet", folder, out=fitted.run.path, resume=True, device="cpu", precision="float32")
    assert again.run.record.done == fitted.run.record.done
    with pytest.raises(RunError, match="was made from"):
        muybridge.fit("monkeynet", folder / "train", out=fitted.run.path, resume=True, device="cpu")
    assert muybridge.load(fitted.run.path, data=False).data is None
    small = muybridge.fit("monkeynet", folder, out=tmp_path / "small", cache="small", stride=2, max_frames=2, **TINY)
    assert small.data.starts.tolist() == [0, 2, 4, 6]  # type: ignore[union-attr]


def test_what_a_folder_method_is_not_given(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    clip = scene("dog-cat", 3, 64).a
    for inputs, options in (((), {}), ((folder, folder), {}), ((folder, clip), {}), ((folder,), {"flip": "a"})):
        with pytest.raises(UsageError):
            muybridge.fit("monkeynet", *inputs, out=out, **TINY, **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="exact or small"):
        muybridge.fit("monkeynet", folder, out=out, cache="tiny", **TINY)
    with pytest.raises(InputError, match="no file or folder"):
        muybridge.fit("monkeynet", folder / "nowhere", out=out, **TINY)
    assert not out.exists()


@pytest.mark.parametrize(("mode", "best"), [(None, False), ("standard", False), ("relative", True)])
def test_a_picture_follows_a_video(
    fitted: muybridge.Fitted, folder: Path, tmp_path: Path, mode: str | None, best: bool
) -> None:
    path, notes = muybridge.animate(
        fitted.run.path,
        folder / "wide.mp4",
        folder / "photo.png",
        out=tmp_path / "made.mp4",
        mode=mode,
        best_frame=best,
    )
    made = read(path)
    assert made.timing.seconds == pytest.approx(UNEVEN.seconds)
    assert made.timing.duration == pytest.approx(UNEVEN.duration)
    assert probe(path).has_audio
    assert (made.height, made.width) == (50, 38)
    assert any("posed most like" in note for note in notes) == best


def test_what_was_found_is_drawn_on_sheets(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    video = str(folder / "wide.mp4")
    run = str(fitted.run.path)
    out = tmp_path / "shown"
    assert main(["explain", run, video, "--out", str(out), "--frames", "2"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["keypoints.png", "motion.png", "parts.png"]
    sheet = read(out / "keypoints.png")
    assert sheet.width >= 2 * 256
    mark = read_mark(out / "keypoints.png")
    assert mark is not None
    assert mark.method == "monkeynet"

    with pytest.raises(OutputExistsError):
        muybridge.explain(fitted, video, out=out)
    shown = muybridge.explain(fitted, video, folder / "photo.png", out=out, frames=2, force=True)
    assert read(out / "motion.png").pixels.shape != sheet.pixels.shape
    assert all(path.is_file() and caption for path, caption in shown.items())


def test_what_cannot_be_explained_is_refused(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    for arguments, options in (
        ((None,), {}),
        ((folder / "wide.mp4",), {"frames": 0}),
        ((folder / "wide.mp4",), {"landmarks": folder}),
    ):
        with pytest.raises(UsageError):
            muybridge.explain(fitted, *arguments, out=tmp_path / "none", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "none").exists()


def test_a_large_picture_may_be_made_smaller(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    path, _ = muybridge.animate(fitted, folder / "wide.mp4", folder / "photo.png", out=tmp_path / "made", max_side=40)
    assert max(read(path).pixels.shape[2:]) == 40


def test_relative_motion_with_and_without_scale(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    """The tiny run's pictures hardly move: what reaches the method is looked at."""
    seen: list[dict[str, Any]] = []
    method = type(fitted.method)
    stream = method.stream

    def watched(self: Any, driving: Any, source: Any, **options: Any) -> Any:
        seen.append({name: value for name, value in options.items() if name != "reference"})
        return stream(self, driving, source, **options)

    watched.__signature__ = inspect.signature(stream)  # type: ignore[attr-defined]
    run, wide, photo = str(fitted.run.path), str(folder / "wide.mp4"), str(folder / "photo.png")
    (tmp_path / "pairs.csv").write_text("source,driving\n0,1\n")
    asked = ["--scale", "--no-adapt-covariances", "--mode", "relative"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(method, "stream", watched)
        muybridge.animate(fitted, wide, photo, out=tmp_path / "a.gif", scale=False)
        assert (
            main(["animate", run, "--source", photo, "--driving", wide, "--out", str(tmp_path / "b.gif"), *asked]) == 0
        )
    assert seen == [{"scale": False}, {"mode": "relative", "scale": True, "adapt_covariances": False}]
    command = ["animate", run, "--source", photo, "--driving", wide, "--out", str(tmp_path / "c.gif")]
    assert main([*command, "--mode", "standard", "--scale"]) == 2
    pairs = ["--driving", str(folder), "--pairs", str(tmp_path / "pairs.csv"), "--out", str(tmp_path / "pairs")]
    assert main(["animate", run, *pairs, *asked, "--best-frame", "--max-side", "40"]) == 0
    assert max(read(tmp_path / "pairs" / "0-like-1.mp4").pixels.shape[2:]) == 40


@pytest.mark.parametrize("name", ["articulated", "fomm"])
def test_what_only_monkeynet_can_choose(name: str, tmp_path: Path) -> None:
    from muybridge import catalogue
    from muybridge.run import Run

    kind = catalogue.find(name)
    method = kind(kind.card.presets["smoke"])
    fitted = muybridge.Fitted(method, None, Run(tmp_path))
    assert transfer_options(fitted, PictureOptions(scale=False)) == {"scale": False}
    with pytest.raises(UsageError, match="adapt_covariances=True is for other methods"):
        transfer_options(fitted, PictureOptions(adapt_covariances=True))


def test_modes_and_what_is_for_pairs(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    def ask(**options: Any) -> None:
        muybridge.animate(fitted, folder / "wide.mp4", folder / "photo.png", out=tmp_path / "x.mp4", **options)

    with pytest.raises(UsageError, match="relative"):
        ask(mode="sideways")
    with pytest.raises(UsageError, match="pairs"):
        ask(background="source")
    with pytest.raises(UsageError, match="source="):
        muybridge.animate(fitted, folder / "wide.mp4", out=tmp_path / "x.mp4")
    with pytest.raises(UsageError, match="driving="):
        muybridge.animate(fitted, None, folder / "photo.png", out=tmp_path / "x.mp4")
    (tmp_path / "x.mp4").write_text("mine")
    with pytest.raises(OutputExistsError):
        ask()


def test_a_pair_list_is_animated(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("source,driving\n0.mp4,1\n1,0\n")
    files = muybridge.animate_pairs(fitted, folder, tmp_path / "pairs.csv", out=tmp_path / "made")
    assert [path.name for path in files] == ["0-like-1.mp4", "1-like-0.mp4"]
    assert all(len(read(path)) == FRAMES for path in files)


def test_clips_of_one_name_are_kept_apart(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    for kind in ("gif", "mp4"):
        write(tmp_path / "clips" / f"a.{kind}", read(folder / "test" / "0.mp4").pixels, Timing.constant(FRAMES, 10))
    muybridge.reconstruct(fitted, tmp_path / "clips", tmp_path / "again")
    assert sorted(path.name for path in (tmp_path / "again" / "frames").iterdir()) == ["a.gif", "a.mp4"]
    (tmp_path / "pairs.csv").write_text("source,driving\na.gif,a.mp4\na.mp4,a.gif\n")
    files = muybridge.animate_pairs(fitted, tmp_path / "clips", tmp_path / "pairs.csv", out=tmp_path / "made")
    assert [path.name for path in files] == ["a.gif-like-a.mp4.mp4", "a.mp4-like-a.gif.mp4"]


def test_the_best_frame_is_for_relative_motion(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    """Also where a method's own way is another, as in the imported runs of cartoons."""
    where = folder / "wide.mp4", folder / "photo.png"
    with pytest.raises(UsageError, match="best_frame=True is for relative motion, and not for standard"):
        muybridge.animate(fitted, *where, out=tmp_path / "a.mp4", mode="standard", best_frame=True)
    config = fitted.method.config.model_copy(update={"relative": False})
    cartoons = muybridge.Fitted(type(fitted.method)(config).eval(), None, fitted.run)
    for asked in ({"best_frame": True}, {"scale": True}):
        with pytest.raises(UsageError, match="is for relative motion, and not for standard"):
            muybridge.animate(cartoons, *where, out=tmp_path / "a.mp4", **asked)
    assert not (tmp_path / "a.mp4").exists()
    muybridge.animate(cartoons, *where, out=tmp_path / "a.mp4", mode="relative", best_frame=True, scale=True)


def test_the_commands_as_one_would_first_type_them(
    fitted: muybridge.Fitted, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Nobody says where results go: they are named after what they were made of, and said."""
    monkeypatch.chdir(tmp_path)
    run, photo, wide = str(fitted.run.path), str(folder / "photo.png"), str(folder / "wide.mp4")
    named = {
        "photo-like-wide.mp4": ["animate", run, "--source", photo, "--driving", wide, "--mode", "relative"],
        "run-walk ers-again": ["reconstruct", run, str(folder)],
        "photo-goes-on.mp4": ["predict", run, photo],
    }
    for name, command in named.items():
        assert main(command) == 0
        assert capsys.readouterr().out.splitlines()[-1] == name
        assert main(command) == 1
        assert f"{name} exists already" in capsys.readouterr().err
    assert len(list((tmp_path / "run-walk ers-again" / "frames" / "0").glob("*.png"))) == FRAMES
    small = [f"--set={name}={json.dumps(value)}" for name, value in SMALL.items()]
    assert main(["fit", "monkeynet", str(folder), "--device", "cpu", *small]) == 0
    assert (tmp_path / "runs" / "monkeynet-walk ers" / "weights.safetensors").is_file()


def test_words_on_a_picture_are_seen_on_any_ground() -> None:
    """The rate of a live picture: white with black round it, at the top left, and nothing else is touched."""
    for level in (0, 128, 255):
        plain = torch.full((3, 120, 160), level, dtype=torch.uint8)
        shown = label_picture(plain, "24.9 fps")
        assert torch.equal(shown[:, 40:], plain[:, 40:])
        changed = (shown != plain).any(0)
        assert 60 < int(changed.sum()) < 1500
        assert int((shown.float() - level).abs().max()) > 100
        assert not torch.equal(shown, label_picture(plain, "11.1 fps"))
        assert int(plain.float().mean()) == level


def test_reconstruction_figures_by_hand() -> None:
    truth = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    truth[1] = 51
    made = truth.clone()
    made[1] = 102
    first = measure_reconstruction("a", truth, made)
    assert (first.l1, first.copy) == (pytest.approx(0.1), pytest.approx(0.1))
    found = mean_reconstruction([first, Reconstruction("b", 6, 0.02, 0.3)])
    assert found["l1"] == pytest.approx((2 * 0.1 + 6 * 0.02) / 8)
    assert found["copy_l1"] == pytest.approx((2 * 0.1 + 6 * 0.3) / 8)
    assert found["times"] == pytest.approx(found["copy_l1"] / found["l1"])
    with pytest.raises(InputError):
        measure_reconstruction("a", truth, made[:1])
    with pytest.raises(InputError):
        mean_reconstruction([])


def test_test_clips_are_reconstructed_and_kept(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    figures = muybridge.reconstruct(fitted.run.path, folder, out)
    assert (figures["clips"], figures["frames"]) == (2, 2 * FRAMES)
    told = json.loads((out / "figures.json").read_text())
    assert told["overall"] == figures
    made = read(out / "frames" / "0")
    assert made.pixels.shape == (FRAMES, 3, 32, 32)
    # The figure is that of the frames that lie there.
    truth = resize_to_canvas_bytes(read(folder / "test" / "0.mp4").pixels, (32, 32))
    assert told["clips"][0]["l1"] == pytest.approx(measure_reconstruction("0", truth, made.pixels).l1)
    assert cv2.imread(str(out / "sheet.png")) is not None
    with pytest.raises(OutputExistsError):
        muybridge.reconstruct(fitted, folder, out)
    assert muybridge.reconstruct(fitted, folder, out, max_clips=1, force=True)["clips"] == 1
    # The frames that stand there are those of the figures, and no others.
    assert [path.name for path in (out / "frames").iterdir()] == ["0"]


def test_what_breaks_off_leaves_the_old_reconstructions_whole(
    fitted: muybridge.Fitted, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "again"
    muybridge.reconstruct(fitted, folder, out, max_frames=1)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def second_breaks(name: str, *pictures: torch.Tensor) -> Reconstruction:
        if name == "1":
            raise KeyboardInterrupt
        return measure_reconstruction(name, *pictures)

    module = importlib.import_module("muybridge.api.reconstruct")
    monkeypatch.setattr(module, "measure_reconstruction", second_breaks)
    with pytest.raises(KeyboardInterrupt):
        muybridge.reconstruct(fitted, folder, out, force=True)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_people_are_looked_at_in_the_frames_that_are_kept(
    fitted: muybridge.Fitted, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PNG against the clip's own pixels: files of any compression would give other figures."""
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    said: list[str] = []
    plain = muybridge.reconstruct(fitted.run.path, folder, tmp_path / "plain", max_clips=1, notify=said.append)
    assert set(plain) == {"l1", "copy_l1", "times", "clips", "frames"}
    assert [text.split(" were ")[0].split(" was ")[0] for text in said] == ["akd, mkr", "aed"]
    assert "pose.onnx" in said[0]
    told = json.loads((tmp_path / "plain" / "figures.json").read_text())
    assert "identity.onnx" in told["missing"]["aed"]

    identity = write_identity(tmp_path / "who.onnx", (32, 32))
    weights = {"pose": write_network(tmp_path / "where.onnx", size=(32, 32)), "identity": identity}
    figures = muybridge.reconstruct(fitted, folder, tmp_path / "again", weights=weights)
    people = PersonMetrics(load_poses(weights["pose"]), load_identity(identity))
    for name in ("0", "1"):
        clip = read(folder / "test" / f"{name}.mp4")
        people.look(read(tmp_path / "again" / "frames" / name).pixels, resize_to_canvas_bytes(clip.pixels, (32, 32)))
    expected, missing = people.figures()
    assert figures["aed"] == pytest.approx(expected["aed"])
    assert figures["aed"] > 0
    assert {name: figures[name] for name in expected} == pytest.approx(expected)
    assert json.loads((tmp_path / "again" / "figures.json").read_text())["missing"] == missing


def test_a_picture_goes_on(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    path, _ = muybridge.predict(fitted, folder / "photo.png", out=tmp_path / "on.gif", frames=5)
    assert len(read(path)) == 5
    with pytest.raises(UsageError, match="2 or more"):
        muybridge.predict(fitted, folder / "photo.png", out=tmp_path / "none.gif", frames=1)


def test_a_picture_goes_on_in_several_ways(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    def goes_on(name: str, **options: Any) -> Clip:
        asked = {"frames": 6, "out": tmp_path / name} | options
        return read(muybridge.predict(fitted, folder / "photo.png", **asked)[0])

    head = fitted.method.generator.motion.head
    kept = head.weight.detach().clone()
    torch.nn.init.normal_(head.weight, std=1.0)  # so that keypoints show in the picture after three steps already
    try:
        plain, one, again, other = goes_on("a"), goes_on("b", seed=1), goes_on("c", seed=1), goes_on("d", seed=2)
    finally:
        head.weight.data.copy_(kept)
    assert torch.equal(one.pixels, again.pixels)
    assert not torch.equal(one.pixels, other.pixels)
    assert not torch.equal(one.pixels, plain.pixels)
    assert (plain.timing.rate, goes_on("e", fps=10).timing.rate) == (25, 10)
    assert goes_on("f.mp4", fps=12.5).timing.duration == pytest.approx(6 / 12.5)
    with pytest.raises(UsageError, match="fps="):
        goes_on("g", fps=0)


def test_several_draws_stand_beside_how_it_went_on(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "draws"
    clip = folder / "test" / "0.mp4"
    path, notes = muybridge.predict(fitted, clip, out=out, frames=4, draws=3, seed=5)
    assert path == out
    assert {each.name for each in out.iterdir()} == {*(f"draw-{n}.mp4" for n in (1, 2, 3)), "sheet.png", "figures.json"}
    truth = read(clip).pixels[:4].float() / 255
    chance = torch.Generator().manual_seed(6)
    with torch.no_grad():
        second = fitted.method.predict(None, read(clip)[:1], 4, chance).clip().frames
    found = json.loads((out / "figures.json").read_text())
    # The given frame is no prediction, so it is not measured.
    assert found["l1"][1] == pytest.approx(float((second - truth)[1:].abs().mean()), abs=1e-6)
    overall = found["overall"]
    assert overall["l1_mean"] == pytest.approx(sum(found["l1"]) / 3)
    assert overall["l1_best"] == min(found["l1"]) == found["l1"][int(overall["best"]) - 1]
    assert overall["l1_still"] == pytest.approx(float((truth[:1] - truth)[1:].abs().mean()), abs=1e-6)
    assert "mean of 3 draws" in notes[0]
    assert len(read(out / "draw-1.mp4")) == 4

    with pytest.raises(OutputExistsError):
        muybridge.predict(fitted, clip, out=out, frames=4, draws=3)
    _, notes = muybridge.predict(fitted, folder / "photo.png", out=out, frames=4, draws=1, fps=10, force=True)
    assert notes == ()
    assert {each.name for each in out.iterdir()} == {"draw-1.mp4", "sheet.png", "figures.json"}
    assert read(out / "draw-1.mp4").timing.rate == pytest.approx(10)
    with pytest.raises(UsageError, match="0 draws"):
        muybridge.predict(fitted, clip, out=tmp_path / "none", draws=0)


def test_draws_without_noise_are_said_to_be_alike(folder: Path, tmp_path: Path) -> None:
    calm = {**SMALL, "prediction": {**SMALL["prediction"], "noise": 0.0}}
    fitted = muybridge.fit("monkeynet", folder, out=tmp_path / "run", **{**TINY, "set": calm})
    _, notes = muybridge.predict(fitted, folder / "photo.png", out=tmp_path / "draws", frames=3, draws=2)
    assert any("one way only" in note for note in notes)


def test_a_pair_run_is_refused(tmp_path: Path, folder: Path) -> None:
    from muybridge.methods.jokr.method import Jokr
    from muybridge.run import Run

    method = Jokr(Jokr.card.presets["smoke"])
    fitted = muybridge.Fitted(method, None, Run(tmp_path))
    with pytest.raises(UsageError, match="pair"):
        muybridge.reconstruct(fitted, folder)
    with pytest.raises(UsageError, match="one way only"):
        muybridge.animate(fitted, folder / "wide.mp4", out=tmp_path / "x.mp4", mode="relative")


def test_live_shows_and_keeps_what_it_makes(fitted: muybridge.Fitted, folder: Path, tmp_path: Path) -> None:
    addresses: list[str] = []
    rates: list[float] = []
    lived = muybridge.live(
        fitted,
        folder / "photo.png",
        driving=folder / "wide.mp4",
        out=tmp_path / "live.mp4",
        on_open=addresses.append,
        on_frame=rates.append,
    )
    assert lived.frames + lived.missed == FRAMES
    assert lived.frames == len(rates) == len(read(tmp_path / "live.mp4")) > 0
    assert addresses[0].startswith("http://127.0.0.1:")
    with pytest.raises(UsageError, match="camera="):
        muybridge.live(fitted, folder / "photo.png")
    with pytest.raises(InputError, match="no camera"):
        muybridge.live(fitted, folder / "photo.png", camera=987, port=None)


def test_live_keeps_what_a_camera_saw_until_it_stopped(
    fitted: muybridge.Fitted, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    class Camera:
        """Stands for cv2.VideoCapture: three frames, one after the other has been made, and then no more."""

        left = 3

        def __init__(self, name: object) -> None:
            self.name = name

        def isOpened(self) -> bool:
            return self.name == "rtsp://host/stream"

        def read(self) -> tuple[bool, Any]:
            time.sleep(0.3)
            self.left -= 1
            return self.left >= 0, torch.full((40, 60, 3), 80 * max(0, self.left), dtype=torch.uint8).numpy()

        def release(self) -> None:
            pass

    monkeypatch.setattr("muybridge.video.camera.cv2.VideoCapture", Camera)
    out = tmp_path / "seen.mp4"
    command = ["live", str(fitted.run.path), "--source", str(folder / "photo.png"), "--no-screen", "--out", str(out)]
    assert main([*command, "--camera", "rtsp://host/stream"]) == 0
    assert "has stopped" in capsys.readouterr().err
    assert 1 <= len(read(out)) <= 3
    assert main([*command, "--force", "--camera", "7"]) == 1


def test_the_screen_streams_jpegs() -> None:
    with LivePage() as screen:
        page = urllib.request.urlopen(screen.address, timeout=5).read()
        assert b"stream.mjpg" in page
        screen.show(torch.full((3, 16, 24), 200, dtype=torch.uint8))
        with urllib.request.urlopen(screen.address + "stream.mjpg", timeout=5) as stream:
            assert stream.readline() == b"--frame\r\n"
            assert b"image/jpeg" in stream.readline()
            size = int(stream.readline().split()[-1])
            stream.readline()
            jpeg = stream.read(size)
        assert jpeg[:2] == b"\xff\xd8"
        with pytest.raises(UsageError, match="port"):
            LivePage(screen.server.server_address[1])


def test_a_played_video_keeps_its_pace_and_leaves_out_what_is_late(folder: Path) -> None:
    counts = FrameCount()
    start = time.monotonic()
    quick = list(play_in_real_time(folder / "wide.mp4", counts))
    assert len(quick) + counts.missed == FRAMES
    assert time.monotonic() - start > 9 / 20 - 0.05
    slow = FrameCount()
    shown = 0
    for _ in play_in_real_time(folder / "wide.mp4", slow):
        shown += 1
        time.sleep(0.3)
    assert shown < FRAMES
    assert slow.missed == FRAMES - shown


def test_the_commands(folder: Path, fitted: muybridge.Fitted, tmp_path: Path, capsys: Any) -> None:
    run = str(fitted.run.path)
    photo, wide = str(folder / "photo.png"), str(folder / "wide.mp4")
    made = str(tmp_path / "made.mp4")
    assert main(["animate", run, "--source", photo, "--driving", wide, "--mode", "relative", "--out", made]) == 0
    assert main(["reconstruct", run, str(folder), "--out", str(tmp_path / "again")]) == 0
    assert "copy_l1" in capsys.readouterr().out
    assert (
        main(["predict", run, photo, "--out", str(tmp_path / "on.mp4"), "--frames", "4", "--seed", "3", "--fps", "8"])
        == 0
    )
    assert read(tmp_path / "on.mp4").timing.rate == 8
    assert main(["live", run, "--source", photo, "--driving", wide, "--no-screen", "--max-frames", "2"]) == 0
    assert "left out" in capsys.readouterr().err
    assert main(["live", run, "--source", photo]) == 2
    (tmp_path / "pairs.csv").write_text("source,driving\n0,1\n")
    listed = ["--driving", str(folder), "--pairs", str(tmp_path / "pairs.csv")]
    assert main(["animate", run, *listed, "--out", str(tmp_path / "pairs")]) == 0
    options = [f"--set={name}={json.dumps(value)}" for name, value in SMALL.items()]
    assert main(["fit", "monkeynet", str(folder), "--out", str(tmp_path / "fit"), "--device", "cpu", *options]) == 0
