"""What a part of a method is worth: the same cells with it and without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from muybridge.evaluation.cells import Cell
from muybridge.evaluation.tables import Interval, interval

WHOLE = "whole"
"""The variant that nothing is taken from."""


@dataclass(frozen=True)
class Ablation:
    """A part that is taken away, and the figure that it is there for.

    name     of the variant without it
    changes  settings that take it away
    scenes   where it matters
    figure   what should become worse
    better   which way that figure is better
    ratio    how many times worse it should be, where a paper says so
    why      one sentence
    """

    name: str
    changes: Mapping[str, object]
    scenes: Sequence[str]
    figure: str
    better: Literal["up", "down"]
    why: str
    ratio: float | None = None


@dataclass(frozen=True)
class Worth:
    """What an ablation cost.

    whole, without  the figure's mean over the cells that both have
    loss            how much worse it is without the part, mean over scenes and directions, its interval over seeds
    times           how many times worse the figure is without it; None where it is zero
    pairs           how many cells were compared
    costs           whether the part is worth something: the mean is worse by as much as was expected
    """

    name: str
    figure: str
    whole: float
    without: float
    loss: Interval
    times: float | None
    pairs: int
    costs: bool


def worth(ablation: Ablation, cells: Iterable[Cell]) -> Worth | None:
    """Compare the cells of the whole method with those without the part, seed by seed and place by place; None where
    there is nothing to compare yet.
    """
    chosen = []
    for c in cells:
        if c.scene in ablation.scenes and c.figures.get(ablation.figure) is not None:
            chosen.append(c)

    # What a bench without variants has measured is the whole, too.
    named = {WHOLE: (WHOLE, ""), ablation.name: (ablation.name,)}
    have = {}
    for name, names in named.items():
        have[name] = {_place(c): c for c in chosen if c.variant in names}

    places = sorted(have[WHOLE].keys() & have[ablation.name].keys())
    if not places:
        return None

    before = {}
    for place in places:
        before[place] = float(have[WHOLE][place].figures[ablation.figure] or 0.0)

    after = {}
    for place in places:
        after[place] = float(have[ablation.name][place].figures[ablation.figure] or 0.0)

    # A positive loss is always what the part was worth, whichever way is better.
    sign = 1 if ablation.better == "up" else -1
    seeds = sorted({place[2] for place in places})
    losses = []
    for seed in seeds:
        losses.append(fmean(sign * (before[p] - after[p]) for p in places if p[2] == seed))

    whole = fmean(before.values())
    without = fmean(after.values())
    up, down = (whole, without) if sign > 0 else (without, whole)
    # A ratio of one to nothing says nothing.
    times = up / down if down else None
    enough = (times or 0.0) >= ablation.ratio if ablation.ratio is not None else fmean(losses) > 0

    return Worth(ablation.name, ablation.figure, whole, without, interval(losses), times, len(places), enough)


def _place(cell: Cell) -> tuple[str, str, int, str]:
    return (cell.scene, cell.direction, cell.seed, cell.preset)
