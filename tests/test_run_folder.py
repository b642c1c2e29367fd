"""The run folder keeps what it was given, refuses what it should, and never leaves half a file."""

import errno
import json
import multiprocessing
import multiprocessing.synchronize
import os
import pickle
from pathlib import Path

import cv2
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge.errors import CheckpointError, MuybridgeError, OutputExistsError, RunError, TrainingError
from muybridge.run import Checkpoint, Run


def checkpoint(step: int = 3, value: float = 1.0) -> Checkpoint:
    weight = torch.full((2, 3, 4, 4), value).to(memory_format=torch.channels_last)
    return Checkpoint(
        index=0,
        stage="shape",
        step=step,
        done=step,
        seconds=1.5,
        method={"net.weight": weight, "net.tied": weight, "count": torch.tensor(7)},
        optimisers={"a.b.0.exp_avg": weight * 2, "a.b.0.step": torch.tensor(3.0)},
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", "toy", {"size": 3})


def test_a_new_run_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a 'quoted' \"path\"" / "лиса-猫"
    Run.create(path, "toy", {"name": "é"}, inputs={"a": "fox.mp4"}, silhouettes={"a": "threshold"})
    run = Run.open(path, "toy")
    record = run.record
    assert (record.method, record.status, record.inputs, record.silhouettes) == (
        "toy",
        "prepared",
        {"a": "fox.mp4"},
        {"a": "threshold"},
    )
    assert run.config == {"name": "é"}
    assert not run.has_checkpoint
    assert not run.has_data
    assert run.read_log() == []
    assert run.previews() == []


def test_a_checkpoint_comes_back_whole(run: Run) -> None:
    run.save_checkpoint(checkpoint())
    back = run.load_checkpoint()
    assert (back.index, back.stage, back.step, back.done, back.seconds) == (0, "shape", 3, 3, 1.5)
    for mine, want in ((back.method, checkpoint().method), (back.optimisers, checkpoint().optimisers)):
        assert mine.keys() == want.keys()
        assert all(torch.equal(mine[k], want[k]) and mine[k].dtype == want[k].dtype for k in want)
    assert run.load_weights().keys() == back.method.keys()
    assert (run.record.stage, run.record.step, run.record.seconds) == ("shape", 3, 1.5)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.lists(st.integers(0, 255), max_size=5), max_size=4))
def test_data_comes_back_under_any_name(tmp_path_factory: pytest.TempPathFactory, values: dict[str, list[int]]) -> None:
    run = Run.create(tmp_path_factory.mktemp("data") / "run", "toy", {})
    tensors = {name: torch.tensor(v, dtype=torch.uint8) for name, v in values.items() if name != "__metadata__"}
    run.save_data(tensors)
    back = run.load_data()
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[k], tensors[k]) for k in tensors)


def test_previews_are_pictures_in_order(run: Run) -> None:
    picture = torch.randint(0, 256, (3, 5, 7), dtype=torch.uint8)
    run.save_preview(1_000_000, picture)
    path = run.save_preview(20, picture)
    assert [p.name for p in run.previews()] == ["000020.png", "1000000.png"]
    read = torch.from_numpy(cv2.imread(str(path))).flip(-1).permute(2, 0, 1)
    assert torch.equal(read, picture)


def test_the_log_is_cut_to_the_checkpoint(run: Run) -> None:
    for done in (10, 20, 30):
        run.log({"done": done, "losses": {"ü": 0.5}})
        run.save_preview(done, torch.zeros(3, 2, 2, dtype=torch.uint8))
    with open(run.path / "log.jsonl", "a") as f:
        f.write('{"done": 4')  # as a kill leaves it
    assert [line["done"] for line in run.read_log()] == [10, 20, 30]
    run.rewind(20)
    assert run.read_log() == [{"done": 10, "losses": {"ü": 0.5}}, {"done": 20, "losses": {"ü": 0.5}}]
    assert [p.name for p in run.previews()] == ["000010.png", "000020.png"]


def test_force_replaces_a_run_but_leaves_the_rest(run: Run) -> None:
    run.save_checkpoint(checkpoint())
    run.save_data({"x": torch.zeros(2)})
    run.log({"done": 1})
    run.save_preview(1, torch.zeros(3, 2, 2, dtype=torch.uint8))
    (run.path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="force=True"):
        Run.create(run.path, "toy", {})
    assert run.has_checkpoint
    Run.create(run.path, "other", {}, force=True)
    assert Run.open(run.path).record.method == "other"
    assert (run.has_checkpoint, run.has_data, run.read_log(), run.previews()) == (False, False, [], [])
    assert (run.path / "thesis.txt").read_text() == "mine"


