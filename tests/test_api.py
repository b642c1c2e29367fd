"""The verbs in Python: the light front door, settings, names, importing, loading."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import muybridge
from muybridge.errors import CheckpointError, InputError, RunError, UsageError
from muybridge.evaluation import BASELINES, Chart, Figure, Page, compare_to_truth, overlap, render_page
from muybridge.inputs.clips import SilhouetteInput, input_name, input_names, read_with_silhouettes
from muybridge.jobs.pair_training import facing_hint
from muybridge.jobs.settings import make_config
from muybridge.masks import Report
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.method import Jokr
from muybridge.output.report import measure_results, preset_of
from muybridge.output.results import names_of_results
from muybridge.output.sheets import _loop, drawable_text
from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import Clip, Timing, read
from tiny_jokr import TINY_TRAINING

TINY = {"preset": "smoke", "set": TINY_TRAINING, "device": "cpu", "precision": "float32"}


@pytest.fixture(scope="module")
def clips() -> tuple[Clip, Clip]:
    drawn = scene("dog-cat", 4, 64)
    return drawn.a, drawn.b


@pytest.fixture(scope="module")
def fitted(clips: tuple[Clip, Clip], tmp_path_factory: pytest.TempPathFactory) -> muybridge.Fitted:
    return muybridge.fit("jokr", *clips, out=tmp_path_factory.mktemp("runs") / "run", **TINY)


def test_the_front_door_names_the_verbs_and_no_others() -> None:
    assert set(muybridge.__all__) <= set(dir(muybridge))
    with pytest.raises(AttributeError, match="gallop"):
        _ = muybridge.gallop


@pytest.mark.parametrize("name", muybridge.__all__)
def test_every_name_is_there(name: str) -> None:
    assert callable(getattr(muybridge, name))


# -- settings and names --------------------------------------------------------------------------------------------


def test_settings_are_a_preset_with_changes() -> None:
    config = make_config(Jokr, "smoke", {"shape.steps": 7, "affine": False, "augment.scale": [0.9, 1.1]})
    assert isinstance(config, JokrConfig)
    assert (config.shape.steps, config.affine, config.augment.scale) == (7, False, (0.9, 1.1))
    assert make_config(Jokr, None, None) == Jokr.card.presets["draft"]


@pytest.mark.parametrize("changes", [{"shape.stepz": 1}, {"shap.steps": 1}, {"shape.steps.more": 1}, {"size": 33}])
def test_settings_that_cannot_be(changes: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        make_config(Jokr, "smoke", changes)


def test_names_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "cat.v2").mkdir()
    assert input_name(tmp_path / "cat.v2") == "cat.v2"
    assert input_name("x/fox.mp4") == "fox"
    assert input_name("x/...mp4") == "clip"
    assert len(input_name("x/" + "n" * 200 + ".mp4")) == 60
    assert input_names(["a/clip.mp4", "b/Clip.gif"]) == ["clip-a", "Clip-b"]
    assert input_name("x/" + "猫" * 60 + ".mp4") == "猫" * 30  # 90 bytes


def test_results_of_long_names_fit_a_file_system(tmp_path: Path) -> None:
    """Whatever the script: Chinese has three bytes a character, a face four."""
    names = input_names(["x/" + "猫" * 80 + ".mp4", "x/" + "😀" * 60 + ".mp4"])
    blank = Clip(torch.zeros(1, 3, 16, 16, dtype=torch.uint8), Timing.constant(1))
    given = [SilhouetteInput(name, "", blank, Report("given", "", (1.0,))) for name in names]
    for name in names_of_results(given).values():
        (tmp_path / f"{name}-lightgoldenrodyellow-no-affine-0123ab.webm").touch()
    assert drawable_text("élan 猫") == "elan"
    assert drawable_text("猫") == "clip"


def test_a_box_is_in_pixels_of_the_file(tmp_path: Path) -> None:
    frames = torch.full((3, 3, 128, 128), 230, dtype=torch.uint8)
    frames[:, 0, 32:96, 32:96] = 20
    path = muybridge.write(tmp_path / "square.mp4", frames, Timing.constant(3))
    found = read_with_silhouettes(path, box=(28, 28, 100, 100), max_side=64)
    assert found.clip.mattes is not None
    rows, columns = (found.clip.mattes[0, 0] > 127).nonzero().T
    assert rows.min() == pytest.approx(16, abs=3)
    assert columns.max() == pytest.approx(47, abs=3)


def test_a_rough_mask_is_in_pixels_of_the_file(tmp_path: Path) -> None:
    frames = torch.randint(150, 250, (3, 3, 128, 128), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    frames[:, 0, 32:96, 32:96] = 20
    path = muybridge.write(tmp_path / "square.mp4", frames, Timing.constant(3))
    rough = torch.zeros(128, 128)
    rough[28:100, 28:100] = 1
    found = read_with_silhouettes(path, rough=(1, rough), max_side=64)
    assert "rough mask on frame 1" in found.how
    assert found.clip.mattes is not None
    rows, columns = (found.clip.mattes[1, 0] > 127).nonzero().T
    assert rows.min() == pytest.approx(16, abs=3)
    assert columns.max() == pytest.approx(47, abs=3)
    with pytest.raises(InputError, match="128x60, the frame 64x64"):
        read_with_silhouettes(path, rough=(1, torch.ones(60, 128)), max_side=64)


def test_the_shorter_video_starts_again() -> None:
    own, other = Timing.constant(2, 10), Timing((0, 1, 2, 3, 4), 1, Fraction(1, 10))
    shown = _loop(torch.tensor([0, 1]), own, other)
    assert [int(frame) for frame in shown] == [0, 1, 0, 1, 0]


# -- hints ---------------------------------------------------------------------------------------------------------


def _hint(clips: tuple[Clip, Clip]) -> str | None:
    config = make_config(Jokr, "smoke", None)
    given = [
        read_with_silhouettes(replace(clip, source=Path(name)))
        for clip, name in zip(clips, ("one", "two"), strict=True)
    ]
    assert isinstance(config, JokrConfig)
    return facing_hint(PairData.from_clips(clips, config), given)


def test_subjects_that_face_opposite_ways_are_noticed() -> None:
    drawn = scene("facing", 8, 64)
    said = _hint((drawn.a, drawn.b))
    assert said is not None
    assert "one and two" in said
    assert 'flip="B"' in said
    assert _hint((drawn.a, drawn.b.mirror())) is None
    assert _hint((drawn.a, drawn.a)) is None


def test_the_texture_loss_is_settled_by_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    config, (said,) = Jokr.resolve_config(JokrConfig(texture_loss="auto"))
    assert config.texture_loss == "weight-free"
    assert "vgg16" in said
    assert Jokr.resolve_config(config)[0] == config


# -- runs ----------------------------------------------------------------------------------------------------------


def test_load_gives_back_what_fit_made(fitted: muybridge.Fitted) -> None:
    loaded = muybridge.load(fitted.run.path, "jokr", device="cpu")
    assert isinstance(loaded.data, PairData)
    # Not only the same numbers: laid out otherwise in memory, other kernels would work on them and round otherwise.
    layouts = [{name: t.stride() for name, t in f.method.state_dict().items()} for f in (fitted, loaded)]
    assert layouts[0] == layouts[1]
    made, again = (f.method.animate(f.data, None, "a").clip() for f in (fitted, loaded))
    # Other kernels run on weights that lie otherwise in memory, so the last bit may differ.
    assert int((made.pixels.int() - again.pixels.int()).abs().max()) <= 1
    assert made.timing == loaded.data.b.timing
    with pytest.raises(RunError):
        muybridge.load(fitted.run.path, "monkeynet")


def test_a_run_says_which_preset_it_started_from(fitted: muybridge.Fitted) -> None:
    assert fitted.run.record.preset == "smoke"
    assert preset_of(fitted) == "smoke, with size=32, keypoints=4, detector.width=8, " + ", ".join(
        f"{name}={value}" for name, value in list(TINY_TRAINING.items())[3:]
    )


def test_evaluate_measures_a_run(fitted: muybridge.Fitted) -> None:
    figures = muybridge.evaluate(fitted)
    own = ("iou", "cycle_iou", "cycle_points", "step", "sharpness", "edge_f", "flicker_ratio", "random_features")
    assert set(figures) == {f"{n}_{s}" for n in own for s in "ab"}
    assert all(np.isfinite(value) for value in figures.values())


def test_animate_writes_and_edit_begins_where_the_frame_is(
    fitted: muybridge.Fitted, clips: tuple[Clip, Clip], tmp_path: Path
) -> None:
    path, notes = muybridge.animate(fitted, clips[1], "a", out=tmp_path / "ab")
    assert notes == ()
    assert read(path).pixels.shape == clips[0].pixels.shape
    edited = read(muybridge.edit(fitted, "a", 2, {0: (0.3, 0.0)}, out=tmp_path / "edit", steps=3))
    still = read(muybridge.edit(fitted, "a", 2, {0: (0.0, 0.0)}, out=tmp_path / "still", steps=1))
    assert edited.pixels[:1].equal(still.pixels)
    assert not edited.pixels[-1:].equal(still.pixels)


def test_keypoints_lie_on_the_subject_in_its_own_frames(fitted: muybridge.Fitted, clips: tuple[Clip, Clip]) -> None:
    data = fitted.data
    assert isinstance(data, PairData)
    with torch.no_grad():
        crops = fitted.method.find_keypoints(*data.a.pictures()).float()
    places = fitted.method.locate_keypoints(data, "a")
    assert places.shape == crops.shape
    # Through the box by hand: edge of the crop to pixel of the frame.
    x = (crops[1, 0, 0] + 1) / 2 * (data.a.canvas[1] - 1) + 0.5
    centre, width = data.a.boxes[1, 0], data.a.boxes[1, 2]
    pixel = centre - width / 2 + x * width / data.a.canvas[1] - 0.5
    assert float(places[1, 0, 0]) == pytest.approx(float(pixel / (data.a.frame[1] - 1) * 2 - 1), abs=1e-5)


# -- truth and pages -----------------------------------------------------------------------------------------------


def test_the_distance_from_the_truth(clips: tuple[Clip, Clip]) -> None:
    same = compare_to_truth(clips[0], clips[0])
    assert (same["iou"], same["boundary_f"], same["l1"]) == (1.0, 1.0, 0.0)
    mattes = clips[0].mattes
    assert mattes is not None
    white = replace(clips[0], pixels=torch.full_like(clips[0].pixels, 255))
    black = replace(clips[0], pixels=torch.zeros_like(clips[0].pixels))
    hard = (mattes > 127).to(torch.uint8) * 255
    far = compare_to_truth(white.with_masks(hard), black.with_masks(hard))
    assert (far["iou"], far["l1"]) == (1.0, 1.0)
    assert compare_to_truth(clips[0].with_masks(255 - hard), clips[0])["iou"] == 0.0


def test_a_result_is_reported_beside_what_standing_still_would_give(
    fitted: muybridge.Fitted, clips: tuple[Clip, Clip]
) -> None:
    drawn = scene("dog-cat", 4, 64)
    given = [read_with_silhouettes(clip) for clip in clips]
    found = measure_results(fitted, given, (drawn.ab, drawn.ba))
    for side, own, other, truth in (("a", drawn.a, drawn.b, drawn.ab), ("b", drawn.b, drawn.a, drawn.ba)):
        # The bench's own row of that name, measured by the same code; no other frame of the source does better.
        row = BASELINES["best still"](own, other, truth, False)
        assert found[f"truth_best_still_iou_{side}"] == pytest.approx(compare_to_truth(row, truth)["iou"])
        assert found[f"truth_still_iou_{side}"] == pytest.approx(compare_to_truth(own, truth)["iou"])
        shown = [[t] * len(truth) for t in range(len(own))]
        stills = [overlap(replace(own, pixels=own.pixels[i], mattes=own.mattes[i]), truth) for i in shown]
        assert found[f"truth_best_still_iou_{side}"] == pytest.approx(max(stills))
    assert {name for name in measure_results(fitted, given, None) if name.startswith("truth_")} == set()


def test_a_page_escapes_what_it_is_given() -> None:
    evil = "<script>alert('x')</script>"
    html = render_page(
        Page(
            title=evil,
            lead=evil,
            facts={evil: {evil: evil}},
            figures={evil: [Figure(evil, 0.5, evil)]},
            charts=[Chart(evil, [(0.0, 1.0), (10.0, 0.1), (20.0, float("nan"))]), Chart("flat", [(0.0, 0.0)])],
            pictures={evil: b"png"},
            videos={evil: b"mp4"},
            notes=[evil],
        )
    )
    assert "<script" not in html
    assert html.count("<svg") == 2
    assert "no values over zero" in html


# -- released checkpoints ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def released(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[muybridge.Fitted, Path]:
    folder = shared / "golden" / "jokr"
    out = tmp_path_factory.mktemp("released") / "run"
    muybridge.import_checkpoint(folder / "checkpoint.pth", folder / "config.yaml", out=out)
    return muybridge.load(out, device="cpu"), folder


@pytest.mark.parametrize("i", range(2))
def test_an_imported_run_infers_as_the_released_program(released: tuple[muybridge.Fitted, Path], i: int) -> None:
    fitted, folder = released
    method = fitted.method
    assert isinstance(method, Jokr)
    with np.load(folder / "io.npz") as arrays, torch.no_grad():
        names = [str(name) for name in arrays["meta/fp64_dev_names"]]
        rounding = dict(zip(names, arrays["meta/fp64_dev"].tolist(), strict=True))
        for driving, source, result in (("a", "b", "refined_ab"), ("b", "a", "refined_ba")):
            seg = torch.from_numpy(arrays[f"in/seg_{driving}"][i : i + 1, :1])
            frames = (torch.from_numpy(arrays[f"in/frames_{driving}"][i : i + 1]) + seg) / 2
            points = method.transfer(method.find_keypoints(frames, seg), driving)
            got: Tensor = method.render(points, source, cut=False)[0][..., ::8, ::8]
            name = f"inference/{i}/{result}@s8"
            want = (torch.from_numpy(arrays[name]).clamp(-1, 1) + 1) / 2
            assert (got - want).abs().max().item() <= 10 * rounding[name]


def test_an_imported_run_animates_the_released_folders(
    released: tuple[muybridge.Fitted, Path], shared: Path, tmp_path: Path
) -> None:
    fitted, _ = released
    assert (fitted.data, fitted.run.status) == (None, "finished")
    clip = read(shared / "data" / "jokr" / "cat", max_frames=2)
    path, _ = muybridge.animate(fitted, clip, "b", out=tmp_path / "made")
    assert read(path).pixels.shape == (2, 3, 256, 256)
    method = fitted.method
    assert isinstance(method, Jokr)
    alone = method.animate(None, clip[1:], "b", full_frame=False).clip()
    assert alone.pixels.equal(method.animate(None, clip, "b", full_frame=False).clip()[1:].pixels)


def test_what_an_imported_run_cannot_do(released: tuple[muybridge.Fitted, Path], tmp_path: Path) -> None:
    fitted, _ = released
    with pytest.raises(UsageError):
        muybridge.animate(fitted, out=tmp_path / "x.mp4", source="a")
    with pytest.raises(RunError):
        muybridge.evaluate(fitted)
    with pytest.raises(RunError):
        muybridge.edit(fitted, "a", 0, {0: (0.1, 0.1)}, out=tmp_path / "x.mp4")
    assert not list(tmp_path.iterdir())


def test_a_first_stage_is_imported_as_unfinished(shared: Path, tmp_path: Path) -> None:
    folder = shared / "golden" / "jokr"
    fitted = muybridge.import_checkpoint(folder / "checkpoint_stage1.pth", out=tmp_path / "run")
    record = Run.open(tmp_path / "run").record
    assert (record.status, record.stage) == ("interrupted", "shape")
    assert isinstance(fitted.method, Jokr)


def test_what_is_no_checkpoint_leaves_nothing(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="none of the programs"):
        muybridge.import_checkpoint(tmp_path / "other.pth", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
