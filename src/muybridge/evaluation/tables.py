"""Cells put together: a mean over the scenes for each method, a row a scene, and what it cost."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import fmean, stdev

from muybridge.evaluation.cells import Cell

FIRST = (
    *("iou", "boundary_f", "l1", "psnr", "ssim", "ms_ssim", "lpips", "joint_error", "tracker_error"),
    *("sharpness", "flicker_ratio", "random_features", "fid", "svfid"),
    *("own_iou", "own_cycle_iou", "own_cycle_points", "own_step", "limb_identity", "probe", "energy", "energy_within"),
)
"""The order of the columns; figures that are not named here come behind."""
T95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
"""Student's t at 97.5 % for 1 to 20 degrees of freedom; beyond, the normal's 1.96 is close."""


@dataclass(frozen=True)
class Interval:
    """A mean with half the width of its 95 % interval (Student's t over seeds); None where there is one seed alone."""

    mean: float
    half: float | None = None
    seeds: int = 1

    def __str__(self) -> str:
        return f"{self.mean:.3f}" if self.half is None else f"{self.mean:.3f} ± {self.half:.3f}"


@dataclass(frozen=True)
class Row:
    """One line: a method on one scene in one direction, or its mean over all of them (scene "all").

    cells   how many cells are in it
    worst   the lowest IoU of its scenes and directions, seeds averaged
    """

    label: str
    scene: str
    direction: str
    figures: Mapping[str, Interval]
    cells: int
    worst: float | None = None


@dataclass(frozen=True)
class Tables:
    """What a bench found.

    overall  one row a method, means over scenes and directions
    scenes   one row a method, scene and direction
    columns  figures in their order
    costs    label -> (cells, seconds in all)
    notes    what a person should know of it
    """

    overall: Sequence[Row]
    scenes: Sequence[Row]
    columns: Sequence[str]
    costs: Mapping[str, tuple[int, float]]
    notes: Sequence[str] = ()


def build_tables(cells: Iterable[Cell], notes: Sequence[str] = ()) -> Tables:
    """Put cells together; the same cells give the same tables, whatever order they come in."""
    # Methods first, then the answers that need none, which have no preset.
    given = sorted(cells, key=lambda c: (not c.preset, *_group(c), c.scene, c.direction, c.seed))
    names: set[str] = set()
    for cell in given:
        names |= cell.figures.keys()
    columns = [*(name for name in FIRST if name in names), *sorted(names - set(FIRST))]

    labels = _labels(given)
    groups: dict[str, list[Cell]] = {}
    for cell in given:
        groups.setdefault(labels[_group(cell)], []).append(cell)

    scenes: list[Row] = []
    overall = []
    costs = {}
    for label, members in groups.items():
        scenes += _scene_rows(label, members, columns)
        overall.append(_overall(label, members, columns))
        costs[label] = (len(members), sum(cell.seconds for cell in members))

    # A scene's rows stand together, whichever method they are of.
    scenes.sort(key=lambda row: (row.scene, row.direction))
    return Tables(overall, scenes, columns, costs, tuple(notes))


def interval(values: Sequence[float]) -> Interval:
    """The mean of one value a seed, with Student's t interval."""
    n = len(values)
    if n < 2:
        return Interval(values[0])
    quantile = T95[n - 2] if n - 2 < len(T95) else 1.96
    return Interval(fmean(values), quantile * stdev(values) / sqrt(n), n)


def _group(cell: Cell) -> tuple[str, ...]:
    return (cell.method, cell.variant, cell.preset, cell.entrant or cell.config)


def _labels(cells: Sequence[Cell]) -> dict[tuple[str, ...], str]:
    """A name for each group; the digest stands in it only where two would have the same."""
    plain = {}
    for cell in cells:
        group = _group(cell)
        plain[group] = " ".join(filter(None, group[:3]))

    used = Counter(plain.values())
    labels = {}
    for group, name in plain.items():
        labels[group] = f"{name} {group[3]}" if used[name] > 1 else name

    return labels


def _scene_rows(label: str, members: Sequence[Cell], columns: Sequence[str]) -> list[Row]:
    places: dict[tuple[str, str], list[Cell]] = {}
    for cell in members:
        places.setdefault((cell.scene, cell.direction), []).append(cell)

    rows = []
    for (scene, direction), here in sorted(places.items()):
        figures = {}
        for name in columns:
            values = _values(here, name)
            if values:
                figures[name] = interval(values)

        rows.append(Row(label, scene, direction, figures, len(here), _mean(figures, "iou")))

    return rows


def _overall(label: str, members: Sequence[Cell], columns: Sequence[str]) -> Row:
    """Means over scenes and directions; the interval is over the seeds that have all of them."""
    rows = _scene_rows(label, members, columns)
    by_seed: dict[int, list[Cell]] = {}
    for cell in members:
        by_seed.setdefault(cell.seed, []).append(cell)

    figures: dict[str, Interval] = {}
    for name in columns:
        means = []
        for row in rows:
            if name in row.figures:
                means.append(row.figures[name].mean)

        if not means:
            continue

        # A seed that lacks a scene would move the interval by what it lacks.
        whole = []
        for _, own in sorted(by_seed.items()):
            values = _values(own, name)
            if len(values) == len(means):
                whole.append(fmean(values))

        over = interval(whole) if whole else Interval(0.0)
        figures[name] = Interval(fmean(means), over.half, max(1, len(whole)))

    ious = []
    for row in rows:
        if row.worst is not None:
            ious.append(row.worst)

    return Row(label, "all", "both", figures, len(members), min(ious) if ious else None)


def _values(cells: Sequence[Cell], name: str) -> list[float]:
    values = []
    for cell in cells:
        value = cell.figures.get(name)
        if value is not None:
            values.append(value)

    return values


def _mean(figures: Mapping[str, Interval], name: str) -> float | None:
    return figures[name].mean if name in figures else None


def as_csv(found: Tables) -> str:
    """Every row, those over all scenes first; for each figure its mean and half the width of its interval."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["method", "scene", "direction", "cells", "worst_iou"]
    for name in found.columns:
        heads += [name, f"{name}_ci95"]
    writer.writerow(heads)

    for row in (*found.overall, *found.scenes):
        values: list[str] = []
        for name in found.columns:
            value = row.figures.get(name)
            values += ["", ""] if value is None else [_number(value.mean), _number(value.half)]
        writer.writerow([row.label, row.scene, row.direction, row.cells, _number(row.worst), *values])

    return text.getvalue()


def as_json(found: Tables) -> str:
    """Everything, the costs too."""
    return json.dumps(asdict(found), indent=1, ensure_ascii=False)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
