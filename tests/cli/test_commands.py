"""The commands do what they say, on a tiny pair."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tiny_jobs import FRAMES, TINY, UNEVEN, Command, Pair

from muybridge.run import Run
from muybridge.video import Timing, probe, read, write

A, B = "élan & co", "b [2]"


def test_retarget_writes_everything_and_nothing_else(job: Path) -> None:
    names = {f"{A}-moving-like-{B}", f"{B}-moving-like-{A}"}
    videos = {f"{name}.{suffix}" for name in names for suffix in ("mp4", "gif")}
    shown = {"side-by-side.mp4", "keypoints.mp4", "contact-sheet.png", "report.html", "report.json"}
    assert {p.name for p in job.iterdir()} == videos | shown | {"run"}
    assert Run.open(job / "run", "jokr").status == "finished"


def test_results_keep_the_driving_videos_times_sound_and_the_sources_size(job: Path, pair: Pair) -> None:
    like_b, like_a = job / f"{A}-moving-like-{B}.mp4", job / f"{B}-moving-like-{A}.mp4"
    assert read(like_b).timing.seconds == pytest.approx(UNEVEN.seconds)
    assert read(like_b).timing.duration == pytest.approx(UNEVEN.duration)
    assert read(like_a).timing.seconds == pytest.approx(pair.clips[0].timing.seconds)
    assert probe(like_b).has_audio
    assert not probe(like_a).has_audio
    assert (read(like_b).height, read(like_b).width) == (64, 64)


def test_the_report_stands_alone(job: Path) -> None:
    html = (job / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=['\"](?!data:)", html)
    for word in (
        "élan &amp; co",
        "threshold",
        "without a pretrained network",
        "data:video/mp4",
        "data:image/png",
        "<svg",
        "cycle_iou_a",
    ):
        assert word in html, word
    told = json.loads((job / "report.json").read_text(encoding="utf-8"))
    assert {(job / name).is_file() for name in told["files"]} == {True}
    assert 0 <= told["figures"]["iou_a"] <= 1
    assert told["config"]["texture_loss"] == "weight-free"


def test_side_by_side_runs_as_long_as_the_longer_video(job: Path) -> None:
    sheet = read(job / "side-by-side.mp4")
    assert sheet.timing.seconds == pytest.approx(UNEVEN.seconds)
    assert sheet.width > 4 * 60


def test_an_existing_output_needs_force(job: Path, pair: Pair, command: Command) -> None:
    ended = command("retarget", pair.a, pair.b, "--out", job, *TINY)
    assert ended.code == 1
    assert "--force" in ended.err
    assert "--resume" in ended.err


def test_force_replaces_a_job_and_leaves_what_is_not_its_own(pair: Pair, command: Command, tmp_path: Path) -> None:
    out = tmp_path / "job"
    assert command("retarget", pair.a, pair.b, "--out", out, "--formats", "gif", *TINY).code == 0
    (out / "mine.txt").write_text("mine")
    ended = command("retarget", pair.a, pair.b, "--out", out, "--force", *TINY)
    assert ended.code == 0, ended.err
    assert (out / "mine.txt").read_text() == "mine"
    assert not list(out.glob("*.gif"))
    assert ended.out.splitlines()[-1].endswith("report.html")


def test_force_does_not_touch_a_folder_of_other_things(pair: Pair, command: Command, tmp_path: Path) -> None:
    (tmp_path / "photo.txt").write_text("mine")
    ended = command("retarget", pair.a, pair.b, "--out", tmp_path, "--force", *TINY)
    assert ended.code == 1
    assert "nothing there is replaced" in ended.err
    assert [p.name for p in tmp_path.iterdir()] == ["photo.txt"]


def test_resuming_a_finished_job_writes_its_results_again(job: Path, pair: Pair, command: Command) -> None:
    before = (job / "run" / "weights.safetensors").read_bytes()
    (job / "contact-sheet.png").unlink()
    ended = command("retarget", pair.a, pair.b, "--out", job, "--resume", "--formats", "mp4,gif", *TINY)
    assert ended.code == 0, ended.err
    assert (job / "contact-sheet.png").is_file()
    assert (job / "run" / "weights.safetensors").read_bytes() == before


def test_resume_wants_the_same_inputs_and_settings(job: Path, pair: Pair, command: Command) -> None:
    swapped = command("retarget", pair.b, pair.a, "--out", job, "--resume", *TINY)
    assert (swapped.code, "was made from" in swapped.err) == (1, True)
    other = command("retarget", pair.a, pair.b, "--out", job, "--resume", *TINY, "--set", "shape.steps=3")
    assert (other.code, "shape" in other.err) == (2, True)


@pytest.mark.parametrize("background", ["source", "transparent", "#00ff80"])
def test_fit_then_animate_on_a_background(
    background: str, kept: Path, pair: Pair, command: Command, tmp_path: Path
) -> None:
    out = tmp_path / ("made.webm" if background == "transparent" else "made.mp4")
    ended = command("animate", kept, "--driving", pair.b, "--out", out, "--background", background)
    assert ended.code == 0, ended.err
    made = read(out)
    assert len(made) == FRAMES
    assert made.timing.seconds == pytest.approx(UNEVEN.seconds, abs=1e-3)
    assert probe(out).has_audio
    corner = made.pixels[0, :, 2, 2].tolist()
    if background == "transparent":
        assert made.mattes is not None
        # VP9 keeps alpha as a lossy video of its own.
        assert made.mattes[0, 0, 2, 2] <= 3
    else:
        assert corner == pytest.approx({"source": [255, 255, 255], "#00ff80": [0, 255, 128]}[background], abs=12)


@pytest.fixture(scope="module")
def kept(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has its inputs' backgrounds."""
    from muybridge.cli import main

    out = tmp_path_factory.mktemp("runs") / "run"
    assert main(["fit", "jokr", str(pair.a), str(pair.b), "--out", str(out), "--keep-background", *TINY]) == 0
    return out


