"""A bench as one page that a person can open and send: nothing in it is fetched from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from muybridge.evaluation.metric_info import METRIC_INFO, describe_metric
from muybridge.evaluation.report import STYLE
from muybridge.evaluation.tables import Row, Tables

OWN_STYLE = """
body { max-width: none; } .wide { overflow-x: auto; } td.best { font-weight: 700; }
details { margin: 0.5rem 0; } summary { cursor: pointer; }
"""


def tables_page(title: str, lead: str, found: Tables, sheets: Mapping[str, bytes]) -> str:
    """The page as HTML.

    sheets  caption -> PNG
    """
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(lead)}</p>"]
    if found.notes:
        body.append("<ul>" + "".join(f"<li>{escape(note)}</li>" for note in found.notes) + "</ul>")
    body += ["<h2>Mean over scenes and directions</h2>", _table(found.overall, found.columns, ("method", "cells"))]
    body += ["<h2>By scene</h2>"]

    for scene, direction in sorted({(row.scene, row.direction) for row in found.scenes}):
        rows = [row for row in found.scenes if (row.scene, row.direction) == (scene, direction)]
        body.append(f"<h3>{escape(scene)}, {escape(direction)}</h3>")
        body.append(_table(rows, found.columns, ("method", "cells")))

    body += ["<h2>What it cost</h2>", _costs(found)]
    body += ["<h2>What the figures say</h2>", _legend(found.columns)]
    if sheets:
        body.append("<h2>Sheets</h2>")
        body += [_sheet(caption, data) for caption, data in sheets.items()]

    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{escape(title)}</title>"
    shown = "\n".join(body)
    style = f"<style>{STYLE}{OWN_STYLE}</style>"

    return f"<!doctype html>\n<html lang='en'><head>{head}{style}</head>\n<body>{shown}</body></html>\n"


def best_of(rows: Sequence[Row], name: str) -> float | None:
    """The best mean of a figure among rows; None where neither way is better or there is nothing to compare."""
    values = [row.figures[name].mean for row in rows if name in row.figures]
    way = METRIC_INFO[name].better if name in METRIC_INFO else ""
    if not way or len(values) < 2:
        return None
    return max(values) if way == "up" else min(values)


def _table(rows: Sequence[Row], columns: Sequence[str], heads: tuple[str, str]) -> str:
    shown = [name for name in columns if any(name in row.figures for row in rows)]
    arrows = {"up": " ↑", "down": " ↓", "": ""}
    ways = {name: arrows[METRIC_INFO[name].better] if name in METRIC_INFO else "" for name in shown}
    names = "".join(f"<th title='{escape(describe_metric(n), quote=True)}'>{escape(n)}{ways[n]}</th>" for n in shown)
    lines = [f"<tr><th>{heads[0]}</th><th>{heads[1]}</th><th>worst iou</th>{names}</tr>"]
    best = {name: best_of(rows, name) for name in shown}

    for row in rows:
        cells = [f"<td>{escape(row.label)}</td><td class='n'>{row.cells}</td>"]
        cells.append(f"<td class='n'>{'' if row.worst is None else f'{row.worst:.3f}'}</td>")

        for name in shown:
            value = row.figures.get(name)
            mark = " best" if value is not None and value.mean == best[name] else ""
            cells.append(f"<td class='n{mark}'>{'' if value is None else value}</td>")

        lines.append("<tr>" + "".join(cells) + "</tr>")

    return "<div class='wide'><table>" + "".join(lines) + "</table></div>"


def _costs(found: Tables) -> str:
    rows = [
        f"<tr><td>{escape(label)}</td><td class='n'>{count}</td><td class='n'>{seconds:.0f}</td>"
        f"<td class='n'>{seconds / count:.1f}</td></tr>"
        for label, (count, seconds) in found.costs.items()
    ]
    return "<table><tr><th>method</th><th>cells</th><th>seconds</th><th>a cell</th></tr>" + "".join(rows) + "</table>"


def _legend(columns: Sequence[str]) -> str:
    rows = [f"<tr><td>{escape(name)}</td><td class='dim'>{escape(describe_metric(name))}</td></tr>" for name in columns]
    return "<table>" + "".join(rows) + "</table>"


def _sheet(caption: str, data: bytes) -> str:
    coded = base64.b64encode(data).decode()
    name = escape(caption, quote=True)
    return f"<details><summary>{name}</summary><img alt='{name}' src='data:image/png;base64,{coded}'></details>"