def test_what_is_not_a_run_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"scripts": {}}')
    (tmp_path / "thesis.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(OutputExistsError, match="not a run folder"):
            Run.create(tmp_path, "toy", {}, force=force)
        with pytest.raises(OutputExistsError, match="not a run folder"):
            Run.create(tmp_path / "thesis.txt", "toy", {}, force=force)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.json", "thesis.txt"]


def test_a_run_of_a_newer_format_may_be_replaced_but_not_read(run: Run) -> None:
    (run.path / "run.json").write_text(json.dumps({**run.record.model_dump(), "format": 99}))
    with pytest.raises(RunError, match="format 99"):
        Run.open(run.path)
    Run.create(run.path, "toy", {}, force=True)
    assert Run.open(run.path).record.format == 1


def test_what_cannot_be_opened_says_why(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run\.json"):
        Run.open(tmp_path)
    with pytest.raises(RunError, match="not a run folder"):
        Run.open(tmp_path / "nothing")
    with pytest.raises(RunError, match="of toy, not of jokr"):
        Run.open(run.path, "jokr")
    (run.path / "config.json").unlink()
    with pytest.raises(RunError, match=r"config\.json is missing"):
        Run.open(run.path)
    (run.path / "run.json").write_text('{"format": 1, "muybridge": "0", "created": "", "status": "asleep"}')
    with pytest.raises(RunError, match="wrong or missing method, status"):
        Run.open(run.path)
    (run.path / "run.json").write_text('{"format": ')
    with pytest.raises(RunError, match="not JSON"):
        Run.open(run.path)


def test_a_broken_checkpoint_says_so(run: Run) -> None:
    with pytest.raises(CheckpointError, match=r"no weights\.safetensors"):
        run.load_checkpoint()
    with pytest.raises(CheckpointError, match=r"no data\.safetensors"):
        run.load_data()
    run.save_checkpoint(checkpoint())
    path = run.path / "weights.safetensors"
    whole = path.read_bytes()
    for size in (0, 5, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError, match="cut off or not a safetensors file"):
            run.load_checkpoint()
        with pytest.raises(CheckpointError, match="cut off or not a safetensors file"):
            run.load_weights()


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_not_opened(run: Run, tmp_path: Path) -> None:
    (run.path / "weights.safetensors").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
    torch.save({"x": Bomb(tmp_path / "boom")}, run.path / "data.safetensors")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        run.load_weights()
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        run.load_data()
    assert not (tmp_path / "boom").exists()


def test_a_foreign_safetensors_is_not_a_checkpoint(run: Run) -> None:
    run.save_data({"x": torch.zeros(2)})
    os.replace(run.path / "data.safetensors", run.path / "weights.safetensors")
    with pytest.raises(CheckpointError, match="does not say which step"):
        run.load_checkpoint()


@pytest.mark.parametrize("where", ["replace", "fsync"])
def test_a_full_disk_leaves_the_last_checkpoint(run: Run, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    run.save_checkpoint(checkpoint(step=3))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, where, full)
        with pytest.raises(TrainingError, match="full"):
            run.save_checkpoint(checkpoint(step=9, value=2.0))
    assert run.load_checkpoint().step == 3
    assert not list(run.path.glob(".*.part"))


def test_links_do_not_lead_out_of_the_folder(run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (run.path / "log.jsonl").symlink_to(outside)
    (run.path / "previews").symlink_to(tmp_path)
    (run.path / ".weights.safetensors.part").symlink_to(outside)
    with pytest.raises(RunError, match="link"):
        run.log({"done": 1})
    with pytest.raises(RunError, match="link"):
        run.save_preview(1, torch.zeros(3, 2, 2, dtype=torch.uint8))
    run.save_checkpoint(checkpoint())
    assert run.load_checkpoint().step == 3
    assert outside.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_says_so(run: Run) -> None:
    run.path.chmod(0o500)
    with pytest.raises(MuybridgeError, match="cannot be written"):
        run.save_checkpoint(checkpoint())


def _hold(path: Path, held: multiprocessing.synchronize.Event) -> None:
    with Run.open(path).hold_lock():
        held.set()
        multiprocessing.Event().wait(60)


def test_only_one_process_writes(run: Run) -> None:
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    other = spawn.Process(target=_hold, args=(run.path, held))
    other.start()
    try:
        assert held.wait(60)
        run.mark(status="training")
        assert run.busy
        assert run.status == "training"
        with pytest.raises(RunError, match="another training"), run.hold_lock():
            pass
        with pytest.raises(RunError, match="another training"):
            Run.create(run.path, "toy", {}, force=True)
    finally:
        other.kill()
        other.join()
    assert not run.busy
    assert run.status == "interrupted"
    with run.hold_lock():
        assert run.busy


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.json", "[]"),
        ("run.json", "{"),
        ("run.json", '{"format": 1, "muybridge": 2, "method": []}'),
        ("config.json", "[]"),
        ("config.json", "{"),
    ],
)
def test_a_broken_run_says_what_to_do(run: Run, name: str, text: str) -> None:
    (run.path / name).write_text(text)
    with pytest.raises(RunError) as told:
        Run.open(run.path)
    assert "Copy the run again" in str(told.value.hint)
