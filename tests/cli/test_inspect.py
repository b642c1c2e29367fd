"""inspect, and --no-mark: what files say of how they were made."""

from pathlib import Path

import torch
from tiny_jobs import Command, Pair

from muybridge.video import Mark, Timing, read_mark, write


def test_inspect_tells_what_a_file_is_and_says(command: Command, tmp_path: Path) -> None:
    frames = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    plain = write(tmp_path / "plain.mp4", frames, Timing.constant(2))
    marked = write(tmp_path / "marked.mp4", frames, Timing.constant(2), mark=Mark("jokr", "1.2.3"))
    said = command("inspect", marked)
    assert said.code == 0
    assert "Muybridge 1.2.3, method jokr" in said.out
    assert "trainedAlgorithmicMedia" in said.out
    assert "does not say" in command("inspect", plain).out
    assert command("inspect", tmp_path / "none.mp4").code != 0


def test_every_result_of_a_job_is_marked(job: Path) -> None:
    for path in job.iterdir():
        if path.suffix in (".mp4", ".gif", ".png") and path.name != "keypoints.mp4":
            mark = read_mark(path)
            assert mark is not None, path
            assert mark.method == "jokr"
            assert mark.composite == (path.name in ("side-by-side.mp4", "contact-sheet.png"))


def test_no_mark_leaves_it_out_and_says_what_is_lost(job: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    out = tmp_path / "a.mp4"
    with_mark = command("animate", job / "run", "--driving", pair.b, "--out", out)
    assert with_mark.code == 0, with_mark.err
    assert read_mark(out) is not None
    done = command("animate", job / "run", "--driving", pair.b, "--out", out, "--force", "--no-mark")
    assert done.code == 0, done.err
    assert "synthetic" in done.err
    assert read_mark(out) is None
