"""One page that a person can open and send: nothing in it is fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from muybridge.evaluation.charts import Chart, lay_out
from muybridge.evaluation.templates import render_template


@dataclass(frozen=True)
class Figure:
    """A measured value."""

    name: str
    value: float
    meaning: str = ""


@dataclass(frozen=True)
class Page:
    """What a report says.

    title     the page's heading
    lead      one or two sentences under it
    facts     sections of name -> value
    figures   sections of measured values
    charts    the losses
    pictures  caption -> PNG
    videos    caption -> MP4
    notes     what a person should know before trusting the rest
    """

    title: str
    lead: str
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    figures: Mapping[str, Sequence[Figure]] = field(default_factory=dict)
    charts: Sequence[Chart] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    videos: Mapping[str, bytes] = field(default_factory=dict)
    notes: Sequence[str] = ()


def render_page(page: Page) -> str:
    """The page as HTML, pictures and videos inside it."""
    curves = []
    for chart in page.charts:
        curves.append(lay_out(chart))

    return render_template("report.html", title=page.title, page=page, curves=curves)
