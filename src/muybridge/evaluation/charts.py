"""Curves as pictures: what the template of a chart draws, in its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log10
from typing import NamedTuple

WIDTH = 300
HEIGHT = 150
"""Pixels of one chart."""
LEFT = 44
BOTTOM = 18
TOP = 22
RIGHT = 6
"""Pixels of its margins."""


@dataclass(frozen=True)
class Chart:
    """One curve: (x, y) with x rising; only y over zero can be drawn on the logarithmic scale."""

    name: str
    points: Sequence[tuple[float, float]]


class Label(NamedTuple):
    """A number beside an axis."""

    x: int
    y: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Curve:
    """A chart laid out.

    axes    path of both axes
    line    points of the curve; "" where no value is over zero
    labels  the first and last step, the highest and lowest value
    """

    name: str
    line: str = ""
    labels: Sequence[Label] = ()
    axes: str = f"M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def lay_out(chart: Chart) -> Curve:
    """Where the curve runs, y on a logarithmic scale."""
    xs = []
    ys = []
    for x, y in chart.points:
        if y > 0 and isfinite(y):
            xs.append(x)
            ys.append(log10(y))

    if not xs:
        return Curve(chart.name)

    low = min(ys)
    high = max(ys)
    if high - low < 0.01:
        # A flat curve runs through the middle, and not along an edge.
        low -= 0.05
        high += 0.05

    right = (WIDTH - LEFT - RIGHT) / max(xs[-1] - xs[0], 1e-9)
    down = (HEIGHT - TOP - BOTTOM) / (high - low)
    places = []
    for x, y in zip(xs, ys, strict=True):
        places.append(f"{LEFT + (x - xs[0]) * right:.1f},{TOP + (high - y) * down:.1f}")

    labels = (
        Label(LEFT - 4, TOP + 8, "end", f"{10**high:.3g}"),
        Label(LEFT - 4, HEIGHT - BOTTOM, "end", f"{10**low:.3g}"),
        Label(LEFT, HEIGHT - 4, "start", f"{xs[0]:.0f}"),
        Label(WIDTH - RIGHT, HEIGHT - 4, "end", f"{xs[-1]:.0f}"),
    )
    return Curve(chart.name, " ".join(places), labels)
