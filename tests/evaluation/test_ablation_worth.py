"""What a part is worth, by hand."""

import pytest

from muybridge.evaluation import Cell
from muybridge.evaluation.ablations import WHOLE, Ablation, worth


def cells(variant: str, values: dict[tuple[str, int], float], figure: str = "iou") -> list[Cell]:
    """Cells of one scene by (direction, seed)."""
    return [
        Cell(
            method="jokr",
            variant=variant,
            scene="rotated",
            direction=direction,
            seed=seed,
            preset="bench",
            config=variant,
            drawn="d",
            figures={figure: value},
            seconds=1.0,
        )
        for (direction, seed), value in values.items()
    ]


def part(better: str = "up", figure: str = "iou", ratio: float | None = None) -> Ablation:
    return Ablation("no affine", {"affine": False}, ("rotated",), figure, better, "why", ratio)  # type: ignore[arg-type]


def test_a_part_that_is_worth_something() -> None:
    with_it = cells(WHOLE, {("ab", 0): 0.8, ("ba", 0): 0.7, ("ab", 1): 0.9, ("ba", 1): 0.8})
    without = cells("no affine", {("ab", 0): 0.6, ("ba", 0): 0.5, ("ab", 1): 0.5, ("ba", 1): 0.4})
    found = worth(part(), with_it + without)
    assert found is not None
    assert (found.whole, found.without) == (pytest.approx(0.8), pytest.approx(0.5))
    # 0.2 with one seed, 0.4 with the other.
    assert found.loss.mean == pytest.approx(0.3)
    assert found.loss.half == pytest.approx(12.706 * 0.1, rel=1e-3)
    assert (found.times, found.pairs, found.costs) == (pytest.approx(1.6), 4, True)


def test_only_cells_that_both_have_are_compared() -> None:
    with_it = cells(WHOLE, {("ab", 0): 0.8, ("ba", 0): 0.1})
    assert worth(part(), with_it) is None
    found = worth(part(), with_it + cells("no affine", {("ab", 0): 0.85}))
    assert found is not None
    assert (found.pairs, found.costs) == (1, False)
    assert found.loss.mean == pytest.approx(-0.05)


def test_a_ratio_that_a_paper_gives() -> None:
    step = "own_step"
    with_it = cells(WHOLE, {("ab", 0): 0.002}, step)
    twice, less = (cells("no affine", {("ab", 0): value}, step) for value in (0.005, 0.003))
    assert worth(part("down", step, 2.0), with_it + twice).costs  # type: ignore[union-attr]
    assert not worth(part("down", step, 2.0), with_it + less).costs  # type: ignore[union-attr]
    assert worth(part("down", step), with_it + less).costs  # type: ignore[union-attr]
