"""A batch of real pairs, small: results, table and page; what is done is skipped, what changed is done anew."""

import importlib
import json
from pathlib import Path

import pytest

import muybridge
from muybridge import puppets
from muybridge.batches.folder import BatchFolder, Seen, Status, iter_states
from muybridge.batches.recording import record_job
from muybridge.cli import main
from muybridge.errors import OutputExistsError, UsageError
from tiny_jokr import TINY_TRAINING

# By its name: `muybridge.api.batch` is the verb.
api_batch = importlib.import_module("muybridge.api.batch")

SMALL = {
    "preset": "smoke",
    "set": TINY_TRAINING,
    "masks_a": "a_masks",
    "masks_b": "b_masks",
    "max_frames": 4,
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return puppets.write_scene("gif", tmp_path_factory.mktemp("scene") / "gif", frames=5, size=48)


def jobs(scene: Path, **changes: object) -> list[dict]:
    pair = {"a": f"{scene}/a.mp4", "b": f"{scene}/b.mp4", **SMALL}
    pair |= {"masks_a": f"{scene}/a_masks", "masks_b": f"{scene}/b_masks"}
    broken = {"name": "broken", **pair, "masks_a": f"{scene}/joints.json"}
    return [{"name": "good", **pair, **changes}, broken]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_batch_from_start_to_page(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = {each.name: each for each in muybridge.batch(jobs(scene), out, at_most=1)}
    assert first["good"].status == Status.DONE, first["good"].error
    assert first["broken"].status == Status.FAILED
    assert "joints.json" in first["broken"].error
    assert (out / "good" / "report.html").is_file()
    assert first["good"].figures

    rows = (out / "batch.csv").read_text().splitlines()
    assert rows[0].startswith("job,status,seconds,")
    assert [row.split(",")[:2] for row in rows[1:]] == [["good", "done"], ["broken", "failed"]]
    page = (out / "batch.html").read_text()
    assert "1 done, 1 failed" in page
    assert "src='good/" in page

    # The same call skips what is done, and tries again what failed; another seed is another job.
    before = (out / "good" / "run" / "run.json").stat().st_mtime_ns
    again = {each.name: each.status for each in muybridge.batch(jobs(scene), out, at_most=1)}
    assert again == {"good": Status.SKIPPED, "broken": Status.FAILED}
    assert (out / "good" / "run" / "run.json").stat().st_mtime_ns == before
    anew = {each.name: each.status for each in muybridge.batch(jobs(scene, seed=1)[:1], out, at_most=1)}
    assert anew == {"good": Status.DONE}
    assert json.loads((out / "good" / "run" / "run.json").read_text())
    assert [path.name for path in out.rglob("*.part")] == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputExistsError, match="is not a batch"):
        list(muybridge.batch([{"a": "a", "b": "b"}], tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    with pytest.raises(UsageError, match="this is no job"):
        list(muybridge.batch([{"a": "a"}], tmp_path / "out"))
    with pytest.raises(UsageError, match="at least one job"):
        list(muybridge.batch([], tmp_path / "out"))


def test_a_folder_that_a_kill_left_before_it_was_a_batch_is_no_obstacle(tmp_path: Path) -> None:
    for name in (".lock", ".batch.json.0123abcd.part"):
        (tmp_path / name).touch()
    BatchFolder(tmp_path).open()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "batch.json"]


def test_what_an_earlier_try_came_to_is_not_the_end_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"no video")

    job = {"name": "one", "a": f"{tmp_path}/a.mp4", "b": f"{tmp_path}/b.mp4"}
    folder = BatchFolder(tmp_path / "out")
    folder.open()
    folder.results("one").mkdir()
    folder.place("one", "state.json").parent.mkdir(parents=True)
    folder.write_state("one", {"status": "done", "fingerprint": "of other settings", "figures": {"iou": 1.0}})

    # Its process is killed before it can say that it has begun, and while it writes something.
    dying = "import os, sys; open(f'{sys.argv[1]}/.jobs/one/.progress.json.part', 'w'); os.kill(os.getpid(), 9)"
    monkeypatch.setattr(api_batch, "WORKER", dying)
    (outcome,) = muybridge.batch([job], tmp_path / "out")
    assert (outcome.status, outcome.error, outcome.figures) == (Status.FAILED, "it was ended by signal 9", {})
    assert list((tmp_path / "out").rglob("*.part")) == []


DIES_ONCE = """
import os, sys
from pathlib import Path
from muybridge.batches.folder import BatchFolder
from muybridge.batches.recording import record_job

folder, name = BatchFolder(Path(sys.argv[1])), sys.argv[2]

def work(goes_on):
    with open(folder.path.parent / "told", "a") as file:
        file.write(f"{name} {goes_on} ")
    if name == "one" and not goes_on:
        os.kill(os.getpid(), int(os.environ["DIES_BY"]))
    return {"answer": 42.0}

record_job(folder, name, folder.order(name)["fingerprint"], work)
"""


@pytest.mark.parametrize(("number", "begun"), [(9, "one False two False one True"), (15, "one False two False")])
def test_a_killed_job_is_begun_once_more_when_the_others_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, begun: str
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"no video")
    jobs = [{"name": name, "a": f"{tmp_path}/a.mp4", "b": f"{tmp_path}/b.mp4"} for name in ("one", "two")]
    monkeypatch.setattr(api_batch, "WORKER", DIES_ONCE)
    monkeypatch.setenv("DIES_BY", str(number))
    ended = {each.name: each for each in muybridge.batch(jobs, tmp_path / "out", at_most=1)}
    assert (tmp_path / "told").read_text().strip() == begun
    assert ended["two"].status == Status.DONE
    # Whoever asks a job to end does not want it begun again.
    assert ended["one"].status == (Status.DONE if number == 9 else Status.FAILED)


