"""Runs know their inputs again, wherever these have gone, and go on without looking for anything twice."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_jobs import FRAMES, TINY, Command, Pair

from muybridge.jobs.provenance import InputReference, digest, find_input, is_same_input
from muybridge.run import Run
from muybridge.video import probe, read, write


@pytest.fixture
def own(job: Path, tmp_path: Path) -> Path:
    """A copy of the finished job."""
    return shutil.copytree(job, tmp_path / "elsewhere" / "job")


@pytest.fixture
def nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        pytest.fail("silhouettes were looked for")

    monkeypatch.setattr("muybridge.inputs.clips.find_silhouettes", fail)
    monkeypatch.setattr("muybridge.inputs.driving.find_silhouettes_unchecked", fail)


def test_a_run_goes_on_from_another_folder(
    pair: Pair, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    a, b = shutil.copy(pair.a, here / "a.mp4"), shutil.copy(pair.b, here / "b.mp4")
    write(there / "a.mp4", pair.clips[0].pixels[:3], pair.clips[0].timing.select([0, 1, 2]))
    write(there / "b.mp4", pair.clips[1].pixels[:3], pair.clips[1].timing.select([0, 1, 2]))
    monkeypatch.chdir(here)
    assert command("fit", "jokr", "a.mp4", "b.mp4", "--out", "run", *TINY).code == 0
    told = (here / "run" / "run.json").read_text(encoding="utf-8")
    assert json.loads(told)["inputs"] == {"a": "a.mp4", "b": "b.mp4"}
    assert str(tmp_path) not in told
    again = command("fit", "jokr", "./a.mp4", "b.mp4", "--out", "run", "--resume")
    assert again.code == 0, again.err

    monkeypatch.chdir(there)
    run = here / "run"
    again = command("fit", "jokr", a, "../here/b.mp4", "--out", run, "--resume")
    assert again.code == 0, again.err
    other = command("fit", "jokr", "a.mp4", "b.mp4", "--out", run, "--resume")
    assert (other.code, "other files of these names" in other.err) == (1, True)
    # A file of the same name, and not the one that was trained on.
    assert command("animate", run, "--driving", "b.mp4", "--source", "A", "--out", "made.mp4").code == 0
    assert len(read("made.mp4")) == 3
    assert command("animate", run, "--driving", b, "--source", "A", "--out", "known.mp4").code == 0
    assert len(read("known.mp4")) == FRAMES


@pytest.mark.usefixtures("nothing_is_looked_for")
def test_a_moved_run_knows_its_videos(own: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    copied = shutil.copy(pair.b, tmp_path / "copied.mp4")
    ended = command("animate", own, "--driving", copied, "--out", tmp_path / "made.mp4")
    assert ended.code == 0, ended.err
    assert probe(tmp_path / "made.mp4").has_audio


@pytest.mark.usefixtures("nothing_is_looked_for")
def test_a_run_of_before_is_known_by_its_paths(own: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    path = own / "run" / "run.json"
    old = {k: v for k, v in json.loads(path.read_text()).items() if k not in ("places", "digests")}
    path.write_text(json.dumps(old))
    assert command("retarget", pair.a, pair.b, "--out", own, "--resume").code == 0
    assert command("retarget", pair.b, pair.a, "--out", own, "--resume").code == 1
    assert command("animate", own, "--driving", pair.b, "--out", tmp_path / "made.mp4").code == 0


def test_the_sound_is_that_of_the_training_where_it_is_still_there(
    job: Path, own: Path, command: Command, tmp_path: Path
) -> None:
    for name, source, heard in (("ab", "A", True), ("ba", "B", False)):
        ended = command("animate", job, "--source", source, "--out", tmp_path / f"{name}.mp4")
        assert ended.code == 0, ended.err
        assert probe(tmp_path / f"{name}.mp4").has_audio == heard
    run = Run.open(own / "run")
    run.mark(inputs={"a": "a", "b": "b"}, places={"a": "../gone.mp4", "b": "../gone.mp4"})
    assert command("animate", own, "--source", "A", "--out", tmp_path / "silent.mp4").code == 0
    assert not probe(tmp_path / "silent.mp4").has_audio


@pytest.mark.usefixtures("nothing_is_looked_for")
def test_what_comes_too_late_is_said(own: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    late = ["--masks-a", tmp_path, "--box-b", "1,1,9,9", "--max-frames", FRAMES]
    ended = command("retarget", pair.a, pair.b, "--out", own, "--resume", *late)
    assert ended.code == 0, ended.err
    assert "--masks-a, --box-b are not looked at again" in " ".join(ended.err.split())
    flipped = command("retarget", pair.a, pair.b, "--out", own, "--resume", "--flip", "A")
    assert (flipped.code, "another --flip" in flipped.err) == (2, True)
    other = [*TINY, "--set", "texture.steps=99"]
    ended = command("retarget", pair.a, pair.b, "--out", own, "--resume", *other)
    assert ended.code == 2
    assert "started with another texture.steps:" in ended.err
    assert "Leave --set texture.steps=99 out, or start anew" in " ".join(ended.err.split())
    ended = command("fit", "jokr", pair.a, pair.b, "--out", own / "run", "--resume", "--max-frames", 3)
    assert (ended.code, "--max-frames is not looked at again" in " ".join(ended.err.split())) == (0, True)


@pytest.mark.usefixtures("nothing_is_looked_for")
def test_a_resumed_report_says_what_is_still_known(own: Path, pair: Pair, command: Command) -> None:
    ended = command("retarget", pair.a, pair.b, "--out", own, "--resume")
    assert ended.code == 0, ended.err
    assert "not looked at" not in ended.err
    page = (own / "report.html").read_text(encoding="utf-8")
    assert "threshold: flat background" in page
    assert "trust in them" not in page


def test_fit_goes_on_without_reading(own: Path, pair: Pair, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muybridge.inputs.clips.read", lambda *_, **__: pytest.fail("a video was read"))
    assert command("fit", "jokr", pair.a, pair.b, "--out", own / "run", "--resume").code == 0


@pytest.mark.parametrize("later", [False, True], ids=["at once", "when it goes on"])
def test_backgrounds_of_results_are_kept_with_the_run(
    later: bool, own: Path, pair: Pair, command: Command, tmp_path: Path
) -> None:
    out = own if later else tmp_path / "new"
    more = ["--resume"] if later else TINY
    ended = command("retarget", pair.a, pair.b, "--out", out, "--background", "source", *more)
    assert ended.code == 0, ended.err
    ended = command("animate", out, "--driving", pair.b, "--background", "source", "--out", tmp_path / "made.mp4")
    assert ended.code == 0, ended.err
    assert read(tmp_path / "made.mp4").pixels[0, :, 2, 2].tolist() == pytest.approx([255] * 3, abs=12)


def test_folders_are_known_by_their_frames(pair: Pair, tmp_path: Path) -> None:
    clip = pair.clips[0]
    one, two = (write(tmp_path / name, clip.pixels, clip.timing) for name in ("one", "two"))
    assert digest(one) == digest(two)
    run = Run.create(tmp_path / "run", "toy", {}, inputs={"a": "one"}, digests={"a": digest(one)})
    assert is_same_input(run, "a", InputReference("two", two))
    (two / "notes.txt").write_text("mine")
    assert digest(one) == digest(two)
    (two / "00002.png").write_bytes((one / "00003.png").read_bytes())
    assert not is_same_input(run, "a", InputReference("two", two))
    assert not is_same_input(run, "b", InputReference("two", two))
    assert is_same_input(run, "a", InputReference("one"))
    assert find_input(run, "b") is None


# -- TensorBoard ---------------------------------------------------------------------------------------------------


def test_tensorboard_logs_into_the_run(pair: Pair, command: Command, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    job, run = tmp_path / "job", tmp_path / "job" / "run"
    for verb, out, more in ((["retarget"], job, []), (["fit", "jokr"], run, ["--force"])):
        ended = command(*verb, pair.a, pair.b, "--out", out, "--tensorboard", *TINY, *more)
        assert ended.code == 0, ended.err
        assert len(list((run / "tensorboard").iterdir())) == 1
        tags = EventAccumulator(str(run / "tensorboard")).Reload().Tags()
        assert {"shape/seg", "texture/l1"} <= set(tags["scalars"])
        assert tags["images"] == ["preview"]


def test_tensorboard_that_is_missing_is_said_before_anything_is_done(
    pair: Pair, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    ended = command("retarget", pair.a, pair.b, "--out", tmp_path / "out", "--tensorboard", *TINY)
    assert (ended.code, "pip install 'muybridge[tensorboard]'" in ended.err) == (1, True)
    assert not (tmp_path / "out").exists()
