"""Every verb that draws does so with the settings of the processor that a training has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from muybridge import api
from muybridge.api import Fitted
from muybridge.methods.jokr.model import JokrModel
from muybridge.puppets import scene
from tiny_jokr import TINY_TRAINING

VERBS: dict[str, Callable[[Fitted, Path], Any]] = {
    "animate": lambda run, out: api.animate(run, source="a", out=out / "a.mp4"),
    "edit": lambda run, out: api.edit(run, subject="a", frame=0, moves={0: (0.1, 0.0)}, steps=2, out=out / "e.mp4"),
    "evaluate": lambda run, out: api.evaluate(run),
    "explain": lambda run, out: api.explain(run, source="a", out=out / "explained"),
}


def flushes() -> bool:
    return not bool(torch.tensor(1e-39) * 1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    drawn = scene("gif", 5, 64)
    out = tmp_path_factory.mktemp("fast") / "run"
    changes = {**TINY_TRAINING, "appearance": "paint"}
    return api.fit("jokr", drawn.a, drawn.b, out=out, preset="smoke", set=changes, device="cpu")


@pytest.mark.parametrize("verb", VERBS)
def test_numbers_next_to_nothing_cost_nothing(
    verb: str, run: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `animate` drew of a run took 1.8 times as long without."""
    seen: list[bool] = []
    draw = JokrModel.draw_small_shapes

    def watch(self: JokrModel, points: torch.Tensor) -> torch.Tensor:
        seen.append(flushes())
        return draw(self, points)

    monkeypatch.setattr(JokrModel, "draw_small_shapes", watch)
    VERBS[verb](run, tmp_path)

    assert seen
    assert all(seen)
    assert not flushes()
