"""A run folder from anybody: one sentence for whatever stands in it, soon and in little memory."""

import json
import multiprocessing
import os
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from muybridge import catalogue
from muybridge.disk import hold_lock
from muybridge.engine import load_weights
from muybridge.errors import CheckpointError, MuybridgeError, OutputExistsError, RunError, UsageError
from muybridge.jobs.loading import load, restore_data
from muybridge.jobs.options import TrainingOptions
from muybridge.jobs.provenance import digest, find_input
from muybridge.jobs.request import make_request
from muybridge.jobs.settings import make_config, validate_config
from muybridge.networks import load_tensors
from muybridge.networks.sizes import limit_parameters
from muybridge.puppets import scene
from muybridge.run import Checkpoint, Run

DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = make_config(catalogue.find("fomm"), "smoke", {}).model_dump(mode="json")
    made = Run.create(tmp_path / "run", "fomm", config)
    made.save_checkpoint(Checkpoint(0, "train", 1, 1, 0.5, {"x": torch.zeros(2)}))
    made.log({"done": 1, "losses": {"l1": 0.5}})
    return made


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def write(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


def change(**values: object) -> Callable[[Path], object]:
    return lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


BROKEN = [pipe, *map(write, (DEEP + "\n", '{"a": 1e400}\n', "[1, 2]\n", "7\n", "\0" * 500 + "\n"))]
FILES = ("run.json", "config.json", "log.jsonl", "weights.safetensors")
MUTATIONS: list[tuple[str, Callable[[Path], object]]] = [(name, act) for name in FILES for act in BROKEN]
MUTATIONS += [
    ("run.json", change(seconds="inf")),
    ("run.json", change(step=-1)),
    ("run.json", change(seed=-5)),
    ("run.json", change(places={"a": 3})),
    ("run.json", change(method="x" * 1_000_000)),
    ("run.json", change(**{f"field {i}": i for i in range(5)}, stage=[1])),
    ("config.json", change(detector={"blocks": 10**9})),
    ("config.json", change(detector={"width": 10**9})),
    ("config.json", change(generator={"width": 60_000, "max_width": 60_000})),
    ("config.json", change(size=10**12)),
    ("config.json", change(**{"x" * 1_000_000: 1})),
    ("config.json", change(**{f"unknown {i}": 1 for i in range(20_000)})),
    ("log.jsonl", write('{"done": "x"}\n')),
    ("log.jsonl", write('{"losses": {"l1": "much"}}\n')),
]


@pytest.mark.parametrize(("name", "mutate"), MUTATIONS, ids=[f"{i} {name}" for i, (name, _) in enumerate(MUTATIONS)])
def test_one_sentence_and_soon(run: Run, name: str, mutate: Callable[[Path], object]) -> None:
    mutate(run.path / name)
    began = time.monotonic()

    def use() -> None:
        Run.open(run.path).read_log()
        load(run.path, device="cpu")

    with pytest.raises(MuybridgeError) as told:
        use()

    assert time.monotonic() - began < 10
    assert len(str(told.value)) < 3000


def test_a_place_of_the_wrong_type_is_no_checkpoint(run: Run) -> None:
    from safetensors.torch import save_file

    for place in (DEEP, '{"index": "x"}', '{"index": 0, "stage": "s", "step": -1, "done": 0, "seconds": 0}', "7"):
        save_file({"method.x": torch.zeros(1)}, run.path / "weights.safetensors", {"format": "1", "place": place})
        with pytest.raises(CheckpointError, match="does not say which step"):
            run.load_checkpoint()


def test_weights_of_ever_so_many_names_are_refused_before_they_are_read(run: Run) -> None:
    one = ',"method.{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    names = "".join(one.format(i) for i in range(200_000))
    header = ('{"__metadata__":{"format":"1"}' + names + "}").encode()
    (run.path / "weights.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b" ")
    with pytest.raises(CheckpointError, match="table of contents of 12 MB, and 8 MB"):
        run.load_weights()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_not_used(number: float) -> None:
    with pytest.raises(CheckpointError, match=r"not finite: conv\.weight"):
        load_weights(torch.nn.Sequential(), {"conv.weight": torch.tensor([0.0, number])})


def test_every_preset_is_within_the_bounds() -> None:
    for name in catalogue.names():
        kind = catalogue.find(name)
        for preset in kind.card.presets:
            validate_config(kind, make_config(kind, preset, {}).model_dump())


@pytest.mark.parametrize("setting", ["detector.blocks", "motion.blocks", "generator.downs"])
def test_a_network_repeats_itself_so_often_and_no_more(setting: str) -> None:
    began = time.monotonic()
    with pytest.raises(UsageError, match="at most"):
        make_config(catalogue.find("fomm"), "smoke", {setting: 10**9})
    assert time.monotonic() - began < 5


def test_networks_larger_than_their_weights_are_not_filled() -> None:
    def build() -> None:
        with limit_parameters(1000):
            torch.nn.Linear(100, 100)

    with pytest.raises(CheckpointError, match="million"):
        build()
    torch.nn.Linear(100, 100)  # the limit has ended


def test_messages_are_bounded_and_say_both_ends() -> None:
    told = str(MuybridgeError("begins " + "x" * 1_000_000 + " ends"))
    assert len(told) < 2000
    assert told.startswith("begins")
    assert told.endswith("ends")


def half_made(path: Path, what: str) -> None:
    path.mkdir()
    (path / ".lock").touch()
    if what != "lock":
        (path / ".run.json.0123abcd.part").write_text("{")
    if what == "record":
        Run.create(path, "fomm", {"size": 3})
        (path / "config.json").unlink()


@pytest.mark.parametrize("what", ["lock", "part", "record"])
@pytest.mark.parametrize("options", [{}, {"resume": True}, {"force": True}], ids=["plain", "resume", "force"])
def test_what_a_kill_left_before_anything_was_trained_is_begun_anew(
    tmp_path: Path, what: str, options: dict[str, Any]
) -> None:
    out = tmp_path / "run"
    half_made(out, what)

    request = make_request("fomm", out, TrainingOptions(preset="smoke", device="cpu", **options))

    assert not request.options.resume
    made = Run.create(out, "fomm", request.config.model_dump(mode="json"), request.options.force)
    assert Run.open(made.path).status == "prepared"
    assert not list(out.glob(".*.part"))


def test_what_is_somebody_elses_is_still_refused(tmp_path: Path) -> None:
    out = tmp_path / "run"
    half_made(out, "part")
    (out / "thesis.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(OutputExistsError, match="nothing there is replaced"):
            make_request("fomm", out, TrainingOptions(preset="smoke", device="cpu", force=force))


def _create(path: Path, start: Any, made: Any) -> None:
    start.wait()
    try:
        run = Run.create(path, "toy", {"by": os.getpid()}, keep_lock=True)
    except (OutputExistsError, RunError):
        return
    made.put(os.getpid())
    time.sleep(0.3)
    run.release_lock()


def test_of_many_at_once_one_makes_the_run(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    for number in range(10):
        path, start, made = tmp_path / str(number), fork.Event(), fork.Queue()
        children = [fork.Process(target=_create, args=(path, start, made)) for _ in range(4)]
        for child in children:
            child.start()
        start.set()
        for child in children:
            child.join(60)
        assert Run.open(path).config == {"by": made.get(timeout=5)}
        assert made.empty()


def test_a_run_stays_locked_until_its_training_ends(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "toy", {}, keep_lock=True)
    with pytest.raises(RunError, match="another training"):
        Run.create(tmp_path / "run", "toy", {}, force=True)
    with run.hold_lock():
        assert run.busy
    assert not run.busy
    with hold_lock(run.path / ".lock"):
        pass


def test_a_run_takes_sound_only_from_what_it_was_made_from(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"mine")
    run.mark(inputs={"a": "fox.mp4"}, places={"a": "../secret.mp4"}, digests={})
    assert find_input(run, "a") is None
    run.mark(digests={"a": "0" * 16})
    assert find_input(run, "a") is None
    run.mark(digests={"a": digest(secret)})
    assert find_input(run, "a") == run.path / "../secret.mp4"


def _checkpoint(path: Path, change: Callable[[str, bytes], bytes] = lambda name, data: data, method: int = 0) -> Path:
    torch.save({"generator": {"weight": torch.arange(100.0)}}, path.with_suffix(".first"))
    with zipfile.ZipFile(path.with_suffix(".first")) as old, zipfile.ZipFile(path, "w", method) as new:
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member.filename)))
    return path


def test_a_checkpoint_is_whole_uncompressed_and_flat(tmp_path: Path) -> None:
    assert "generator" in load_tensors(_checkpoint(tmp_path / "whole.pth"))

    with pytest.raises(CheckpointError, match="compressed members"):
        load_tensors(_checkpoint(tmp_path / "small.pth", method=zipfile.ZIP_DEFLATED))

    flipped = _checkpoint(tmp_path / "flipped.pth")
    bytes_of = bytearray(flipped.read_bytes())
    place = bytes_of.find(torch.arange(100.0).numpy().tobytes()[40:80])
    bytes_of[place] ^= 1
    flipped.write_bytes(bytes_of)
    with pytest.raises(CheckpointError, match="damaged"):
        load_tensors(flipped)

    nested = b"\x80\x02}X\x01\x00\x00\x00a" + b"]" * 10**6 + b"a" * (10**6 - 1) + b"s."
    deep = _checkpoint(tmp_path / "deep.pth", lambda name, data: nested if name.endswith("data.pkl") else data)
    began = time.monotonic()
    with pytest.raises(CheckpointError, match="nested too deeply"):
        load_tensors(deep)
    legacy = tmp_path / "legacy.pth"
    legacy.write_bytes(nested)
    with pytest.raises(CheckpointError, match="nested too deeply"):
        load_tensors(legacy)
    assert time.monotonic() - began < 10


@cache
def pair_data() -> dict[str, torch.Tensor]:
    """What JOKR keeps of two tiny clips."""
    kind = catalogue.find("jokr")
    set_to = {"size": 32, "keypoints": 4, "detector.width": 8, "detector.max_width": 16, "detector.blocks": 2}
    drawn = scene("dog-cat", frames=4, size=64)
    return kind(make_config(kind, "smoke", set_to)).prepare([drawn.a, drawn.b]).tensors()


STORED: dict[str, Callable[[dict[str, torch.Tensor]], object]] = {
    "a.boxes is missing": lambda stored: stored.pop("a.boxes"),
    "b.numbers is float64": lambda stored: stored.update({"b.numbers": stored["b.numbers"].double()}),
    "b.mattes is uint8": lambda stored: stored.update({"b.mattes": stored["b.mattes"][:1]}),
    "boxes that lie beyond any frame": lambda stored: stored["a.boxes"].fill_(3e38),
    "a.boxes is not finite": lambda stored: stored["a.boxes"].fill_(float("nan")),
    "a side of 1000000": lambda stored: stored["references.a.sizes"].fill_(10**6),
    "frames that are not among": lambda stored: stored["references.a.index"].fill_(54),
    "matte_ends is float32": lambda stored: stored.update({"references.b.matte_ends": torch.zeros(3)}),
}


@pytest.mark.parametrize("said", STORED)
def test_training_data_of_another_shape_are_told_in_one_sentence(said: str, tmp_path: Path) -> None:
    """They ended in a KeyError, or later, in whatever was drawn from them."""
    stored = {name: x.clone() for name, x in pair_data().items()}
    STORED[said](stored)
    run = Run.create(tmp_path / "run", "jokr", {})
    run.save_data(stored)
    with pytest.raises(CheckpointError, match=f"does not hold what jokr trains on: .*{said}"):
        restore_data(catalogue.find("jokr"), run)