def test_animate_a_new_driving_video(job: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    new = write(tmp_path / "new.mp4", pair.clips[1].pixels[1:4], pair.clips[1].timing.select([1, 2, 3]))
    ended = command("animate", job, "--driving", new, "--source", "A", "--out", tmp_path / "frames")
    assert ended.code == 0, ended.err
    assert len(read(tmp_path / "frames")) == 3
    told = command("animate", job, "--driving", new, "--out", tmp_path / "guessed.gif")
    assert (told.code, "looks like subject" in told.err) == (0, True)


def test_a_subject_that_is_guessed_has_its_own_background(
    kept: Path, pair: Pair, command: Command, tmp_path: Path
) -> None:
    new = write(tmp_path / "new.mp4", pair.clips[1].pixels[1:4], pair.clips[1].timing.select([1, 2, 3]))
    ended = command("animate", kept, "--driving", new, "--background", "source", "--out", tmp_path / "made.mp4")
    assert ended.code == 0, ended.err


def test_explain_shows_what_a_pair_found(job: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    ended = command("explain", job, "--source", "A", "--frames", 2, "--out", tmp_path / "own")
    assert ended.code == 0, ended.err
    assert {path.name for path in (tmp_path / "own").iterdir()} == {"keypoints.png", "motion.png"}
    new = write(tmp_path / "new.mp4", pair.clips[1].pixels[1:4], pair.clips[1].timing.select([1, 2, 3]))
    ended = command("explain", job, new, "--frames", 2, "--out", tmp_path / "of-new")
    assert ended.code == 0, ended.err
    assert "bumps" in ended.err
    assert command("explain", job, "--frames", 2, "--out", tmp_path / "whose").code == 2


def test_edit_draws_the_way(job: Path, command: Command, tmp_path: Path) -> None:
    moves = ("--move", "0=0.2,-0.1", "--move", "3=0,0.3")
    ended = command("edit", job, "--subject", "A", "--frame", 1, *moves, "--steps", 4, "--out", tmp_path / "e.gif")
    assert ended.code == 0, ended.err
    assert len(read(tmp_path / "e.gif")) == 4


@pytest.mark.parametrize("move", ["9=0.1,0.1", "0=1", "x=1,1", "0:1,1"])
def test_edit_refuses_moves_that_cannot_be(job: Path, command: Command, tmp_path: Path, move: str) -> None:
    ended = command("edit", job, "--subject", "A", "--move", move, "--out", tmp_path / "e.mp4")
    assert ended.code == 2
    assert not list(tmp_path.iterdir())


def test_evaluate_prints_the_figures(job: Path, command: Command) -> None:
    ended = command("evaluate", job)
    assert ended.code == 0
    assert re.search(r"cycle_iou_b\s+\d\.\d{4}", ended.out)


def test_mask_writes_silhouettes_a_sheet_and_takes_corrections(pair: Pair, command: Command, tmp_path: Path) -> None:
    out = tmp_path / "masks of a"
    assert command("mask", pair.a, "--out", out).code == 0
    assert {p.name for p in out.iterdir()} == {"masks", "sheet.png", "report.json"}
    assert len(read(out / "masks")) == FRAMES
    assert command("mask", pair.a, "--out", out).code == 1
    truth = pair.clips[0].mattes
    assert truth is not None
    cv2.imwrite(str(tmp_path / "two.png"), truth[2, 0].numpy())
    ended = command("mask", pair.a, "--out", out, "--correct", f"2={tmp_path / 'two.png'}")
    assert ended.code == 0, ended.err
    assert json.loads((out / "report.json").read_text())["corrected"] == [2]
    assert (read(out / "masks").pixels[2, :1] > 127).equal(truth[2] > 127)
    used = command("retarget", pair.a, pair.b, "--out", tmp_path / "job", "--masks-a", out, *TINY)
    assert used.code == 0, used.err
    assert "given: masks" in used.err


def test_mask_takes_a_roughly_painted_frame_and_a_box_on_any(pair: Pair, command: Command, tmp_path: Path) -> None:
    truth = pair.clips[0].mattes
    assert truth is not None
    rough = cv2.dilate(truth[2, 0].numpy(), np.ones((5, 5), np.uint8))
    cv2.imwrite(str(tmp_path / "rough.png"), rough)
    ended = command("mask", pair.a, "--out", tmp_path / "painted", "--rough", f"2={tmp_path / 'rough.png'}")
    assert ended.code == 0, ended.err
    assert "rough mask on frame 2" in ended.err
    found = read(tmp_path / "painted" / "masks").pixels[:, :1] > 127
    both = ((found & (truth > 127)).sum() / (found | (truth > 127)).sum()).item()
    assert both > 0.8
    rows, columns = (truth[3, 0] > 127).nonzero().T
    box = f"{columns.min() - 1},{rows.min() - 1},{columns.max() + 2},{rows.max() + 2}"
    ended = command("mask", pair.a, "--out", tmp_path / "boxed", "--box", box, "--box-frame", 3)
    assert ended.code == 0, ended.err
    assert "box on frame 3" in ended.err


@pytest.mark.parametrize(
    ("hint", "says"),
    [
        (("--rough", "two.png"), "--rough 12=roughly.png"),
        (("--rough", "2=nowhere.png"), "no picture nowhere.png"),
        (("--rough", "99=small.png"), "frames 0 to 4"),
        (("--rough", "0=small.png"), "the rough mask is 9x7, the frame 64x64"),
        (("--rough", "0=small.png", "--box", "1,1,50,50"), "exclude each other"),
        (("--rough", "0=small.png", "--how", "threshold"), "hint for"),
        (("--box-frame", 2), "Give the box too"),
        (("--box", "1,1,50,50", "--box-frame", 9), "frames 0 to 4"),
        (("--weights", "small.png"), "--how saliency"),
        (("--how", "saliency", "--weights", "nowhere.pth"), "--how saliency --weights FILE"),
    ],
    ids=str,
)
def test_hints_that_cannot_be_followed(
    hint: tuple[object, ...],
    says: str,
    pair: Pair,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("small.png", np.full((7, 9), 255, np.uint8))
    ended = command("mask", pair.a, "--out", "masks", *hint)
    assert ended.code in (1, 2)
    assert says in ended.err, ended.err
    assert not (tmp_path / "masks").exists()


def test_advice_on_silhouettes_can_be_typed(pair: Pair, command: Command, tmp_path: Path) -> None:
    """Every option that the two hints name is one of `mask`."""
    white = write(tmp_path / "white.mp4", torch.full((3, 3, 64, 64), 250, dtype=torch.uint8), Timing.constant(3))
    lost = command("mask", white, "--out", tmp_path / "m", "--how", "threshold")
    absent = command("mask", white, "--out", tmp_path / "m", "--how", "saliency", "--weights", tmp_path / "none")
    help_text = command("mask", "--help").out
    for ended in (lost, absent):
        assert ended.code == 1
        named = set(re.findall(r"--[a-z-]+", ended.err)) - {"--masks-a", "--masks-b"}
        assert {"--out"} < named
        assert all(option in help_text for option in named)


def test_flip_is_followed_back(pair: Pair, command: Command, tmp_path: Path) -> None:
    ended = command("fit", "jokr", pair.a, pair.b, "--out", tmp_path / "run", "--flip", "B", *TINY)
    assert ended.code == 0, ended.err
    data = Run.open(tmp_path / "run").load_data()
    assert [int(data[f"{side}.numbers"][2]) for side in "ab"] == [0, 1]


def test_puppets(command: Command, tmp_path: Path) -> None:
    listed = command("puppets", "--list")
    assert (listed.code, "horse-giraffe" in listed.out) == (0, True)
    drawn = command("puppets", "--scene", "dog-cat", "--frames", 2, "--size", 32, "--out", tmp_path / "p")
    assert drawn.code == 0
    assert len(read(tmp_path / "p" / "truth_ab.mp4")) == 2
    assert command("puppets").code == 2
    assert command("puppets", "--scene", "dragon", "--out", tmp_path / "q").code == 2


def test_methods_and_doctor(command: Command) -> None:
    listed = command("methods")
    assert (listed.code, "--preset draft" in listed.out, "2021" in listed.out) == (0, True, True)
    checked = command("doctor")
    assert checked.code == 0
    for word in (
        "device",
        "threads",
        "bfloat16",
        "h264",
        "vp9",
        "tensorboard",
        "vgg16-397923af.pth",
        "memory",
        "free disk",
    ):
        assert word in checked.out, word


def test_demo_says_how_far_it_is_from_the_truth(command: Command, tmp_path: Path) -> None:
    ended = command("demo", "--out", tmp_path / "demo", "--frames", 3, *TINY)
    assert ended.code == 0, ended.err
    assert re.search(r"truth_iou_a\s+\d", ended.out)
    assert re.search(r"truth_best_still_iou_b\s+\d", ended.out)
    assert ended.out.splitlines()[-1].endswith("contact-sheet.png")
    assert "How far from the truth" in (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
