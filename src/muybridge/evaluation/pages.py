"""A bench as one page that a person can open and send: nothing in it is fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from muybridge.evaluation.metric_info import METRIC_INFO, describe_metric
from muybridge.evaluation.tables import Row, Tables
from muybridge.evaluation.templates import render_template

ARROWS = {"up": " ↑", "down": " ↓", "": ""}


class Column(NamedTuple):
    """The head of a column."""

    name: str
    arrow: str
    meaning: str


class Value(NamedTuple):
    """A place in a table; empty where nothing was measured."""

    text: str = ""
    best: bool = False


@dataclass(frozen=True)
class Line:
    """A row as it is shown."""

    label: str
    cells: int
    worst: str
    values: Sequence[Value]


@dataclass(frozen=True)
class TableView:
    """A table as it is shown: columns in which no row has a value are left out."""

    columns: Sequence[Column]
    rows: Sequence[Line]


def tables_page(title: str, lead: str, found: Tables, sheets: Mapping[str, bytes]) -> str:
    """The page as HTML.

    sheets  caption -> PNG
    """
    by_place: dict[str, list[Row]] = {}
    for row in sorted(found.scenes, key=lambda row: (row.scene, row.direction)):
        by_place.setdefault(f"{row.scene}, {row.direction}", []).append(row)

    scenes = {}
    for place, rows in by_place.items():
        scenes[place] = _view(rows, found.columns)

    return render_template(
        "tables.html",
        title=title,
        lead=lead,
        found=found,
        overall=_view(found.overall, found.columns),
        scenes=scenes,
        meanings={name: describe_metric(name) for name in found.columns},
        sheets=sheets,
    )


def best_of(rows: Sequence[Row], name: str) -> float | None:
    """The best mean of a figure among rows; None where neither way is better or there is nothing to compare."""
    values = []
    for row in rows:
        if name in row.figures:
            values.append(row.figures[name].mean)

    way = METRIC_INFO[name].better if name in METRIC_INFO else ""
    if not way or len(values) < 2:
        return None
    return max(values) if way == "up" else min(values)


def _view(rows: Sequence[Row], columns: Sequence[str]) -> TableView:
    heads = []
    best = {}
    for name in columns:
        if any(name in row.figures for row in rows):
            arrow = ARROWS[METRIC_INFO[name].better] if name in METRIC_INFO else ""
            heads.append(Column(name, arrow, describe_metric(name)))
            best[name] = best_of(rows, name)

    lines = []
    for row in rows:
        values = []
        for name in best:
            value = row.figures.get(name)
            values.append(Value() if value is None else Value(str(value), value.mean == best[name]))

        worst = "" if row.worst is None else f"{row.worst:.3f}"
        lines.append(Line(row.label, row.cells, worst, values))

    return TableView(heads, lines)
