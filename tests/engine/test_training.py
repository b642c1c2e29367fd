"""The loop does what a plain loop would do, and ends well whatever happens."""

import errno
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from toy_method import Toy, ToyData, make

from muybridge.engine import Callback, CallbackList, Machine, train
from muybridge.engine.losses import Losses
from muybridge.engine.optimisers import rate_factor
from muybridge.engine.randomness import reseed
from muybridge.errors import CheckpointError, RunError, TrainingError, UsageError
from muybridge.method import Stage, Turn
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.method import Jokr
from muybridge.puppets import scene
from muybridge.run import Run

CPU: dict[str, Any] = {"device": "cpu", "precision": "float32"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", "toy", {})


def weights(method: Toy) -> dict[str, Tensor]:
    return {name: t.clone() for name, t in method.state_dict().items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


class Notes(Callback):
    def __init__(self, stop_at: int = -1) -> None:
        self.said: list[tuple] = []
        self.stop_at = stop_at

    def on_start(self, stages: Any, resumed_at: int) -> None:
        self.said.append(("start", [s.name for s in stages], resumed_at))

    def on_stage(self, stage: Stage) -> None:
        self.said.append(("stage", stage.name))

    def on_step(self, stage: Stage, step: int, losses: Any, rate: float, eta: float) -> None:
        self.said.append(("step", stage.name, step, dict(losses), rate, eta))
        if step == self.stop_at:
            raise KeyboardInterrupt

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        self.said.append(("preview", done, path))

    def on_warning(self, message: str) -> None:
        self.said.append(("warning", message))

    def on_end(self, summary: Any) -> None:
        self.said.append(("end", summary))

    def of(self, kind: str) -> list[tuple]:
        return [each[1:] for each in self.said if each[0] == kind]


def plain_loop(method: Toy, data: ToyData, seed: int) -> None:
    """What the engine promises, written out: zero_grad on everything, full backward, step."""
    for index, stage in enumerate(method.stages()):
        method.begin(stage, data, reseed(seed, index, 0))
        groups = method.groups(stage)
        adams = {k: torch.optim.Adam(g.parameters, g.lr, g.betas) for k, g in groups.items()}
        for step in range(stage.steps):
            batch = data.batch(stage, reseed(seed, index, step + 1), torch.device("cpu"))
            for turn in method.turns(stage, batch):
                method.zero_grad()
                turn.total.backward(retain_graph=True)
                adams[turn.group].param_groups[0]["lr"] = groups[turn.group].lr * rate_factor(stage, step)
                adams[turn.group].step()


def test_it_trains_as_a_plain_loop_does() -> None:
    # Without dropout, whose mask follows the memory layout, and norm, before which a bias wanders freely.
    (a, data), (b, _) = (make(dropout=0, norm=False) for _ in range(2))
    plain_loop(a, data, seed=4)
    summary = train(b, data, seed=4, **CPU)
    assert summary.finished
    assert summary.done == 18
    for name, t in a.state_dict().items():
        torch.testing.assert_close(b.state_dict()[name], t, rtol=1e-5, atol=1e-6, msg=name)
    assert b.begun == ["shape", "texture"]


def test_the_same_seed_gives_the_same_weights() -> None:
    results = []
    for seed in (1, 1, 2):
        torch.rand(seed)  # what the process drew before does not matter
        method, data = make()
        train(method, data, seed=seed, **CPU)
        results.append(weights(method))
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_the_callers_random_numbers_are_left_alone() -> None:
    method, data = make()
    torch.manual_seed(9)
    want = torch.rand(3)
    torch.manual_seed(9)
    train(method, data, stop_after=2, **CPU)
    assert torch.equal(torch.rand(3), want)


def test_only_the_group_of_a_turn_has_gradients_and_moves() -> None:
    method, data = make(norm=False)
    count = {name: 0 for name, _ in method.named_parameters()}
    for name, p in method.named_parameters():
        p.register_post_accumulate_grad_hook(lambda _, name=name: count.update({name: count[name] + 1}))
    train(method, data, **CPU)
    # Each moves once a step: the maker in both stages or the first, the discriminator in its own turns, though all
    # losses reach all networks.
    assert count == {name: 18 if name.startswith("decoder") else 12 for name in count}
    assert all(p.grad is None for p in method.parameters())


def test_the_log_names_losses_and_rates(run: Run) -> None:
    method, data = make()
    notes = Notes()
    summary = train(method, data, run, log_every=4, preview_seconds=0, callback=CallbackList(notes, Callback()), **CPU)
    lines = [line for line in run.read_log() if "losses" in line]
    assert [(x["done"], x["stage"], x["step"]) for x in lines] == [
        (4, "shape", 4),
        (8, "shape", 8),
        (12, "shape", 12),
        (16, "texture", 4),
        (18, "texture", 6),
    ]
    assert lines[0]["losses"].keys() == {"critic", "size", "l1", "maker.critic"}
    assert lines[-1]["losses"].keys() == {"l1"}
    assert lines[0]["rates"] == {"maker": 0.01, "critic": 0.02}
    # The 12th step: 1 of the last 6 is left before the rate is 0.
    assert lines[2]["rates"]["maker"] == pytest.approx(0.01 / 6)
    assert notes.of("start") == [(["shape", "texture"], 0)]
    assert notes.of("stage") == [("shape",), ("texture",)]
    assert notes.of("end") == [(summary,)]
    assert summary.losses == lines[-1]["losses"]
    logged = {step: losses for stage, step, losses, *_ in notes.of("step") if stage == "shape"}
    assert logged[8] == lines[1]["losses"]
    assert [p.name for p in run.previews()] == [f"{i:06d}.png" for i in range(1, 19)]
    record = run.record
    assert (record.status, record.done, record.stage, record.device) == ("finished", 18, "texture", "cpu")
    assert (record.precision, record.threads, record.seed) == ("float32", torch.get_num_threads(), 0)
    assert 0 < record.seconds <= summary.seconds


def test_losses_in_the_log_are_means_over_the_steps(run: Run) -> None:
    (each, data), (four, _) = make(), make()
    other = Run.create(run.path.parent / "other", "toy", {})
    train(each, data, run, log_every=1, stop_after=4, **CPU)
    train(four, data, other, log_every=4, stop_after=4, **CPU)
    single = [line["losses"]["l1"] for line in run.read_log()]
    assert other.read_log()[0]["losses"]["l1"] == pytest.approx(sum(single) / 4)


def test_a_loss_that_some_steps_lack_is_the_mean_of_those_that_have_it() -> None:
    class Two(Machine):
        """This process, and one that has had other losses."""

        def union(self, names: Iterable[str]) -> list[str]:
            return [*names, "other"]

        def average(self, tensors: Sequence[Tensor]) -> None:
            for mine, theirs in zip(tensors, ([4.0, 0.0, 5.0], [2.0, 0.0, 1.0]), strict=True):
                mine.copy_((mine + torch.tensor(theirs)) / 2)

    losses = Losses()
    for told in ({"always": 1.0, "at times": 6.0}, {"always": 3.0}):
        for name, value in told.items():
            losses.add(Turn("maker", {name: torch.tensor(value)}))
        losses.steps += 1
    assert losses.means() == {"always": 2.0, "at times": 6.0}
    assert losses.means(Two(torch.device("cpu"), "float32", 0, 2)) == {"always": 2.0, "at times": 6.0, "other": 5.0}


@pytest.mark.parametrize("first", [1, 5, 12, 13, 18])
def test_a_resumed_training_ends_bit_for_bit(run: Run, first: int) -> None:
    whole, data = make()
    train(whole, data, seed=7, **CPU)
    part, _ = make()
    assert train(part, data, run, seed=7, stop_after=first, **CPU).finished is (first == 18)
    assert run.record.status == ("finished" if first == 18 else "interrupted")
    rest, _ = make(seed=99)
    notes = Notes()
    summary = train(rest, ToyData.restore(run.load_data()), run, resume=True, callback=notes, **CPU)
    assert summary.finished
    assert summary.done == 18
    assert notes.of("start")[0][1] == first
    assert rest.begun == ["shape", "texture"][2 if first > 12 else 1 if first else 0 :]
    assert same(weights(rest), weights(whole))
    assert same(run.load_weights(), weights(whole))
    assert notes.of("warning") == []


def test_a_run_goes_on_with_the_threads_that_it_was_begun_with(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    method, data = make()
    now = torch.get_num_threads()
    train(method, data, run, stop_after=2, **CPU)

    # As a machine with one core fewer would have left it.
    run.mark(threads=1)
    notes = Notes()
    train(method, data, run, resume=True, stop_after=1, callback=notes, **CPU)

    assert run.record.threads == 1
    assert notes.of("warning") == []
    assert torch.get_num_threads() == now


def test_resuming_with_another_number_of_threads_is_said(run: Run) -> None:
    method, data = make()
    train(method, data, run, stop_after=2, **CPU)
    now = os.cpu_count() or 1
    # More than this machine has.
    run.mark(threads=now + 1)
    notes = Notes()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OMP_NUM_THREADS", raising=False)
        train(method, data, run, resume=True, stop_after=1, callback=notes, **CPU)

    ((message,),) = notes.of("warning")
    assert f"made with {now + 1} threads and goes on with {now}" in message
    assert f"OMP_NUM_THREADS={now + 1}" in message


def test_what_was_trained_lies_in_memory_as_what_is_loaded() -> None:
    method, data = make()
    before = {name: p.stride() for name, p in method.named_parameters()}
    train(method, data, **CPU)
    assert {name: p.stride() for name, p in method.named_parameters()} == before


def test_previews_and_checkpoints_do_not_change_the_training(run: Run) -> None:
    whole, data = make()
    train(whole, data, **CPU)
    watched, _ = make()
    train(watched, data, run, checkpoint_seconds=0, preview_seconds=0, log_every=1, **CPU)
    assert same(weights(watched), weights(whole))


def test_a_callback_may_stop_the_training(run: Run) -> None:
    method, data = make()
    with pytest.raises(KeyboardInterrupt):
        train(method, data, run, log_every=1, callback=Notes(stop_at=5), **CPU)
    assert run.record.status == "interrupted"
    assert run.load_checkpoint().step == 6
    assert run.read_log()[-1]["done"] == 6


def test_what_is_stopped_at_its_very_end_is_the_same_file_when_resumed(tmp_path: Path) -> None:
    class Stop(Notes):
        def on_step(self, stage: Stage, step: int, losses: Any, rate: float, eta: float) -> None:
            # Granted at the next look, which is after the last step of all.
            if stage.name == method.stages()[-1].name and step == stage.steps - 1:
                raise KeyboardInterrupt

    whole, data = make()
    unbroken = Run.create(tmp_path / "unbroken", "toy", {})
    train(whole, data, unbroken, **CPU)
    broken = Run.create(tmp_path / "broken", "toy", {})
    method, data = make()
    with pytest.raises(KeyboardInterrupt):
        train(method, data, broken, log_every=1, callback=Stop(), **CPU)
    method, data = make()
    train(method, data, broken, resume=True, **CPU)
    # What the optimisers knew is not kept with what is finished.
    assert broken.load_checkpoint().optimisers == unbroken.load_checkpoint().optimisers == {}
    assert same(weights(method), weights(whole))


def test_nan_ends_the_training_and_keeps_the_checkpoint(run: Run) -> None:
    method, data = make(nan_at=9)
    with pytest.raises(TrainingError, match="l1 is not finite at step 9 of stage shape"):
        train(method, data, run, **CPU)
    assert run.record.status == "failed"
    assert "l1" in (run.record.reason or "")
    checkpoint = run.load_checkpoint()
    assert checkpoint.step == 0
    assert all(t.isfinite().all() for t in checkpoint.method.values())
    rest, _ = make()
    assert train(rest, data, run, resume=True, **CPU).finished
    assert (run.record.status, run.record.reason) == ("finished", None)


def test_weights_that_are_not_finite_are_not_saved(run: Run) -> None:
    method, data = make()
    method.begin = lambda *_: method.critic.weight.data.fill_(math.inf)  # type: ignore[method-assign]
    with pytest.raises(TrainingError, match="not finite"):
        train(method, data, run, log_every=1, checkpoint_seconds=0, **CPU)
    assert all(t.isfinite().all() for t in run.load_weights().values())


def test_a_full_disk_ends_the_training(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    method, data = make()
    train(method, data, run, stop_after=4, **CPU)
    real, kept = os.replace, weights(method)

    def full(a: Any, b: Any) -> None:
        if "weights" in str(b):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(a, b)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(TrainingError, match="is full"):
            train(method, data, run, checkpoint_seconds=0, resume=True, **CPU)
    assert (run.record.status, run.load_checkpoint().step) == ("failed", 4)
    assert same(run.load_weights(), kept)


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_out_of_memory_says_what_to_lower(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    method, data = make()

    def greedy(*_: object) -> None:
        raise error

    monkeypatch.setattr(ToyData, "batch", greedy)
    with pytest.raises(TrainingError, match="Lower the batch"):
        train(method, data, run, **CPU)
    assert run.record.status == "failed"
    assert run.load_checkpoint().step == 0


def test_other_errors_pass_and_are_noted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    method, data = make()
    monkeypatch.setattr(ToyData, "batch", lambda *_: {})
    with pytest.raises(KeyError):
        train(method, data, run, **CPU)
    assert (run.record.status, run.record.reason) == ("failed", "KeyError: 'images'")


@pytest.mark.parametrize("picture", [None, torch.zeros(3, 4, 4)])
def test_a_preview_that_fails_is_a_warning(run: Run, picture: Tensor | None) -> None:
    method, data = make()

    def broken(*_: object) -> Tensor:
        if picture is None:
            raise ZeroDivisionError("brush")
        return picture

    method.preview = broken  # type: ignore[method-assign]
    notes = Notes()
    assert train(method, data, run, callback=notes, **CPU).finished
    assert len(notes.of("warning")) == 2
    assert sum("warning" in line for line in run.read_log()) == 2
    assert method.training
    assert run.previews() == []


def test_a_run_is_not_trained_over(run: Run) -> None:
    method, data = make()
    train(method, data, run, **CPU)
    with pytest.raises(RunError, match="resume=True"):
        train(method, data, run, **CPU)
    assert run.record.status == "finished"
    with run.hold_lock(), pytest.raises(RunError, match="another training"):
        train(method, data, run, resume=True, **CPU)


def test_a_checkpoint_of_other_networks_or_stages_is_refused(run: Run) -> None:
    method, data = make(steps=4)
    train(method, data, run, **CPU)
    with pytest.raises(CheckpointError, match="other networks"):
        train(make(norm=False, steps=4)[0], data, run, resume=True, **CPU)
    with pytest.raises(CheckpointError, match="not of these settings"):
        train(make(steps=8)[0], data, run, resume=True, **CPU)
    path = run.path / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="cut off"):
        train(method, data, run, resume=True, **CPU)
    path.unlink()
    with pytest.raises(CheckpointError, match="no weights"):
        train(method, data, run, resume=True, **CPU)


def test_resuming_a_run_that_never_began_starts_it(run: Run) -> None:
    method, data = make()
    assert train(method, data, run, resume=True, **CPU).finished
    assert method.begun == ["shape", "texture"]


def test_what_cannot_be_asked_for(run: Run) -> None:
    method, data = make()
    with pytest.raises(UsageError, match="seed"):
        train(method, data, seed=-1)
    with pytest.raises(UsageError, match="run folder"):
        train(method, data, resume=True)
    with pytest.raises(UsageError, match="no device"):
        train(method, data, device="abacus")
    with pytest.raises(UsageError, match="no device"):
        train(method, data, device="cuda:77")


def test_a_stage_without_steps_is_skipped() -> None:
    method, data = make(steps=1)
    assert train(method, data, **CPU).done == 1
    assert method.begun == ["shape"]


def test_bfloat16_trains_weights_of_float32(run: Run) -> None:
    (fine, data), (coarse, _) = make(steps=30), make(steps=30)
    a = train(fine, data, **CPU)
    b = train(coarse, data, run, device="cpu", precision="bfloat16")
    assert b.precision == "bfloat16"
    assert all(t.dtype == torch.float32 for t in run.load_weights().values() if t.is_floating_point())
    assert b.losses["l1"] == pytest.approx(a.losses["l1"], rel=0.1)
    assert not same(weights(fine), weights(coarse))
    # A resumed run keeps its precision.
    assert train(coarse, data, run, resume=True).precision == "bfloat16"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_it_trains_on_a_gpu(run: Run) -> None:
    method, data = make(steps=40)
    summary = train(method, ToyData(data.images), run, stop_after=20, device="cuda")
    assert summary.device.startswith("cuda")
    again, _ = make(steps=40)
    assert train(again, data, run, resume=True, device="cuda").finished
    assert all(p.is_cuda for p in again.parameters())
    assert all(math.isfinite(x) for line in run.read_log() for x in line["losses"].values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_jokr_trains_on_a_gpu(run: Run) -> None:
    generator = {"width": 8, "blocks": 1, "downs": 1, "norm": "group", "fold": 2}
    config = {
        "size": 64,
        "keypoints": 4,
        "memory": 6,
        "refiner_input": "pose",
        "detector": {"width": 8, "max_width": 16, "blocks": 2, "shrink": "unfold"},
        "shapes": generator,
        "refiner": generator,
        "discriminator_width": 8,
        "texture_loss": "weight-free",
        "losses": {"align": 30.0, "cyc": 4.0, "cover": 20.0, "read": 4.0, "dc_warmup": 3, "ssim": 0.5},
        "shape": {"steps": 5, "batch": 2},
        "texture": {"steps": 3, "batch": 2},
    }
    method, drawn = Jokr(JokrConfig.model_validate(config)), scene("cat-horse", frames=4, size=64)
    data = method.prepare([drawn.a, drawn.b])
    assert train(method, data, run, device="cuda", log_every=1).finished
    assert method.steps_of_shapes == int(method.shape_steps) == 5
    # The clips' bytes were brought to the GPU once, and batches are made there.
    assert {subject.pixels.device.type for subject in data.there.values()} == {"cuda"}
    assert len(data.there) == 2
    batch = data.batch(method.stages()[0], torch.Generator().manual_seed(0), method.device)
    assert all(t.is_cuda for t in batch.values())
    assert all(math.isfinite(x) for line in run.read_log() for x in line["losses"].values())
