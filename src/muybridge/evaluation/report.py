"""One page that a person can open and send: nothing in it is fetched from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from muybridge.evaluation.charts import Chart, chart


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


STYLE = """
:root { color-scheme: light dark; --ink: #18181b; --paper: #fafafa; --dim: #71717a; --line: #d4d4d8; }
@media (prefers-color-scheme: dark) { :root { --ink: #f4f4f5; --paper: #18181b; --dim: #a1a1aa; --line: #3f3f46; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; } figure { margin: 1rem 0; }
img, video { max-width: 100%; height: auto; border-radius: 4px; } video { min-width: min(100%, 48rem); }
figcaption, .dim { color: var(--dim); font-size: 0.9rem; }
table { border-collapse: collapse; } td, th { padding: 0.25rem 1rem 0.25rem 0; text-align: left; vertical-align: top; }
td, th, li { overflow-wrap: anywhere; } tr > :first-child { min-width: 8rem; }
tr { border-bottom: 1px solid var(--line); }
td.n { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
@media (max-width: 32rem) { td.dim { font-size: 0.8rem; } td, th { padding-right: 0.5rem; } }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; } svg { background: transparent; }
"""


def render_page(content: Page) -> str:
    """The page as HTML, pictures and videos inside it."""
    body = [f"<h1>{escape(content.title)}</h1>", f"<p>{escape(content.lead)}</p>"]
    body += [_media("video", name, data) for name, data in content.videos.items()]
    body += [_media("image", name, data) for name, data in content.pictures.items()]
    if content.notes:
        body.append("<h2>To know</h2><ul>" + "".join(f"<li>{escape(n)}</li>" for n in content.notes) + "</ul>")
    body += [_figures(name, figures) for name, figures in content.figures.items() if figures]
    if content.charts:
        body.append("<h2>Losses</h2><p class='dim'>Unweighted; the vertical scale is logarithmic.</p>")
        body.append("<div class='charts'>" + "".join(chart(c) for c in content.charts) + "</div>")

    body += [_facts(name, facts) for name, facts in content.facts.items() if facts]
    title = escape(content.title)
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{title}</title>"
    shown = "\n".join(body)

    return f"<!doctype html>\n<html lang='en'><head>{head}<style>{STYLE}</style></head>\n<body>{shown}</body></html>\n"


def _media(kind: str, caption: str, data: bytes) -> str:
    coded = base64.b64encode(data).decode("ascii")
    if kind == "video":
        shown = f"<video controls loop muted autoplay playsinline src='data:video/mp4;base64,{coded}'></video>"
    else:
        shown = f"<img alt='{escape(caption, quote=True)}' src='data:image/png;base64,{coded}'>"
    return f"<figure>{shown}<figcaption>{escape(caption)}</figcaption></figure>"


def _figures(name: str, figures: Sequence[Figure]) -> str:
    rows = "".join(
        f"<tr><td>{escape(f.name)}</td><td class='n'>{f.value:.4g}</td><td class='dim'>{escape(f.meaning)}</td></tr>"
        for f in figures
    )
    return f"<h2>{escape(name)}</h2><table>{rows}</table>"


def _facts(name: str, facts: Mapping[str, str]) -> str:
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in facts.items())
    return f"<h2>{escape(name)}</h2><table>{rows}</table>"
