"""Results at an address: each job's whole or not at all, sent by who did it, continued from any machine."""

import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

import muybridge
from muybridge.batches.far_fetch import fetch_batch
from muybridge.batches.far_results import publish_results, read_results
from muybridge.batches.far_view import BatchView
from muybridge.batches.folder import BatchFolder, Outcome, Status
from muybridge.batches.storage import Storage
from muybridge.batches.ticket import Ticket
from muybridge.cli import main
from muybridge.errors import InputError, MuybridgeError, OutputExistsError, UsageError

# By its name: `muybridge.api.batch` is the verb.
api_batch = importlib.import_module("muybridge.api.batch")


class Cut(LocalFileSystem):
    """Files that lie elsewhere, over a connection that breaks: of the first file for which it does, half is left."""

    protocol = "cut"
    breaks_at: ClassVar[str | None] = None
    gone: ClassVar[bool] = False
    sent: ClassVar[list[str]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("cut://")

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if self.gone:
            raise ConnectionResetError("the connection was reset")
        return super()._open(path, mode, **options)

    def put_file(self, path1: str, path2: str, **options: Any) -> None:
        if self.breaks_at and path2.endswith(self.breaks_at):
            content = Path(path1).read_bytes()
            Path(path2).write_bytes(content[: len(content) // 2])
            raise ConnectionResetError("the connection was reset")
        self.sent.append(Path(path2).name)
        super().put_file(path1, path2, **options)


class HereEngine:
    """Runs each job's function in this process: what its own process would do, without the start of one."""

    def run(self, tickets: Sequence[Ticket]) -> Iterator[tuple[str, int]]:
        for ticket in tickets:
            yield ticket.name, api_batch.run_job(*ticket.command[3:])


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the jobs that were done; each writes two videos, a report and a run."""
    fsspec.register_implementation("cut", Cut, clobber=True)
    for name, value in (("breaks_at", None), ("gone", False), ("sent", [])):
        monkeypatch.setattr(Cut, name, value)
    names: list[str] = []

    def work(folder: BatchFolder, job: Any, goes_on: bool) -> dict[str, float]:
        names.append(job.name)
        folder.write_progress(job.name, stage="shape", done=1, steps=2, left=3.0)
        out = folder.results(job.name)
        (out / "run").mkdir(parents=True, exist_ok=True)
        for file in ("a-moving-like-b.mp4", "b-moving-like-a.mp4", "report.html", "run/weights"):
            (out / file).write_text(f"{file} of {job.name} with seed {job.seed}")
        (out / ".lock").touch()
        return {"iou": 0.5}

    monkeypatch.setattr(api_batch, "_do", work)
    monkeypatch.setattr(api_batch, "open_engine", lambda *given: HereEngine())
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"no video")
    (tmp_path / "there").mkdir()
    return names


def run(tmp_path: Path, *, machine: str = "one", **changes: object) -> dict[str, Outcome]:
    """The same command, on a machine with a folder of its own."""
    pair = {"a": f"{tmp_path}/a.mp4", "b": f"{tmp_path}/b.mp4"}
    jobs = [{"name": "first", **pair, **changes}, {"name": "second [2]", **pair, "seed": 7}]
    ended = muybridge.batch(jobs, f"cut://{tmp_path}/there/out/", work=tmp_path / machine)
    return {each.name: each for each in ended}


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_results_arrive_whole_and_any_machine_goes_on(done: list[str], tmp_path: Path) -> None:
    first = run(tmp_path)
    assert {each.status for each in first.values()} == {Status.DONE}, first
    assert first["first"].figures == {"iou": 0.5}
    assert first["first"].address == f"cut://{tmp_path}/there/out/first"
    there = tmp_path / "there" / "out"
    (contents,) = (there / "first").iterdir()
    results = json.loads((there / ".jobs/first/results.json").read_text())
    assert results["folder"] == contents.name
    # No lock, and nothing stays on the machine that did it.
    assert files(contents) == sorted(results["files"])
    assert len(results["files"]) == 4
    assert not (tmp_path / "one" / "first").exists()
    page = (there / "batch.html").read_text()
    assert "2 done" in page
    assert f"src='first/{contents.name}/a-moving-like-b.mp4'" in page
    assert f"href='first/{contents.name}/report.html'" in page
    assert [row.split(",")[:2] for row in (there / "batch.csv").read_text().splitlines()[1:]] == [
        ["first", "done"],
        ["second [2]", "done"],
    ]

    # Another machine asks the address, and fetches nothing.
    again = run(tmp_path, machine="two")
    assert {each.status for each in again.values()} == {Status.SKIPPED}
    assert again["first"].figures == {"iou": 0.5}
    # What changed is done anew, and takes the place of what was there.
    anew = run(tmp_path, machine="two", seed=1)
    assert {name: each.status for name, each in anew.items()} == {"first": "done", "second [2]": "skipped"}
    assert done == ["first", "second [2]", "first"]
    assert len(list((there / "first").iterdir())) == 1
    assert not (there / "first" / contents.name).exists()

    # Where a file is lost there, its job is done again.
    next((there / "second [2]").rglob("weights")).unlink()
    mended = run(tmp_path, machine="three", seed=1)
    assert {name: each.status for name, each in mended.items()} == {"first": "skipped", "second [2]": "done"}


def test_a_cut_upload_leaves_nothing_half_and_the_same_command_sends_the_rest(
    done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cut, "breaks_at", "report.html")
    cut = run(tmp_path)
    assert {each.status for each in cut.values()} == {Status.FAILED}
    error = cut["first"].error
    assert "report.html cannot be written: the connection was reset" in error
    address = f"cut://{tmp_path}/there/out"
    view = BatchView(Storage(address))
    assert [status for _, status, _ in view.states()] == [Status.FAILED, Status.FAILED]
    assert read_results(Storage(address), "first") is None
    # Whoever reads takes only what is whole.
    taken = list(fetch_batch(address, tmp_path / "taken"))
    assert [each.status for each in taken] == [Status.WAITING, Status.WAITING]
    assert not (tmp_path / "taken" / "first").exists()

    monkeypatch.setattr(Cut, "breaks_at", None)
    before = list(Cut.sent)
    assert {each.status for each in run(tmp_path).values()} == {Status.DONE}
    # Nothing is done again, and nothing sent that had arrived.
    assert done == ["first", "second [2]"]
    assert before == ["a-moving-like-b.mp4", "b-moving-like-a.mp4"] * 2
    assert Cut.sent[len(before) :] == ["report.html", "weights"] * 2
    assert [status for _, status, _ in view.states()] == [Status.DONE, Status.DONE]


def test_another_machine_after_a_cut_leaves_nothing_of_it(
    done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cut, "breaks_at", "report.html")
    run(tmp_path)
    (half,) = (tmp_path / "there/out/first").iterdir()
    # It trains again, and on other processors the bits may be others.
    (half / "noise").write_text("as if its content were another")
    half.rename(half.with_name("0" * 16))
    monkeypatch.setattr(Cut, "breaks_at", None)
    assert {each.status for each in run(tmp_path, machine="two").values()} == {Status.DONE}
    assert done == ["first", "second [2]"] * 2
    (left,) = (tmp_path / "there/out/first").iterdir()
    assert len(files(left)) == 4


def test_a_network_that_is_gone_undoes_nothing(
    done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = api_batch._do

    def lose(folder: BatchFolder, job: Any, goes_on: bool) -> dict[str, float]:
        monkeypatch.setattr(Cut, "gone", True)
        return work(folder, job, goes_on)

    assert run(tmp_path)["first"].status == Status.DONE
    monkeypatch.setattr(api_batch, "_do", lose)
    with pytest.raises(MuybridgeError, match=r"batch\.csv cannot be written: the connection was reset"):
        run(tmp_path, seed=1)
    with pytest.raises(MuybridgeError, match=r"batch\.json cannot be read: the connection was reset"):
        run(tmp_path, seed=1)
    monkeypatch.setattr(Cut, "gone", False)
    assert run(tmp_path)["first"].status == Status.SKIPPED


def test_what_comes_back_is_checked(done: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path)
    address = f"cut://{tmp_path}/there/out"
    damaged = next((tmp_path / "there/out/first").rglob("weights"))
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + b"?")
    out = tmp_path / "back"
    assert main(["batch", "--fetch", address, "--out", str(out)]) == 1
    assert "came damaged" in capsys.readouterr().err
    assert not (out / "first").exists()
    assert len(files(out / "second [2]")) == 4

    damaged.write_bytes(content)
    back = {each.name: each for each in fetch_batch(address, out)}
    assert {name: each.status for name, each in back.items()} == {"first": "done", "second [2]": "skipped"}
    assert (out / "first" / "run" / "weights").read_bytes() == content
    assert back["first"].figures == {"iou": 0.5}
    assert "src='first/a-moving-like-b.mp4'" in (out / "batch.html").read_text()
    assert main(["batch", "--watch", str(out)]) == 0
    with pytest.raises(InputError, match="there is no batch"):
        list(fetch_batch(f"cut://{tmp_path}/nowhere", out))


def test_whoever_watches_an_address_sees_it_end(
    done: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"cut://{tmp_path}/there/out"
    assert main(["batch", "--watch", address]) == 2
    assert "is not a batch" in capsys.readouterr().err
    seen = []
    work = api_batch._do

    def look(folder: BatchFolder, job: Any, goes_on: bool) -> dict[str, float]:
        try:
            return work(folder, job, goes_on)
        finally:
            folder._teller.join()
            view = BatchView(Storage(address))
            seen.append([status for _, status, _ in view.states()])
            seen.append(view.progress("first").get("stage"))
            assert view.is_worked_on()

    monkeypatch.setattr(api_batch, "_do", look)
    run(tmp_path)
    assert seen == [["running", "waiting"], "shape", ["done", "running"], "shape"]
    assert main(["batch", "--watch", address]) == 0
    # A line in a pipe has an end.
    assert capsys.readouterr().out.endswith("2 done\n")


def test_an_address_that_does_not_answer_ends_no_watching(
    done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = importlib.import_module("muybridge.cli.batch")
    looks = shown._Looks(BatchView(Storage(f"cut://{tmp_path}/there/out")))
    monkeypatch.setattr(Cut, "gone", True)
    assert "cannot be read: the connection was reset" in str(looks.newest().caption)
    monkeypatch.setattr(Cut, "gone", False)
    looks.due = 0.0
    assert looks.newest().caption == ""


def test_a_stopped_job_says_so(done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(folder: BatchFolder, job: Any, goes_on: bool) -> dict[str, float]:
        raise KeyboardInterrupt

    work = api_batch._do
    monkeypatch.setattr(api_batch, "_do", stop)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    view = BatchView(Storage(f"cut://{tmp_path}/there/out"))
    assert [status for _, status, _ in view.states()] == [Status.WAITING, Status.WAITING]
    monkeypatch.setattr(api_batch, "_do", work)
    assert {each.status for each in run(tmp_path).values()} == {Status.DONE}


def test_a_process_of_its_own_says_why_it_failed(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"no video")
    job = {"name": "one", "a": f"{tmp_path}/a.mp4", "b": f"{tmp_path}/b.mp4"}
    (outcome,) = muybridge.batch([job], f"file://{tmp_path}/out", work=tmp_path / "work")
    assert outcome.status == Status.FAILED
    assert "a.mp4" in outcome.error
    assert (tmp_path / "out" / "batch.csv").is_file()


def test_places_that_cannot_hold_results_are_refused(done: list[str], tmp_path: Path) -> None:
    pair = [{"a": f"{tmp_path}/a.mp4", "b": f"{tmp_path}/b.mp4"}]
    with pytest.raises(UsageError, match="other processes do not see it"):
        list(muybridge.batch(pair, "memory://out"))
    with pytest.raises(UsageError, match="can only be read"):
        list(muybridge.batch(pair, "https://example.org/out"))
    with pytest.raises(UsageError, match="is no address"):
        list(muybridge.batch(pair, Path("s3://bucket/out")))
    with pytest.raises(UsageError, match="jobs are done in"):
        list(muybridge.batch(pair, tmp_path / "out", work=tmp_path / "work"))
    (tmp_path / "there" / "letter.txt").write_text("dear")
    with pytest.raises(OutputExistsError, match="is not a batch"):
        list(muybridge.batch(pair, f"cut://{tmp_path}/there"))
    assert files(tmp_path / "there") == ["letter.txt"]
    assert done == []


@pytest.mark.parametrize("path", ["../outside", "/etc/outside", "a//b", "run/../../outside"])
def test_a_list_of_files_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    storage = Storage(f"memory://{tmp_path.name}")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "video").write_text("video")
    told = {"fingerprint": "x", "seconds": 1.0, "figures": {}, "tags": {}}
    publish_results(storage, "one", tmp_path / "one", **told)
    found = json.loads(storage.read(".jobs/one/results.json") or b"")
    found["files"][path] = found["files"]["video"]
    storage.write(".jobs/one/results.json", json.dumps(found).encode())
    assert read_results(storage, "one") is None
