"""The bench: cells that are kept, trainings that go on, tables that come out the same; the study over it; evaluate."""

import importlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import muybridge
from muybridge import catalogue
from muybridge.benchmark import runner
from muybridge.benchmark.figures import clips_for, make_result, mask_what_is_bright, measure_result, mirrored_side
from muybridge.benchmark.folder import Plan
from muybridge.engine import Callback
from muybridge.errors import InputError, OutputExistsError, TrainingError, UsageError
from muybridge.evaluation import MetricNetworks, compare_to_truth
from muybridge.jobs.settings import make_config
from muybridge.method import Animation, Config, Data, Stage
from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import Clip, read, write
from still_method import Still
from tiny_jokr import TINY_TRAINING
from tiny_network import write_identity

# By its name: `muybridge.api.bench` is the verb.
api_bench = importlib.import_module("muybridge.api.bench")

SMALL = {"size": 32, "keypoints": 4, "shape.steps": 3, "texture.steps": 2, "motion.steps": 2}
PLAN = Plan(frames=6, size=48)
WISH: Mapping[str, Any] = {
    "scenes": ["gif"],
    "preset": "smoke",
    "set": SMALL,
    "plan": PLAN,
    "device": "cpu",
    "precision": "float32",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one finished bench with two seeds."""
    out = tmp_path_factory.mktemp("benches") / "bench"
    muybridge.bench(out, seeds=(0, 1), **WISH)
    return out


class Told(Callback):
    """Counts steps, and may stop a training after some."""

    def __init__(self, stop_at: int = 10**9) -> None:
        self.steps, self.stop_at = 0, stop_at

    def on_start(self, stages: object, resumed_at: int) -> None:
        self.resumed_at = resumed_at

    def on_step(self, stage: Stage, step: int, *rest: object) -> None:
        self.steps += 1
        if self.steps >= self.stop_at:
            raise KeyboardInterrupt


def test_a_bench_keeps_every_cell_its_clip_and_its_sheet(table: Path) -> None:
    cells = {p.stem for p in (table / "cells").iterdir()}
    # Two directions of three trivial answers and of two seeds.
    assert len(cells) == 2 * 3 + 2 * 2
    assert cells == {p.stem for p in (table / "sheets").iterdir()}
    assert cells < {p.stem for p in (table / "clips").iterdir()}
    assert len(read(next((table / "clips").glob("gif-a__*.mp4")))) == 6
    one = json.loads((table / "cells" / f"{next(c for c in cells if c.startswith('jokr'))}.json").read_text())
    assert {"iou", "joint_error", "tracker_error", "sharpness", "own_cycle_iou", "limb_identity"} <= set(one["figures"])
    assert one["seconds"] > 0
    rows = json.loads((table / "table.json").read_text())["overall"]
    assert [r["cells"] for r in rows] == [4, 2, 2, 2]
    # After two steps the silhouettes may be empty for both seeds, and their overlap 0; colours differ.
    jokr = rows[0]["figures"]["l1"]
    assert jokr["seeds"] == 2
    assert jokr["half"] > 0
    html = (table / "table.html").read_text()
    assert html.count("<details>") == 8
    assert "fid was not measured" in html


def test_the_same_bench_again_does_nothing_and_says_the_same(table: Path) -> None:
    before = {p.name: p.read_bytes() for p in table.glob("table.*")}
    watching = Told()
    muybridge.bench(table, seeds=(0, 1), callback=watching, **WISH)
    assert watching.steps == 0
    assert {p.name: p.read_bytes() for p in table.glob("table.*")} == before


def test_a_bench_goes_on_where_it_was_stopped(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "stopped"
    wanted = {**WISH, "trivial": False}
    with pytest.raises(KeyboardInterrupt):
        muybridge.bench(out, callback=Told(stop_at=1), **wanted)
    assert not list((out / "cells").glob("*")) if (out / "cells").exists() else True
    watching = Told()
    muybridge.bench(out, callback=watching, **wanted)
    assert watching.resumed_at > 0
    for path in sorted((out / "cells").iterdir()):
        figures = [json.loads(p.read_text())["figures"] for p in (path, table / "cells" / path.name)]
        assert figures[0] == figures[1], path.name
    # A lost cell is measured again from the run that is there, to the same figures.
    lost = next((out / "cells").iterdir())
    kept = json.loads(lost.read_text())["figures"]
    lost.unlink()
    watching = Told()
    muybridge.bench(out, callback=watching, **wanted)
    assert watching.steps == 0
    assert json.loads(lost.read_text())["figures"] == kept


def test_a_training_that_fails_is_told_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **more: object) -> None:
        raise TrainingError("the losses are not finite")

    monkeypatch.setattr(runner, "train_on_clips", fail)
    said: list[str] = []
    found = muybridge.bench(tmp_path / "b", notify=said.append, **{**WISH, "plan": Plan(frames=3, size=32)})
    assert [row.label for row in found.overall] == ["best still", "same time", "warped silhouette"]
    assert any("not finite" in text for text in said)


@pytest.mark.timeout(240)
def test_lost_cells_are_made_again_in_processes_of_their_own(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shutil.copytree(table, tmp_path / "bench")
    before = (out / "table.json").read_text()
    lost = {}
    for name in ("jokr__gif__ab__seed1*", "same-time__gif__ba*"):
        (path,) = (out / "cells").glob(name)
        lost[path] = json.loads(path.read_text())
        path.unlink()

    said: list[str] = []
    wanted = {**WISH, "seeds": (0, 1), "on": "local", "notify": said.append}
    with monkeypatch.context() as patched:
        patched.setattr(api_bench, "WORKER", "import os; os.kill(os.getpid(), 9)")
        muybridge.bench(out, **wanted)
    assert sum("ended by signal 9; the cell is left out" in text for text in said) == 2
    assert not any(path.exists() for path in lost)

    said.clear()
    muybridge.bench(out, **wanted)
    for path, cell in lost.items():
        # Another process may have other threads, which add up in another order.
        assert json.loads(path.read_text())["figures"] == pytest.approx(cell["figures"], rel=1e-4), path.name
    # What a training tells in its own process is told here too.
    assert sum("on gif ab, seed 1: iou" in text for text in said) == 1
    assert (out / "table.json").read_text().count("same time") == before.count("same time")
    assert [path for path in out.rglob("*") if path.name.endswith((".part", ".old"))] == []


def test_each_variant_may_have_scenes_of_its_own(tmp_path: Path) -> None:
    wanted = {**WISH, "scenes": {"whole": ["gif"], "one step": ["zoo"]}}
    with pytest.raises(UsageError, match="there is no scene 'zoo'"):
        muybridge.bench(tmp_path / "b", variants={"whole": {}, "one step": {"shape.steps": 1}}, **wanted)


def test_a_variant_is_a_row_of_its_own_and_the_whole_is_not_trained_again(table: Path, tmp_path: Path) -> None:
    out = shutil.copytree(table, tmp_path / "bench")
    watching = Told()
    found = muybridge.bench(out, variants={"whole": {}}, callback=watching, **WISH)
    assert watching.steps == 0
    found = muybridge.bench(out, variants={"one step": {"shape.steps": 1}}, **WISH)
    assert [row.cells for row in found.overall] == [2, 4, 2, 2, 2]
    assert "jokr one step smoke" in [row.label for row in found.overall]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scenes": ["zoo"]},
        {"methods": ["dance"]},
        {"preset": "gallop"},
        {"set": {"shape.stepz": 1}},
        {"variants": {"x": {"losses.none": 0.0}}},
        {"on": "cloud"},
    ],
    ids=str,
)
def test_a_wrong_wish_costs_nothing(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        muybridge.bench(tmp_path / "b", **{**WISH, **wrong})
    assert not (tmp_path / "b").exists()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputExistsError):
        muybridge.bench(tmp_path, **WISH)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_a_kill_left_before_it_was_a_bench_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".lock", ".bench.json.0123abcd.part"):
        (tmp_path / name).touch()

    def stop(runner: object, job: object) -> None:
        raise InterruptedError

    monkeypatch.setattr(runner.CellRunner, "do", stop)
    with pytest.raises(InterruptedError):
        muybridge.bench(tmp_path, **WISH)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "bench.json"]


def test_a_run_of_the_bench_that_is_none_is_left_alone(tmp_path: Path) -> None:
    class Seen(Callback):
        def on_start(self, stages: object, resumed_at: int) -> None:
            raise KeyboardInterrupt

    wish = {**WISH, "trivial": False, "seeds": (0,)}
    with pytest.raises(KeyboardInterrupt):
        muybridge.bench(tmp_path / "bench", callback=Seen(), **wish)
    (run,) = (tmp_path / "bench" / "runs").iterdir()

    # Nothing was trained, so the same call begins anew and gets as far again.
    with pytest.raises(KeyboardInterrupt):
        muybridge.bench(tmp_path / "bench", callback=Seen(), **wish)

    shutil.rmtree(run)
    run.mkdir()
    (run / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="not a run folder"):
        muybridge.bench(tmp_path / "bench", callback=Seen(), **wish)
    assert (run / "thesis.txt").read_text() == "mine"


def test_whole_frame_methods_see_black_and_are_read_off_black() -> None:
    drawn = scene("cat-horse", 4, 96)
    a = clips_for("folder", drawn)[0]
    assert a.pixels[:, :, 0, 0].max() == 0
    assert clips_for("pair", drawn)[1].pixels.equal(drawn.b.pixels)
    assert drawn.ab.masks is not None
    perfect = mask_what_is_bright(Clip.from_floats(drawn.ab.frames * drawn.ab.masks))
    # The rim is read a little wider than it is; the truth is read the same way, so that a perfect result is perfect.
    assert 0.85 < compare_to_truth(perfect, drawn.ab)["iou"] < 1
    figures = measure_result(perfect, drawn, "ab", MetricNetworks(), "folder")
    assert (figures["iou"], figures["l1"]) == (1, pytest.approx(0, abs=1e-6))
    assert (mirrored_side("facing"), mirrored_side("gif")) == ("b", None)


def test_a_method_of_whole_frames_shows_its_first_frame_moving() -> None:
    drawn = scene("gif", 4, 48)
    fitted = muybridge.Fitted(Still(Config()), None, Run(Path("none")))
    made = make_result(fitted, drawn, "ba")
    assert len(made) == 4
    assert drawn.b.masks is not None
    assert compare_to_truth(made, mask_what_is_bright(Clip.from_floats(drawn.b.frames * drawn.b.masks)))["iou"] > 0.5
    assert bool((made.pixels == made.pixels[:1]).all())


def test_a_driving_clip_that_looks_the_other_way_is_mirrored_for_a_method_of_whole_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Clip] = []

    def follow(self: Still, data: Data, driving: Clip, source: Clip, **options: Any) -> Animation:
        seen.append(driving)
        rgba = torch.cat((source.pixels[0], torch.full_like(source.pixels[0, :1], 255)))
        return Animation(iter([rgba] * len(driving)), driving.timing, (driving.height, driving.width))

    monkeypatch.setattr(Still, "animate", follow)
    fitted = muybridge.Fitted(Still(Config()), None, Run(Path("none")))
    for name, mirrored in (("facing", True), ("gif", False)):
        drawn = scene(name, 3, 48)
        make_result(fitted, drawn, "ab")
        shown = clips_for("folder", drawn)[1]
        assert seen[-1].pixels.equal(shown.mirror().pixels if mirrored else shown.pixels)


def test_the_whole_comparison_in_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Methods of pairs, of folders and of landmarks on the same scene, in one table."""
    narrow = {"generator.width": 4, "generator.blocks": 1, "critic.width": 4}
    short = {
        "jokr": TINY_TRAINING,
        "fomm": {"training.steps": 2, "training.batch": 2, "size": 32, "keypoints": 3},
        "cyclegan": {"translate.steps": 2, "size": 32, **narrow},
        "recyclegan": {"translate.steps": 2, "size": 32, **narrow, "predictor.width": 4, "predictor.max_width": 8},
        "tsnet": {"train.steps": 2, "size": 32, "width": 4, "critic_width": 4},
    }
    for name, changes in short.items():
        kind = catalogue.find(name)
        presets = {**kind.card.presets, "bench": make_config(kind, "bench", changes)}
        monkeypatch.setattr(kind, "card", replace(kind.card, presets=presets))
    wanted = {**WISH, "scenes": ["dancers"], "preset": "bench", "set": {}, "plan": Plan(frames=5, size=48)}
    tables = muybridge.bench(tmp_path / "b", methods=tuple(short), **wanted)
    rows = {row.label for row in tables.overall}
    assert rows == {*(f"{name} bench" for name in short), "best still", "same time", "warped silhouette"}
    for row in tables.overall:
        figure = row.figures["iou"]
        assert 0 <= figure.mean <= 1
    assert len(list((tmp_path / "b" / "sheets").iterdir())) == 2 * len(rows)


def test_a_method_of_whole_frames_is_trained_and_measured(tmp_path: Path) -> None:
    sizes = {"size": 32, "training.steps": 2, "training.batch": 2, "keypoints": 3}
    found = muybridge.bench(
        tmp_path / "b", methods=("fomm",), trivial=False, **{**WISH, "preset": "bench", "set": sizes}
    )
    row = found.overall[0]
    assert (row.cells, row.worst is not None) == (2, True)
    assert 0 <= row.figures["iou"].mean <= 1


def test_a_method_of_landmarks_is_measured_where_there_are_bodies(tmp_path: Path) -> None:
    sizes = {"size": 32, "width": 4, "critic_width": 4, "train.steps": 2}
    wanted = {**WISH, "preset": "bench", "set": sizes, "trivial": False, "scenes": ["dancers", "gif"]}
    said: list[str] = []
    found = muybridge.bench(tmp_path / "b", methods=("tsnet",), notify=said.append, **wanted)
    assert [(row.label, row.cells) for row in found.overall if row.scene == "all"] != []
    assert {row.scene for row in found.scenes} == {"dancers"}
    assert any("gif" in text and "left out" in text for text in said)


# -- the study -------------------------------------------------------------------------------------------------------


def test_a_study_of_a_bench_and_its_answers(table: Path, tmp_path: Path) -> None:
    page = muybridge.study(table, tmp_path / "study", trivial=True)
    assert "jokr" not in page.read_text()
    key = json.loads((tmp_path / "study" / "key.json").read_text())
    # Four rows in two directions, each direction with six pairs.
    assert (len(key["marks"]), len(key["pairs"])) == (8, 12)
    marks = {str(i): {"appearance": 5 if "jokr" in m["method"] else 1, "motion": 3} for i, m in enumerate(key["marks"])}
    answers = tmp_path / "anna.json"
    answers.write_text(json.dumps({"study": key["study"], "marks": marks, "pairs": {"0": "left"}}))
    best = muybridge.score(tmp_path / "study", [answers])[0]
    assert "jokr" in best.method
    assert best.appearance is not None
    assert best.appearance.mean == 5
    assert (tmp_path / "study" / "scores.json").is_file()
    with pytest.raises(OutputExistsError):
        muybridge.study(table, tmp_path / "study")
    with pytest.raises(InputError):
        muybridge.study(tmp_path, tmp_path / "other")
    with pytest.raises(InputError):
        muybridge.score(tmp_path / "study", [page])


# -- evaluate --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(table: Path) -> Path:
    return next((table / "runs").iterdir())


def test_evaluate_measures_beside_the_inputs_and_the_truth(run: Path, tmp_path: Path) -> None:
    drawn = scene("gif", PLAN.frames, PLAN.size)
    figures = muybridge.evaluate(run, truth={"a": drawn.ab}, out=tmp_path / "figures")
    of_jokr = ("iou", "cycle_iou", "cycle_points", "step", "sharpness", "edge_f")
    own = {f"{n}_{s}" for n in of_jokr for s in "ab"}
    beside = {f"{n}_{s}" for n in ("flicker_ratio", "random_features") for s in "ab"}
    true = {f"truth_{n}_a" for n in ("iou", "boundary_f", "l1", "psnr", "ssim", "ms_ssim")}
    assert set(figures) == own | beside | true
    cells = [json.loads(p.read_text()) for p in (run.parents[1] / "cells").iterdir()]
    same = next(
        c for c in cells if c["method"] == "jokr" and c["direction"] == "ab" and f"seed{c['seed']}_" in run.name
    )
    assert figures["truth_iou_a"] == pytest.approx(same["figures"]["iou"])
    assert {p.name for p in (tmp_path / "figures").iterdir()} == {
        *(f"evaluation.{suffix}" for suffix in ("csv", "json", "html")),
        "contact-sheet.png",
    }
    lines = (tmp_path / "figures" / "evaluation.csv").read_text().splitlines()
    assert lines[0] == "figure,value,meaning"
    assert len(lines) == 1 + len(figures)
    assert all(line.split(",", 2)[2] for line in lines)
    assert "telling keypoints apart takes 32 frames" in (tmp_path / "figures" / "evaluation.html").read_text()
    with pytest.raises(OutputExistsError):
        muybridge.evaluate(run, out=tmp_path / "figures")
    again = muybridge.evaluate(run, truth={"a": drawn.ab}, out=tmp_path / "figures", force=True)
    assert again == figures


def test_evaluate_looks_at_people_against_true_frames_that_were_not_compressed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    drawn = scene("gif", PLAN.frames, PLAN.size)
    weights = {"identity": write_identity(tmp_path / "who.onnx")}
    frames = write(tmp_path / "frames", drawn.ab.pixels, drawn.ab.timing)
    video = write(tmp_path / "ab.mp4", drawn.ab.pixels, drawn.ab.timing)
    said: list[str] = []
    given: dict[str, Any] = {"weights": weights, "truth_masks": {"a": drawn.ab}, "notify": said.append}
    whole = muybridge.evaluate(run, truth={"a": drawn.ab}, **given)
    kept = muybridge.evaluate(run, truth={"a": frames}, **given)
    assert whole["truth_aed_a"] == kept["truth_aed_a"] > 0
    assert any(text.startswith("akd, mkr were not measured: ") for text in said)
    assert any(text.startswith("probe, energy, energy_within were not measured: ") for text in said)
    said.clear()
    lost = muybridge.evaluate(run, truth={"a": video}, **given)
    assert "truth_aed_a" not in lost
    assert any(text.startswith("truth_aed_a was not measured: ab.mp4 is compressed") for text in said)
    with pytest.raises(UsageError, match="Name them: truth="):
        muybridge.evaluate(run, weights=weights)


def test_a_study_of_any_results(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "drive.mp4", "who.png"):
        (tmp_path / name).write_bytes(name.encode())
    listed = tmp_path / "results.csv"
    listed.write_text(
        "method,place,result,source,driving\nours,dance,a.mp4,who.png,drive.mp4\ntheirs,dance,b.mp4,who.png,drive.mp4\n"
    )
    page = muybridge.study(results=listed, out=tmp_path / "study", ask=["marks", "pairs", "ranks"])
    html = page.read_text()
    assert "ours" not in html
    key = json.loads((tmp_path / "study" / "key.json").read_text())
    assert (len(key["marks"]), len(key["pairs"]), len(key["ranks"])) == (2, 1, 1)
    ranks = {"0": {str(i): 1 if m == "ours" else 2 for i, m in enumerate(key["ranks"][0]["methods"])}}
    (tmp_path / "anna.json").write_text(json.dumps({"study": key["study"], "marks": {}, "pairs": {}, "ranks": ranks}))
    best = muybridge.score(tmp_path / "study", [tmp_path / "anna.json"])[0]
    assert best.method == "ours"
    assert best.rank is not None
    assert best.rank.mean == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("method,result\nours,a.mp4\n", "are needed"),
        ("method,place,result\nours,,a.mp4\n", "line 2: no place"),
        ("method,place,result\nours,x,a.mp4\nours,x,a.mp4\n", "line 3"),
        ("method,place,result\nours,x,none.mp4\n", "cannot be read"),
        ("method,place,result\nours,x,results.csv\n", "every browser"),
        ("method,place,result\n", "nothing|results to show"),
    ],
)
def test_lists_of_results_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"a")
    (tmp_path / "results.csv").write_text(text)
    with pytest.raises((InputError, UsageError), match=said):
        muybridge.study(results=tmp_path / "results.csv", out=tmp_path / "study", ask=["pairs"])
    assert not (tmp_path / "study").exists()
    with pytest.raises(UsageError, match="either"):
        muybridge.study(out=tmp_path / "study")
