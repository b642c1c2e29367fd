"""The exam that every method in the catalogue sits."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from tiny_methods import FRAMES, TINY, beside, build, build_with_data, clips, landmarks, puppets
from torch import Tensor

from muybridge import catalogue
from muybridge.engine import train
from muybridge.errors import InputError, UsageError
from muybridge.method import Animation, Card, Data, Method, Stage
from muybridge.run import Run

CPU = torch.device("cpu")
EXAM = {"device": "cpu", "precision": "float32", "preview_seconds": 3600}


@pytest.fixture(params=catalogue.names())
def name(request: pytest.FixtureRequest) -> str:
    """Of each method in turn."""
    return str(request.param)


@pytest.fixture
def card(name: str) -> Card:
    """What the method says of itself."""
    return catalogue.find(name).card


@pytest.fixture
def sitting(name: str) -> tuple[Method[Any, Any], Data]:
    """A fresh method and its data."""
    return build_with_data(name)


def batch_of(data: Data, stage: Stage, seed: int = 1) -> dict[str, Tensor]:
    """One batch; every choice comes from the seed."""
    return data.batch(stage, torch.Generator().manual_seed(seed), CPU)


def animation(method: Method[Any, Any], data: Data) -> Animation:
    """The method's natural question: the first appearance, moved as the second clip."""
    needs = method.card.needs
    source = puppets().a if needs == "folder" else "a"
    options = {"landmarks": landmarks()[1]} if needs == "landmarks" else {}
    return method.animate(data, puppets(needs).b, source, **options)


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """Bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_a_new_method_is_told_how_small_it_goes() -> None:
    assert set(TINY) == set(catalogue.names())


def test_the_card_is_complete(name: str, card: Card) -> None:
    found = catalogue.find(name)
    assert card.name == name
    assert all((card.title, card.paper, card.gives, card.presets))
    assert any(word.isdigit() and len(word) == 4 for word in card.paper.replace(",", " ").split()), "year of the paper"
    assert set(card.preset_help) == set(card.presets)
    assert all(isinstance(preset, found.Config) for preset in card.presets.values())
    assert card.needs == "pair" or not card.affine
    assert found.__doc__


def test_presets_are_frozen_and_travel_as_json(name: str, card: Card) -> None:
    config = catalogue.find(name).Config
    for preset in card.presets.values():
        assert config.model_validate_json(preset.model_dump_json()) == preset
        with pytest.raises(ValidationError):
            setattr(preset, next(iter(type(preset).model_fields)), None)
    with pytest.raises(ValidationError):
        config(nonsense=1)


def test_every_setting_says_what_it_is(name: str) -> None:
    def undocumented(model: Any, path: str = "") -> list[str]:
        found = []
        for field_name, field in model.model_fields.items():
            inner = getattr(field.annotation, "model_fields", None)
            here = f"{path}{field_name}"
            if inner is not None:
                found += undocumented(field.annotation, f"{here}.")
            elif not field.description:
                found.append(here)
        return found

    assert undocumented(catalogue.find(name).Config) == []


def test_wrong_clips_get_a_sentence(name: str) -> None:
    method = build(name)
    good = clips(method.card.needs)
    with pytest.raises((InputError, UsageError)):
        method.prepare([])
    with pytest.raises(InputError):
        method.prepare([clip[:1] for clip in good], **beside(method.card.needs, 1))
    if method.card.needs == "pair":
        with pytest.raises(InputError, match="silhouettes"):
            method.prepare([clip.with_masks(None) for clip in good])
    if method.card.needs == "landmarks":
        with pytest.raises(InputError, match="landmarks"):
            method.prepare(good)


def test_stages_are_named_and_have_their_groups(sitting: tuple[Method[Any, Any], Data]) -> None:
    method, _ = sitting
    stages = method.stages()
    assert stages
    assert len({s.name for s in stages}) == len(stages)
    own = {id(p) for p in method.parameters()}
    for stage in stages:
        members = [id(p) for group in method.groups(stage).values() for p in group.parameters]
        assert members, stage.name
        assert len(members) == len(set(members)), f"{stage.name}: two groups move one parameter"
        assert set(members) <= own, f"{stage.name}: moves what state_dict does not keep"


def test_turns_are_finite_and_reach_their_groups(sitting: tuple[Method[Any, Any], Data]) -> None:
    method, data = sitting
    for stage in method.stages():
        method.begin(stage, data, torch.Generator().manual_seed(0))
        groups = method.groups(stage)
        movable = {id(p) for group in groups.values() for p in group.parameters}
        named = dict(method.named_parameters())
        taught: set[str] = set()
        turns = 0
        for turn in method.turns(stage, batch_of(data, stage)):
            turns += 1
            assert turn.group in groups
            assert turn.losses
            assert all(loss.ndim == 0 and math.isfinite(loss.item()) for loss in turn.losses.values())
            gradients = torch.autograd.grad(turn.total, named.values(), retain_graph=True, allow_unused=True)
            reached = {n for n, g in zip(named, gradients, strict=True) if g is not None}
            assert all(bool(g.isfinite().all()) for g in gradients if g is not None)
            astray = {n for n in reached if id(named[n]) not in movable}
            assert astray == set(), f"{stage.name}/{turn.group}: gradients for what nobody moves"
            members = {id(p) for p in groups[turn.group].parameters}
            taught |= {n for n in reached if id(named[n]) in members}
        assert turns
        assert {n for n, p in named.items() if id(p) in movable} == taught, f"{stage.name}: parameters that never learn"


def test_a_batch_comes_from_its_generator_alone(sitting: tuple[Method[Any, Any], Data]) -> None:
    method, data = sitting
    restored = type(data).restore({k: v.clone() for k, v in data.tensors().items()})
    for stage in method.stages():
        first = batch_of(data, stage)
        torch.rand(3)
        assert same(first, batch_of(data, stage))
        assert same(first, batch_of(restored, stage))
        assert not same(first, batch_of(data, stage, seed=2))
        assert all(t.device == CPU for t in first.values())


def test_the_same_seed_trains_the_same_weights(name: str) -> None:
    ends = []
    for _ in range(2):
        method, data = build_with_data(name)
        summary = train(method, data, seed=7, **EXAM)
        assert summary.finished
        assert summary.done == sum(s.steps for s in method.stages())
        ends.append(method.state_dict())
    assert same(*ends)
    start = build(name).state_dict()
    learned = {id(p) for stage in method.stages() for g in method.groups(stage).values() for p in g.parameters}
    for parameter_name, p in method.named_parameters():
        moved = not torch.equal(p, start[parameter_name])
        assert moved == (id(p) in learned), parameter_name


def test_a_run_comes_back_whole(name: str, sitting: tuple[Method[Any, Any], Data], tmp_path: Any) -> None:
    method, data = sitting
    run = Run.create(tmp_path / "run", name, method.config.model_dump(mode="json"))
    run.save_data(data.tensors())
    train(method, data, run, seed=3, **EXAM)
    opened = Run.open(tmp_path / "run")
    found = catalogue.find(name)
    again = found(found.Config.model_validate(opened.config))
    again.load_state_dict(opened.load_weights())
    kept = found.Data.restore(opened.load_data())
    shown, expected = animation(again, kept).clip(), animation(method, data).clip()
    # Other kernels run on weights that lie otherwise in memory, so the last bit may differ.
    assert int((shown.pixels.int() - expected.pixels.int()).abs().max()) <= 1
    assert int((shown.mattes.int() - expected.mattes.int()).abs().max()) <= 1


def test_previews_are_pictures(sitting: tuple[Method[Any, Any], Data]) -> None:
    method, data = sitting
    for stage in method.stages():
        method.begin(stage, data, torch.Generator().manual_seed(0))
        method.eval()
        with torch.no_grad():
            picture, again = method.preview(data, stage), method.preview(data, stage)
        assert picture.dtype == torch.uint8
        assert picture.ndim == 3
        assert picture.shape[0] == 3
        assert min(picture.shape[1:]) >= 32
        assert torch.equal(picture, again)


def test_animations_keep_the_driving_times(sitting: tuple[Method[Any, Any], Data]) -> None:
    method, data = sitting
    method.begin(method.stages()[0], data, torch.Generator().manual_seed(0))
    method.eval()
    made = animation(method, data)
    assert made.timing == puppets(method.card.needs).b.timing
    frames = list(made.frames)
    assert len(frames) == FRAMES
    assert all(f.dtype == torch.uint8 and f.shape == (4, *made.size) for f in frames)
    again = animation(method, data).clip()
    assert torch.equal(again.pixels, torch.stack(frames)[:, :3])


def test_animating_teaches_nothing(sitting: tuple[Method[Any, Any], Data]) -> None:
    method, data = sitting
    method.begin(method.stages()[0], data, torch.Generator().manual_seed(0))
    method.train()
    before = {k: v.clone() for k, v in method.state_dict().items()}
    animation(method, data).clip()
    assert same(before, method.state_dict())
    assert method.training
