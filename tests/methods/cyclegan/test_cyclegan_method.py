"""CycleGAN: its losses by hand, its history through a training that is stopped and goes on, what comes out."""

from pathlib import Path

import pytest
import torch
from torch import nn
from translators_by_hand import CPU, Plus, Redness, grey

from muybridge.engine import train
from muybridge.errors import InputError, UsageError
from muybridge.methods.cyclegan.config import CycleGanConfig, LossConfig, StageConfig
from muybridge.methods.cyclegan.data import UnpairedFrames
from muybridge.methods.cyclegan.method import CycleGan
from muybridge.networks.translator import DiscriminatorSizes, TranslatorSizes
from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import Clip

TINY = CycleGanConfig(
    size=32,
    generator=TranslatorSizes(width=4, blocks=1),
    critic=DiscriminatorSizes(width=4, layers=2),
    history=3,
    translate=StageConfig(steps=8, batch=1, lr=1e-3),
)


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    drawn = scene("cat-horse", frames=4, size=64)
    return [drawn.a, drawn.b]


def made(clips: list[Clip], config: CycleGanConfig = TINY, seed: int = 0) -> tuple[CycleGan, UnpairedFrames]:
    torch.manual_seed(seed)
    method = CycleGan(config)
    return method, method.prepare(clips)


def by_hand(config: CycleGanConfig = TINY) -> CycleGan:
    """To a adds 0.1, to b takes 0.3 away; discriminators look at the first channel."""
    method = CycleGan(config)
    method.to_a, method.to_b = Plus(0.1), Plus(-0.3)
    method.critic_a, method.critic_b = Redness(), Redness()
    return method


def test_losses_by_hand() -> None:
    method = by_hand()
    batch = {"a": grey(0.6), "b": grey(0.4)}  # as pictures 0.2 and -0.2
    turns = list(method.turns(method.stages()[0], batch))
    assert [turn.group for turn in turns] == ["generators", "critics"]
    found = {name: float(x.detach()) for turn in turns for name, x in turn.losses.items()}
    assert found == pytest.approx(
        {
            "adversarial": (0.2 - 0.3 - 1) ** 2 + (-0.2 + 0.1 - 1) ** 2,
            "cycle": 0.2 + 0.2,  # both ways end 0.2 lower
            "identity": 0.1 + 0.3,
            "critic_a": ((0.2 - 1) ** 2 + (-0.1) ** 2) / 2,
            "critic_b": ((-0.2 - 1) ** 2 + (-0.1) ** 2) / 2,
        },
        abs=1e-6,
    )
    assert dict(turns[0].weights) == {"adversarial": 1.0, "cycle": 10.0, "identity": 5.0}
    total = found["adversarial"] + 10 * found["cycle"] + 5 * found["identity"]
    assert float(turns[0].total.detach()) == pytest.approx(total, abs=1e-5)


def test_without_identity_it_is_not_even_computed() -> None:
    method = by_hand(TINY.model_copy(update={"losses": LossConfig(identity=0.0)}))
    turn = next(method.turns(method.stages()[0], {"a": grey(0.6), "b": grey(0.4)}))
    assert set(turn.losses) == {"adversarial", "cycle"}


def test_the_critic_sees_fakes_and_older_fakes() -> None:
    method = by_hand(TINY.model_copy(update={"history": 1}))
    stage = method.stages()[0]
    list(method.turns(stage, {"a": grey(0.6), "b": grey(0.4)}))
    assert method.history_a.pictures.shape == (1, 4, 4, 4)
    seen = set()
    torch.manual_seed(0)
    for _ in range(20):
        turns = list(method.turns(stage, {"a": grey(0.6), "b": grey(0.5)}))
        seen.add(round(float(turns[1].losses["critic_a"].detach()), 4))
        method.history_a.pictures.fill_(255)  # the highest score that there is
    new, old = ((0.2 - 1) ** 2 + 0.1**2) / 2, ((0.2 - 1) ** 2 + 1) / 2
    assert {round(new, 4), round(old, 4)} <= seen


def test_a_stopped_training_ends_bit_for_bit_with_its_history(clips: list[Clip], tmp_path: Path) -> None:
    whole, data = made(clips)
    train(whole, data, seed=5, **CPU)
    run = Run.create(tmp_path / "run", "cyclegan", TINY.model_dump(mode="json"))
    first, _ = made(clips)
    train(first, data, run, seed=5, stop_after=5, **CPU)
    again, _ = made(clips, seed=9)
    assert train(again, UnpairedFrames.restore(run.load_data()), run, resume=True, **CPU).finished
    a, b = whole.state_dict(), again.state_dict()
    assert a["history_a.pictures"].shape == (3, 4, 32, 32)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_the_rate_falls_over_the_second_half() -> None:
    (stage,) = CycleGan(TINY).stages()
    assert (stage.steps, stage.decay) == (8, 0.5)


def test_results_and_figures(clips: list[Clip]) -> None:
    method, data = made(clips)
    own = method.animate(data, None, "a")
    assert own.size == data.a.frame
    assert own.timing == data.b.timing
    assert own.notes == ()
    other = method.animate(data, clips[0], None, affine=False, full_frame=False)
    assert other.size == data.b.canvas
    assert len(other.notes) == 2
    assert next(other.frames).shape == (4, *data.b.canvas)
    figures = method.measure_quality(data)
    assert set(figures) == {f"{n}_{s}" for n in ("cycle_iou", "cycle_l1", "kept_iou") for s in "ab"}
    assert all(0 <= value <= 1 for value in figures.values())
    assert all(method.explain_figure(name) for name in figures)
    assert method.explain_figure("nothing_a") == ""


def test_a_mirrored_subject_is_mirrored_back(clips: list[Clip]) -> None:
    method, _ = made(clips)
    method.to_a = method.to_b = nn.Identity()
    data = method.prepare(clips, flip="a")
    crops = [next(method.animate(data, None, side, full_frame=False).frames) for side in ("a", "b")]
    shown = method.prepare(clips)
    straight = [next(method.animate(shown, None, side, full_frame=False).frames) for side in ("a", "b")]
    # The driving b as a is mirrored back on its way out; a as b went in mirrored.
    assert torch.equal(crops[0], straight[0].flip(-1))
    assert int((crops[1].int() - straight[1].flip(-1).int()).abs().max()) <= 1


def test_what_it_cannot_do_is_said(clips: list[Clip]) -> None:
    method, data = made(clips)
    with pytest.raises(UsageError, match="own two subjects"):
        method.animate(data, clips[0], clips[1])
    with pytest.raises(UsageError, match="a and b, not 'c'"):
        method.animate(data, None, "c")
    with pytest.raises(InputError, match="cyclegan needs at least two"):
        method.prepare([clips[0][:1], clips[1]])
    with pytest.raises(ValueError, match="multiple of 32"):
        CycleGanConfig(size=100)
