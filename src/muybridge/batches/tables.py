"""The table and the page over all jobs of a batch."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from muybridge.batches.folder import BatchFolder, Outcome
from muybridge.disk import replace_file
from muybridge.evaluation.templates import render_template

SHOWN_VIDEOS = 2
"""Results of a job that the gallery plays."""


def write_tables(folder: BatchFolder, outcomes: Sequence[Outcome]) -> None:
    """batch.csv and batch.html over these jobs."""
    replace_file(folder.path / "batch.csv", as_csv(outcomes).encode())
    counts = Counter(str(each.status) for each in outcomes)
    cards = []
    for each in outcomes:
        cards.append(_describe(folder, each))

    page = render_template("batch.html", title=folder.path.name, counts=counts, cards=cards)
    replace_file(folder.path / "batch.html", page.encode())


def _describe(folder: BatchFolder, outcome: Outcome) -> Mapping[str, Any]:
    videos = []
    if outcome.folder.is_dir():
        # The results themselves, and not what stands beside them for judging.
        for video in sorted(outcome.folder.glob("*.mp4")):
            if "moving-like" in video.name or video.stem == outcome.name:
                videos.append(video.relative_to(folder.path).as_posix())

    report = outcome.folder / "report.html"
    link = report.relative_to(folder.path).as_posix() if report.is_file() else ""
    return {"outcome": outcome, "videos": videos[:SHOWN_VIDEOS], "report": link}


def as_csv(outcomes: Sequence[Outcome]) -> str:
    """A row a job: its name, what became of it, seconds, its figures, and why it failed."""
    names: dict[str, None] = {}
    for outcome in outcomes:
        # A dict keeps the order in which figures were first seen, as a set would not.
        names |= dict.fromkeys(outcome.figures)

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["job", "status", "seconds", *names, "error"])
    for outcome in outcomes:
        figures = []
        for name in names:
            figures.append(f"{outcome.figures[name]:.6g}" if name in outcome.figures else "")

        writer.writerow([outcome.name, outcome.status, f"{outcome.seconds:.1f}", *figures, outcome.error])

    return text.getvalue()
