"""The table and the page over all jobs of a batch."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from muybridge.batches.folder import BatchFolder, Outcome
from muybridge.evaluation.templates import render_template

SHOWN_VIDEOS = 2
"""Results of a job that the gallery plays."""


def write_tables(folder: BatchFolder, outcomes: Sequence[Outcome]) -> None:
    """batch.csv and batch.html over these jobs."""
    folder.write_page("batch.csv", as_csv(outcomes).encode())
    counts = Counter(str(each.status) for each in outcomes)
    cards = []
    for each in outcomes:
        cards.append(_describe(folder, each))

    page = render_template("batch.html", title=folder.title, counts=counts, cards=cards)
    folder.write_page("batch.html", page.encode())


def _describe(folder: BatchFolder, outcome: Outcome) -> Mapping[str, Any]:
    videos = []
    report = ""
    for file in folder.shown_files(outcome.name):
        path = PurePosixPath(file)
        # The results themselves, and not what stands beside them for judging.
        if path.suffix == ".mp4" and ("moving-like" in path.name or path.stem == outcome.name):
            videos.append(file)
        elif path.name == "report.html":
            report = file
    return {"outcome": outcome, "videos": videos[:SHOWN_VIDEOS], "report": report}


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
