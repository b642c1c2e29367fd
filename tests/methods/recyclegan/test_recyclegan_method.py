"""Recycle-GAN: its losses by hand, its history through a training that is stopped and goes on, what comes out."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from translators_by_hand import CPU, Plus, Redness, grey

from muybridge.engine import train
from muybridge.errors import InputError
from muybridge.methods.recyclegan.config import LossConfig, RecycleGanConfig, StageConfig
from muybridge.methods.recyclegan.data import UnpairedWindows
from muybridge.methods.recyclegan.looking_ahead import ahead_figures
from muybridge.methods.recyclegan.method import RecycleGan
from muybridge.networks.translator import DiscriminatorSizes, PredictorSizes, TranslatorSizes
from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import Clip

TINY = RecycleGanConfig(
    size=32,
    generator=TranslatorSizes(width=4, blocks=1),
    critic=DiscriminatorSizes(width=4, layers=2),
    predictor=PredictorSizes(width=4, max_width=8, blocks=2),
    history=4,
    translate=StageConfig(steps=6, batch=1, lr=1e-3),
)


class Straight(nn.Module):
    """Predicts that everything goes on as it did."""

    def forward(self, before: Tensor, now: Tensor) -> Tensor:
        return 2 * now - before


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    drawn = scene("cat-horse", frames=5, size=64)
    return [drawn.a, drawn.b]


def made(clips: list[Clip], seed: int = 0) -> tuple[RecycleGan, UnpairedWindows]:
    torch.manual_seed(seed)
    method = RecycleGan(TINY)
    return method, method.prepare(clips)


def by_hand(config: RecycleGanConfig = TINY) -> RecycleGan:
    """To a adds 0.1, to b takes 0.3 away; predictors go straight on; discriminators look at the first channel."""
    method = RecycleGan(config)
    method.to_a, method.to_b = Plus(0.1), Plus(-0.3)
    method.ahead_a, method.ahead_b = Straight(), Straight()
    method.critic_a, method.critic_b = Redness(), Redness()
    return method


def windows(a: tuple[float, float, float], b: tuple[float, float, float]) -> dict[str, Tensor]:
    """A batch of pictures of one grey each, in [-1, 1], all of whose pixels are the subject."""
    return {f"{s}{i}": grey((v + 1) / 2) for s, values in (("a", a), ("b", b)) for i, v in enumerate(values)}


def squared(colour: float, silhouette: float) -> float:
    """Mean square over the four channels."""
    return (3 * colour**2 + silhouette**2) / 4


def test_losses_by_hand() -> None:
    method = by_hand()
    a, b = (0.0, 0.2, 0.5), (0.4, 0.4, 0.3)
    turns = list(method.turns(method.stages()[0], windows(a, b)))
    assert [turn.group for turn in turns] == ["generators", "critics"]
    found = {name: float(x.detach()) for turn in turns for name, x in turn.losses.items()}
    # Straight on, a is guessed at 0.4 where it is 0.5, and b at 0.4 where it is 0.3; the way round takes 0.2 away.
    assert found == pytest.approx(
        {
            "adversarial": sum((x - 0.3 - 1) ** 2 for x in a) / 3 + sum((x + 0.1 - 1) ** 2 for x in b) / 3,
            "recurrent": squared(-0.1, 0) + squared(0.1, 0),
            "recycle": squared(-0.1 - 0.2, -0.2) + squared(0.1 - 0.2, -0.2),
            "critic_a": (sum((x - 1) ** 2 for x in a) / 3 + sum((x + 0.1) ** 2 for x in b) / 3) / 2,
            "critic_b": (sum((x - 1) ** 2 for x in b) / 3 + sum((x - 0.3) ** 2 for x in a) / 3) / 2,
        },
        abs=1e-6,
    )
    weights = {name: turns[0].weights[name] for name in turns[0].losses}
    assert weights == {"adversarial": 1.0, "recurrent": 10.0, "recycle": 10.0}


def test_cycle_and_identity_where_they_are_asked_for() -> None:
    method = by_hand(TINY.model_copy(update={"losses": LossConfig(cycle=1.0, identity=1.0)}))
    turn = next(method.turns(method.stages()[0], windows((0.0, 0.2, 0.5), (0.4, 0.4, 0.3))))
    assert float(turn.losses["cycle"].detach()) == pytest.approx(0.4, abs=1e-6)
    assert float(turn.losses["identity"].detach()) == pytest.approx(0.4, abs=1e-6)


def test_the_recycle_loss_teaches_predictors_and_both_translators(clips: list[Clip]) -> None:
    method, data = made(clips)
    stage = method.stages()[0]
    batch = data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu"))
    loss = next(method.turns(stage, batch)).losses["recycle"]
    for network in (method.to_a, method.to_b, method.ahead_a, method.ahead_b):
        gradients = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)
        assert any(bool(g.any()) for g in gradients)


def test_a_batch_is_three_frames_of_each_in_their_order(clips: list[Clip]) -> None:
    method, data = made(clips)
    still = UnpairedWindows(data.a, data.b, data.augment.model_copy(update={"share": 0.0}))
    batch = still.batch(method.stages()[0], torch.Generator().manual_seed(1), torch.device("cpu"))
    assert set(batch) == {f"{s}{i}" for s in "ab" for i in range(3)}
    frames = torch.cat(data.a.pictures(), 1)
    places = [int((frames - batch[f"a{i}"]).abs().sum((1, 2, 3)).argmin()) for i in range(3)]
    assert places == [places[0], places[0] + 1, places[0] + 2]


def test_a_stopped_training_ends_bit_for_bit_with_its_history(clips: list[Clip], tmp_path: Path) -> None:
    whole, data = made(clips)
    train(whole, data, seed=5, **CPU)
    run = Run.create(tmp_path / "run", "recyclegan", TINY.model_dump(mode="json"))
    first, _ = made(clips)
    train(first, data, run, seed=5, stop_after=4, **CPU)
    again, _ = made(clips, seed=9)
    assert train(again, UnpairedWindows.restore(run.load_data()), run, resume=True, **CPU).finished
    a, b = whole.state_dict(), again.state_dict()
    assert a["history_b.pictures"].shape == (4, 4, 32, 32)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_figures_of_predictors_that_stand_still(clips: list[Clip]) -> None:
    method, data = made(clips)

    class Still(nn.Module):
        def forward(self, before: Tensor, now: Tensor) -> Tensor:
            return now

    method.to_a = method.to_b = nn.Identity()
    method.ahead_a = method.ahead_b = Still()
    figures = method.measure_quality(data)
    for side in "ab":
        moving = figures[f"still_l1_{side}"]
        assert moving > 0
        assert figures[f"ahead_l1_{side}"] == figures[f"recycle_l1_{side}"] == moving
        assert figures[f"cycle_iou_{side}"] == 1.0
    assert all(method.explain_figure(name) for name in figures)
    method.ahead_a = Straight()
    networks = {"a": (method.to_a, method.ahead_a), "b": (method.to_b, method.ahead_b)}
    assert ahead_figures(networks, data, torch.device("cpu"))["ahead_l1_a"] != figures["ahead_l1_a"]


def test_it_needs_three_frames_in_a_row(clips: list[Clip]) -> None:
    method, data = made(clips)
    with pytest.raises(InputError, match="recyclegan needs at least three"):
        method.prepare([clips[0][:2], clips[1]])
    with pytest.raises(ValueError, match="halved 5 times"):
        RecycleGanConfig(predictor=PredictorSizes(blocks=6))
    shown = method.animate(data, None, "b")
    assert shown.timing == data.a.timing
    assert next(shown.frames).shape == (4, *data.b.frame)
