"""Presets in a person's order: what each takes here is measured once, and what cannot be done here is not begun."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs fastapi: pip install 'muybridge[studio]'")

from muybridge import catalogue
from muybridge.errors import MissingWeightsError, UsageError
from muybridge.jobs.settings import make_config
from muybridge.studio.choices import CHOICES, Choices
from muybridge.studio.paces import Paces

CARD = catalogue.find("jokr").card
QUICK: dict[str, Any] = {"method": "jokr", "preset": "smoke", "set": {}}


@pytest.fixture
def choices(tmp_path: Path) -> Choices:
    return Choices(Paces(tmp_path / "machine.json"), "cpu")


def test_the_order_is_a_persons(choices: Choices) -> None:
    told = choices.describe(CARD)
    assert told["choices"] == CHOICES
    assert set(told["presets"]) == set(CARD.presets)


def test_what_was_measured_once_is_known_afterwards(choices: Choices) -> None:
    assert choices.describe(CARD)["presets"]["smoke"]["seconds"] is None
    choices.note({**QUICK, "set": {"shape.steps": 1}}, {"seconds": 1.0, "memory": 1})
    assert not choices.is_known(QUICK)
    choices.note(QUICK, {"seconds": 240.0, "memory": 10**9})
    again = Choices(Paces(choices.paces.path), "cpu")
    assert again.is_known(QUICK)
    told = again.describe(CARD)["presets"]["smoke"]
    assert (told["seconds"], told["memory"], told["refused"]) == (240.0, 10**9, None)


def test_what_needs_a_gpu_is_not_begun_on_a_processor(choices: Choices) -> None:
    assert "needs a GPU" in choices.describe(CARD)["presets"]["paper"]["refused"]
    with pytest.raises(UsageError, match="paper cannot be done here: it needs a GPU"):
        choices.check(CARD, {**QUICK, "preset": "paper"})
    # Who makes it shorter knows what they do.
    choices.check(CARD, {**QUICK, "preset": "paper", "set": {"shape.steps": 10}})
    choices.check(CARD, {**QUICK, "preset": None})
    choices.device = "cuda"
    assert "needs a GPU" not in str(choices.describe(CARD)["presets"]["paper"]["refused"])


@pytest.mark.parametrize("name", ["fomm", "articulated"])
def test_networks_that_are_not_here_are_told_before_the_start(
    name: str, choices: Choices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker said so, minutes later, where the preset needs VGG-19."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    choices.device = "cuda"
    card = catalogue.find(name).card
    told = choices.describe(card)["presets"]
    assert "no weights of VGG-19" in told["standard"]["refused"]
    assert told["smoke"]["refused"] is None
    with pytest.raises(UsageError, match="VGG-19"):
        choices.check(card, {"method": name, "preset": "standard", "set": {}})
    catalogue.find(name).require_weights(make_config(catalogue.find(name), "standard", {"perceptual": "weight-free"}))
    with pytest.raises(MissingWeightsError, match="VGG-16"):
        catalogue.find("jokr").require_weights(make_config(catalogue.find("jokr"), "smoke", {"texture_loss": "lpips"}))


@pytest.mark.parametrize("name", catalogue.names())
def test_cards_name_presets_that_they_have(name: str) -> None:
    card = catalogue.find(name).card
    assert set(card.for_gpu) <= set(card.presets)
    assert next(iter(card.presets)) not in card.for_gpu