def test_a_look_reads_only_what_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = BatchFolder(tmp_path)
    for name in ("one", "two"):
        folder.write_order(name, {})
    folder.write_state("one", {"status": "done"})
    read: list[str] = []
    reads = BatchFolder.state
    monkeypatch.setattr(BatchFolder, "state", lambda self, name: (read.append(name), reads(self, name))[1])

    seen: Seen = {}
    assert [status for _, status, _ in iter_states(folder, seen)] == [Status.DONE, Status.WAITING]
    assert [status for _, status, _ in iter_states(folder, seen)] == [Status.DONE, Status.WAITING]
    assert read == ["one", "two"]
    folder.write_state("two", {"status": "running"})
    assert [status for _, status, _ in iter_states(folder, seen)] == [Status.DONE, Status.RUNNING]
    assert read == ["one", "two", "two"]


def test_whoever_watches_looks_for_a_small_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = importlib.import_module("muybridge.cli.batch")
    clock = [0.0]
    looks = []

    def look(folder: BatchFolder, seen: Seen) -> tuple[str, dict]:
        looks.append(clock[0])
        # A slow disk, or very many jobs.
        clock[0] += 3.0
        return "table", {}

    monkeypatch.setattr(shown.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(shown, "_look", look)
    asked = shown._Looks(BatchFolder(tmp_path))
    for second in range(100):
        clock[0] = max(clock[0], float(second))
        assert asked.newest() == "table"
    assert looks == [0.0, 33.0, 66.0, 99.0]


def test_a_stopped_job_waits_and_whoever_watches_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = BatchFolder(tmp_path)
    folder.open()
    folder.write_order("one", {})

    def stop(goes_on: bool) -> dict[str, float]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record_job(folder, "one", "fingerprint", stop)
    assert [status for _, status, _ in iter_states(folder)] == [Status.WAITING]
    assert main(["batch", "--watch", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "1 waiting" in told
    assert "nobody works on it now, and 1 jobs are left" in told.replace("\n", " ")


def test_damaged_state_means_that_nothing_is_known(tmp_path: Path) -> None:
    folder = BatchFolder(tmp_path / "out")
    folder.open()
    for content in ("{", "[1]", "[" * 100_000, '{"status": "dancing"}'):
        place = folder.place("job", "state.json")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        assert not folder.is_done("job", "x")
        assert folder.outcome("job").status == Status.FAILED
