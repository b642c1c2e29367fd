"""Every template is whole HTML, whatever it is filled with, and nothing in it is fetched from anywhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from muybridge import evaluation
from muybridge.evaluation import Chart, Figure, Page, build_tables, render_page
from muybridge.evaluation.cells import Cell
from muybridge.evaluation.pages import tables_page
from muybridge.evaluation.study import Entry, Media, build_study

TEMPLATES = Path(evaluation.__file__).parent / "templates"
EMPTY = {"meta", "img", "input", "br", "link"}


class Balanced(HTMLParser):
    """Complains where an element is closed that is not open, or stays open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        """`<path/>` is whole by itself."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at line {self.getpos()[0]}")


def faults(html: str) -> list[str]:
    parser = Balanced()
    parser.feed(html)
    parser.close()
    return parser.wrong + parser.open


def cell(method: str, direction: str, iou: float) -> Cell:
    return Cell(
        method=method,
        scene="gif",
        direction=direction,
        seed=0,
        preset="bench",
        config="c",
        drawn="d",
        figures={"iou": iou},
        seconds=3,
    )


def pages() -> dict[str, str]:
    report = Page(
        title="Cat & fox",
        lead="<b>",
        facts={"Run": {"preset": "draft"}},
        figures={"Own": [Figure("iou", 0.9, "overlap")], "None": []},
        charts=[Chart("loss", [(0.0, 1.0), (10.0, 0.1)]), Chart("flat", [])],
        pictures={"sheet": b"png"},
        videos={"both": b"mp4"},
        notes=["to know"],
    )
    found = build_tables([cell("jokr", "ab", 0.8), cell("fomm", "ab", 0.7), cell("jokr", "ba", 0.9)], ["a note"])
    of = [Media("video/mp4", each) for each in (b"1", b"2", b"d")]
    subject = Media("image/png", b"s")
    entries = [Entry("jokr", "gif ab", of[0], subject, of[2]), Entry("fomm", "gif ab", of[1], subject, of[2])]
    return {
        "report": render_page(report),
        "empty report": render_page(Page(title="t", lead="l")),
        "tables": tables_page("Bench", "three cells", found, {"gif": b"png"}),
        "study": build_study(entries, ask=("marks", "pairs", "ranks"))[0],
    }


@pytest.mark.parametrize("name", ["report", "empty report", "tables", "study"])
def test_pages_are_whole_and_fetch_nothing(name: str) -> None:
    html = pages()[name]
    assert faults(html) == []
    assert html.startswith("<!doctype html>")
    assert not re.search(r"""(?:src|href)=['"](?!data:)""", html)
    assert "{{" not in html
    assert "{%" not in html


def test_the_check_is_able_to_complain() -> None:
    assert faults("<p><b></p>") == ["</p> at line 1", "p"]
    assert faults("<table><tr></tr>") == ["table"]


def test_every_template_belongs_to_a_page() -> None:
    used = set()
    for path in TEMPLATES.iterdir():
        used |= set(re.findall(r"""(?:extends|include|from) "([^"]+)\"""", path.read_text(encoding="utf-8")))

    pages = {"batch.html", "report.html", "study.html", "tables.html"}
    assert {path.name for path in TEMPLATES.iterdir()} == used | pages


def test_no_markup_stands_in_python() -> None:
    tags = re.compile(r"</?(?:p|div|table|tr|td|h[1-6]|html|body|svg|script|style)[ >]")
    for path in TEMPLATES.parent.glob("*.py"):
        assert not tags.search(path.read_text(encoding="utf-8")), path.name
