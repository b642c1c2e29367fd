"""R and the dense motion in bfloat16: within 40 dB of float32, and given up for good where that does not hold."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiny_draft import TINY
from torch import Tensor

from muybridge.methods.jokr import drawing, half_precision
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.half_precision import EVERY, FEWEST, CheckedPrecision
from muybridge.methods.jokr.method import Jokr
from muybridge.puppets import scene


@pytest.fixture(scope="module")
def trained() -> tuple[Jokr, PairData]:
    drawn = scene("cat-horse", frames=FEWEST + 4, size=64)
    torch.manual_seed(0)
    method = Jokr(TINY)
    # As after a training: an untrained head of the dense motion is zero, and nothing could go wrong there.
    torch.nn.init.normal_(method.dense_motion.head.weight, std=0.02)
    data = method.prepare((drawn.a, drawn.b))
    method.begin(method.stages()[0], data, torch.Generator())
    return method.eval(), data


def draw(trained: tuple[Jokr, PairData], precision: str) -> Tensor:
    method, data = trained
    return torch.stack(list(method.animate(data, None, "a", precision=precision).frames))


def test_results_in_bfloat16_are_within_40_db_of_those_in_float32(trained: tuple[Jokr, PairData]) -> None:
    plain, half = draw(trained, "float32"), draw(trained, "bfloat16")

    assert not torch.equal(plain, half)
    apart = ((plain.float() - half.float()) / 255).square().mean((1, 2, 3))
    assert float(apart.max()) < 1e-4


def test_what_is_not_good_enough_is_drawn_in_float32(
    trained: tuple[Jokr, PairData], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_precision, "computes_bfloat16", lambda device: True)
    spoiled = 0

    def spoil(model: Jokr, act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            nonlocal spoiled
            spoiled += 1
            made = act(*given)
            return made if isinstance(made, tuple) else -made

        return call

    monkeypatch.setattr(drawing, "in_half", spoil)
    assert torch.equal(draw(trained, "auto"), draw(trained, "float32"))
    # The first lot alone: what fails once is not tried again.
    assert spoiled == 2


def test_a_few_frames_are_drawn_in_float32(trained: tuple[Jokr, PairData], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half_precision, "computes_bfloat16", lambda device: True)

    assert CheckedPrecision(trained[0], "auto", FEWEST).half
    assert not CheckedPrecision(trained[0], "auto", FEWEST - 1).half
    assert not CheckedPrecision(trained[0], "float32", FEWEST).half


def test_a_frame_is_looked_at_again_now_and_then(
    trained: tuple[Jokr, PairData], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_precision, "computes_bfloat16", lambda device: True)
    checked = CheckedPrecision(trained[0], "auto", 1000)
    asked: list[tuple[int, int]] = []
    lot = 0

    def draw_lot(these: slice, half: bool) -> list[Tensor]:
        if not half:
            asked.append((lot, these.start))
        # At first it is good enough, then by far, and much later no longer.
        shade = 102 if half and lot == 0 else 200 if half and lot * 8 >= 2 * EVERY else 100
        return [torch.full((4, 2, 2), shade, dtype=torch.uint8)] * len(range(8)[these])

    shades = []
    for _ in range(3 * EVERY // 8):
        shades.append(int(checked.draw(draw_lot, 8)[0][0, 0, 0]))
        lot += 1

    again = EVERY // 8
    assert asked[:4] == [(0, 7), (0, 0), (again, 7), (2 * again, 7)]
    assert set(shades) == {100, 102}
    assert not checked.half
