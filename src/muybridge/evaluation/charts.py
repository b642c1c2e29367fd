"""Curves as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite, log10

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 300, 150, 44, 18, 22
"""Pixels of one chart and of its margins."""


@dataclass(frozen=True)
class Chart:
    """One curve: (x, y) with x rising; only y over zero can be drawn on the logarithmic scale."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(curve: Chart) -> str:
    """The curve as an SVG element, y on a logarithmic scale; with no points it says so."""
    shown = [(x, log10(y)) for x, y in curve.points if y > 0 and isfinite(y)]
    title = f"<text x='{LEFT}' y='14' font-size='12' font-weight='600' fill='currentColor'>{escape(curve.name)}</text>"
    if not shown:
        inner = f"<text x='{LEFT}' y='{HEIGHT // 2}' font-size='11' fill='currentColor'>no values over zero</text>"
        return _svg(title + inner)
    xs, ys = [x for x, _ in shown], [y for _, y in shown]
    low, high = min(ys), max(ys)
    if high - low < 0.01:
        low, high = low - 0.05, high + 0.05
    across, up = max(xs[-1] - xs[0], 1e-9), high - low

    def place(x: float, y: float) -> str:
        right = LEFT + (x - xs[0]) / across * (WIDTH - LEFT - 6)
        return f"{right:.1f},{TOP + (high - y) / up * (HEIGHT - TOP - BOTTOM):.1f}"

    line = " ".join(place(x, y) for x, y in shown)
    frame = f"<path d='M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - 6}' fill='none' stroke='currentColor' opacity='0.4'/>"
    labels = "".join(
        f"<text x='{LEFT - 4}' y='{y}' font-size='10' text-anchor='end' fill='currentColor'>{10**value:.3g}</text>"
        for y, value in ((TOP + 8, high), (HEIGHT - BOTTOM, low))
    )
    steps = "".join(
        f"<text x='{x}' y='{HEIGHT - 4}' font-size='10' text-anchor='{anchor}' fill='currentColor'>{value:.0f}</text>"
        for x, anchor, value in ((LEFT, "start", xs[0]), (WIDTH - 6, "end", xs[-1]))
    )
    curve_line = f"<polyline points='{line}' fill='none' stroke='#3b82f6' stroke-width='1.5'/>"
    return _svg(title + frame + labels + steps + curve_line)


def _svg(inner: str) -> str:
    return f"<svg width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}' role='img'>{inner}</svg>"
