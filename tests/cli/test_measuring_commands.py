"""bench, study and evaluate on the command line."""

import json
from pathlib import Path

import pytest
from tiny_jobs import TINY, Command

from muybridge.cli import main

LINE = ("bench", "--scenes", "gif", "--frames", "4", "--size", "48", *TINY)


def test_help_teaches_measuring(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("bench", "study", "evaluate"):
        assert main([verb, "--help"]) == 0
        assert f"muybridge {verb} " in capsys.readouterr().out.split("For example")[1], verb


def test_bench_prints_a_table_twice_the_same_and_a_study_asks_about_it(command: Command, tmp_path: Path) -> None:
    first = command(*LINE, "--out", tmp_path / "bench")
    assert first.code == 0, first.err
    for word in ("Mean over scenes", "same time", "best still", "warped silhouette", "jokr", "a cell", "table.html"):
        assert word in first.out, word
    again = command(*LINE, "--out", tmp_path / "bench")
    assert again.out == first.out
    page = command("study", "--bench", tmp_path / "bench", "--out", tmp_path / "study")
    assert (page.code, page.out.strip().endswith("study.html")) == (0, True)
    key = json.loads((tmp_path / "study" / "key.json").read_text())
    answers = {"study": key["study"], "marks": {"0": {"appearance": 4, "motion": 2}}, "pairs": {}}
    (tmp_path / "anna.json").write_text(json.dumps(answers))
    told = command("study", "--out", tmp_path / "study", "--answers", tmp_path / "anna.json")
    assert told.code == 0, told.err
    assert "appearance 4.000, motion 2.000" in told.out
    run = next((tmp_path / "bench" / "runs").iterdir())
    figures = command("evaluate", run, "--out", tmp_path / "figures")
    assert figures.code == 0, figures.err
    assert "flicker_ratio_a" in figures.out
    assert "fid was not measured" in figures.err
    assert "probe, energy, energy_within were not measured" in figures.err
    assert "there are 4 and 4" in figures.err


def test_evaluate_compares_predictions_without_a_run(command: Command, tmp_path: Path) -> None:
    def table(name: str, *values: object) -> Path:
        records = [{"file_name": "walk.png", "frame_number": i, "value": value} for i, value in enumerate(values)]
        (tmp_path / name).write_text(json.dumps(records))
        return tmp_path / name

    poses = (table("pose_gt.json", [[10, 10], [5, 5]]), table("pose_gen.json", [[13, 14], [-1, -1]]))
    who = (table("id_gt.json", [0, 0, 0]), table("id_gen.json", [0, 3, 4]))
    ended = command("evaluate", "--poses", *poses, "--identities", *who)
    assert ended.code == 0, ended.err
    assert ended.out.split() == ["akd", "5.0000", "mkr", "0.5000", "aed", "5.0000"]
    alone = command("evaluate", "--identities", *who)
    assert alone.out.split() == ["aed", "5.0000"]
    wrong = command("evaluate", "--poses", *who)
    assert (wrong.code, "landmarks" in wrong.err) == (1, True)
    other = command("evaluate", "--poses", *poses, "--out", tmp_path / "x")
    assert (other.code, "without a run" in other.err) == (2, True)
    nothing = command("evaluate")
    assert (nothing.code, "--poses GROUND_TRUTH GENERATED" in nothing.err) == (2, True)


@pytest.mark.parametrize(
    "line",
    [
        ["bench", "--scenes", "zoo"],
        ["bench", "--preset", "gallop"],
        ["bench", "--seeds", "many"],
        ["bench", "--methods", ","],
        ["bench", "--weights", "eyes=x"],
        ["bench", "--weights", "pose=x"],
        ["evaluate", "r", "--weights", "eyes=x"],
        ["evaluate", "--poses", "one.json"],
        ["study"],
        ["study", "--bench", "b", "--answers", "a.json"],
        ["study", "--bench", "b", "--results", "a.csv"],
    ],
    ids=" ".join,
)
def test_wrong_use_of_measuring(
    line: list[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command(*line, "--out", "x")
    assert ended.code == 2, ended.err
    assert ended.err.count("error:") == 1
    assert not list(tmp_path.iterdir())


def test_a_network_that_is_named_must_be_there(command: Command, tmp_path: Path) -> None:
    ended = command(*LINE, "--out", tmp_path / "b", "--weights", f"action={tmp_path / 'none.pickle'}")
    assert (ended.code, "c3d.pickle" in ended.err) == (1, True)
    assert not (tmp_path / "b").exists()
