"""What a training would take, told before it."""

from pathlib import Path

import pytest
import torch
from torch import nn

import muybridge
from muybridge import catalogue
from muybridge.api import Plan
from muybridge.cli import main
from muybridge.engine.counting import StepCounter, count_steps
from muybridge.engine.gpus import GPUS, LAUNCH, SHARE, find_gpu
from muybridge.errors import MissingWeightsError, UsageError
from muybridge.method import Stage
from muybridge.puppets import scene
from muybridge.video import write

SMALL = {
    "size": 32,
    "keypoints": 3,
    "detector.width": 4,
    "detector.max_width": 8,
    "detector.blocks": 2,
    "motion.width": 4,
    "motion.max_width": 8,
    "motion.blocks": 2,
    "generator.width": 4,
    "generator.blocks": 1,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("walkers")
    drawn = scene("dog-cat", 4, 64)
    for name, clip in (("a", drawn.a), ("b", drawn.b)):
        write(root / "train" / f"{name}.mp4", clip.pixels, clip.timing)
    return root


def test_a_step_is_counted_to_the_operation() -> None:
    layer = nn.Linear(8, 4, bias=False)
    counter = StepCounter(frozenset([layer.weight.data_ptr()]))
    with count_steps(counter):
        stage = Stage("learn", 1, 2)
        counter.on_stage(stage)
        layer(torch.ones(16, 8)).sum().backward()
        counter.on_step(stage, 1, {}, 1.0, 0.0)
    step = counter.steps["learn"]
    # Forwards, and backwards for the weight alone: the input wants no gradient.
    assert step.flops == 2 * (2 * 16 * 8 * 4)
    assert step.kept == 16 * 8 * 4, "the input, and not the weight"
    assert step.calls > 2


def test_a_gpu_is_as_fast_as_its_arithmetic_or_its_launches() -> None:
    gpu = find_gpu("RTX 4090")
    assert gpu is GPUS["rtx4090"]
    assert gpu.seconds(SHARE * gpu.flops, 10) == pytest.approx(1.0)
    assert gpu.seconds(1.0, 1000) == pytest.approx(1000 * LAUNCH)
    with pytest.raises(UsageError, match="nothing is known"):
        find_gpu("abacus")


def test_a_plan_grows_with_steps_and_batch(folder: Path) -> None:
    def ask(steps: int, batch: int) -> Plan:
        changes = {**SMALL, "training.steps": steps, "training.batch": batch}
        return muybridge.plan("fomm", folder, set=changes, gpu="a100", device="cpu")

    small = ask(10, 2)
    large = ask(30, 4)
    assert (small.steps, large.steps) == (10, 30)
    assert large.flops == pytest.approx(6 * small.flops)
    assert large.memory > small.memory > 2**30
    assert small.seconds > 0
    assert small.gpu_seconds is not None
    assert small.gpu_seconds > 0


def test_the_command_says_it_and_trains_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    given = ["fit", "fomm", str(folder), *words, "--set", "training.steps=5", "--device", "cpu"]
    assert main([*given, "--plan", "--gpu", "H100"]) == 0
    said = capsys.readouterr().out
    assert "nothing was trained" in said
    assert "on one H100" in said
    assert list(tmp_path.iterdir()) == []
    assert main([*given, "--gpu", "H100"]) == 2


@pytest.mark.parametrize("name", catalogue.names())
def test_paper_is_a_preset_of_every_method(name: str) -> None:
    card = catalogue.find(name).card
    assert "paper" in card.presets
    assert "paper" in card.for_gpu


@pytest.mark.parametrize("name", ["fomm", "articulated", "tsnet", "jokr"])
def test_paper_is_refused_without_its_networks(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    method = catalogue.find(name)
    with pytest.raises(MissingWeightsError) as refused:
        method.require_weights(method.card.presets["paper"])
    assert "vgg" in str(refused.value.hint)
