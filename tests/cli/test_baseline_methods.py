"""The commands with another pair method than the default."""

from pathlib import Path

import pytest
from tiny_jobs import FRAMES, Command, Pair

from muybridge.video import read

SMALL = ["--preset", "smoke", "--set", "size=32", "--set", "translate.steps=2", "--device", "cpu"]


@pytest.mark.parametrize("method", ["cyclegan", "recyclegan"])
def test_a_baseline_goes_all_the_way(method: str, pair: Pair, command: Command, tmp_path: Path) -> None:
    out = tmp_path / "job"
    ended = command("retarget", pair.a, pair.b, "--out", out, "--method", method, *SMALL)
    assert ended.code == 0, ended.err
    written = {path.name for path in out.iterdir()}
    assert {"side-by-side.mp4", "contact-sheet.png", "report.html"} <= written
    assert "keypoints.mp4" not in written
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"Trained with {method}" in page
    assert "cycle_iou_a" in page
    assert "keypoint" not in page.lower()
    shown = command("animate", out, "--driving", pair.b, "--source", "a", "--no-affine", "--out", tmp_path / "x.mp4")
    assert shown.code == 0, shown.err
    assert f"{method} has no map between the two subjects" in shown.err.replace("\n", " ")
    made = read(tmp_path / "x.mp4")
    assert len(made) == FRAMES
    assert made.timing.seconds == pytest.approx(read(pair.b).timing.seconds)
    assert "kept_iou_b" in command("evaluate", out).out
    moved = command("edit", out, "--subject", "a", "--frame", "0", "--move", "0=0.1,0.1", "--out", tmp_path / "y.mp4")
    assert (moved.code, "no keypoints" in moved.err) == (2, True)
    wrong = command("retarget", pair.a, pair.b, "--out", out, "--resume")
    assert wrong.code == 1
    assert f"is a run of {method}, not of jokr" in wrong.err.replace("\n", " ")
