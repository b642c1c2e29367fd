"""`--force` over a finished job or export that comes to nothing: all of the old one still stands there."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_jobs import TINY, Command, Pair

import muybridge
from muybridge import catalogue
from muybridge.cli import console
from muybridge.errors import TrainingError
from muybridge.jobs.settings import make_config
from muybridge.networks.onnx_files import OnnxPart
from muybridge.run import Checkpoint, Run


def digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a finished job, as far as it matters here."""
    run = Run.create(tmp_path / "job" / "run", "jokr", {})
    run.save_checkpoint(Checkpoint(0, "shape", 1, 1, 0.5, {"w": torch.ones(3)}))
    for name in ("moving.mp4", "report.html"):
        (tmp_path / "job" / name).write_text("old")
    (tmp_path / "job" / "report.json").write_text('{"files": ["moving.mp4", "report.html", "report.json"]}')
    return tmp_path / "job"


def test_a_job_comes_back_with_its_results(
    old: Path, pair: Pair, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(old)

    def fail(*_: Any) -> None:
        raise TrainingError("the disk is full")

    monkeypatch.setattr(Run, "save_data", fail)
    ended = command("retarget", pair.a, pair.b, "--out", old, "--force", *TINY)
    assert (ended.code, "the disk is full" in ended.err) == (1, True), ended.err
    assert digests(old) == before


def test_ctrl_c_before_anything_is_replaced_does_not_advise_to_resume(
    old: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["retarget", "a.mp4", "b.mp4", "--out", str(old)]
    for force, said in (([], "--resume"), (["--force"], "is as it was")):
        monkeypatch.setattr(console, "_given", words + force)
        with pytest.raises(KeyboardInterrupt), console.resumable(old / "run"):
            raise KeyboardInterrupt
        told = "".join(capsys.readouterr().err.split())
        assert said.replace(" ", "") in told
        assert ("--resume" in told) == (not force)


def test_an_export_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = catalogue.find("fomm")
    method = kind(make_config(kind, "smoke", None))
    run = Run.create(tmp_path / "run", "fomm", method.config.model_dump(mode="json"))
    run.save_checkpoint(Checkpoint(0, method.stages()[0].name, 0, 0, 0.0, method.state_dict()))
    for name in method.onnx_parts():
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / f"{name}.onnx").write_text("old")
    before = digests(tmp_path / "files")
    written: list[Path] = []

    def write(part: OnnxPart, path: Path) -> None:
        if written:
            raise torch.onnx.errors.OnnxExporterError("full")
        path.write_text("new")
        written.append(path)

    monkeypatch.setattr(OnnxPart, "write", write)
    with pytest.raises(torch.onnx.errors.OnnxExporterError):
        muybridge.export(run.path, out=tmp_path / "files", force=True)
    assert digests(tmp_path / "files") == before


@pytest.mark.parametrize("verb", ["retarget", "fit", "import"])
def test_drafts_of_a_killed_job_go_at_the_next_start_though_that_is_refused(
    old: Path, verb: str, pair: Pair, command: Command
) -> None:
    before = digests(old)
    for name in (".results.0123abcd.part", "run/.replaced.0123abcd.part", "run/previews/.000001.png.0123abcd.part"):
        (old / name).mkdir(parents=True)
        (old / name / "half").touch()
    words = {
        "retarget": [pair.a, pair.b, "--out", old, *TINY],
        "fit": ["jokr", pair.a, pair.b, "--out", old / "run", *TINY],
        "import": [old / "run" / "weights.safetensors", "--out", old / "run"],
    }
    assert command(verb, *words[verb]).code == 1
    left = {name for name in digests(old) if ".part" in name}
    # The other two know nothing of the folder around the run.
    assert left == (set() if verb == "retarget" else {".results.0123abcd.part/half"})
    assert {name: found for name, found in digests(old).items() if name not in left} == before


@pytest.mark.parametrize("verb", ["puppets", "mask"])
def test_a_persons_own_files_are_not_replaced_with_a_folder(
    verb: str, pair: Pair, command: Command, tmp_path: Path
) -> None:
    words = {
        "puppets": ["puppets", "--scene", "gif", "--frames", "2", "--size", "48"],
        "mask": ["mask", pair.a, "--how", "colour"],
    }[verb]
    out = tmp_path / "made"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    for force in ([], ["--force"]):
        assert command(*words, "--out", out, *force).code == 1
    (out / "thesis.txt").unlink()
    assert command(*words, "--out", out).code == 0
    assert command(*words, "--out", out, "--force").code == 0
    (out / "thesis.txt").write_text("mine")
    ended = command(*words, "--out", out, "--force")
    assert (ended.code, "thesis.txt" in ended.err) == (1, True), ended.err
    assert (out / "thesis.txt").read_text() == "mine"
