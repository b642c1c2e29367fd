"""A blind user study over results, and what people said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.disk import check_files, read_bytes, read_json, replace_file
from muybridge.errors import InputError, Sentence, UsageError, Verb
from muybridge.evaluation import Cells
from muybridge.evaluation.study import Entry, Media, Score, as_json, scores
from muybridge.evaluation.study import build_study as paged
from muybridge.output.results import WholeFiles

KINDS = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".gif": "image/gif",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
"""What every browser shows."""
LARGEST = 256 * 2**20
"""Bytes of one file."""
COLUMNS = ("method", "place", "result")
"""A list of results has these, and may have source and driving."""


def study(
    bench: str | Path | None = None,
    out: str | Path = "study",
    *,
    results: str | Path | None = None,
    ask: Sequence[str] = ("marks", "pairs"),
    trivial: bool = False,
    seed: int = 0,
    force: bool = False,
) -> Path:
    """Write a page that asks people which results they like, and a key to their answers.

    study.html shows results in random order and without names; key.json says whose they are: the page is for the people
    who judge, the key is not.

    Args:
        bench: The folder of `bench`; each row's lowest seed is shown.
        out: A folder.
        results: In place of a bench any results, of any method or program: a CSV with the columns method, place, result
            and, where people are to see them, source and driving. Results of one place are compared with each other.
            Files are videos or pictures that a browser shows (MP4, WebM, GIF, PNG, JPEG, WebP), beside the list unless
            whole paths are given.
        ask: Of "marks" (1 to 5 for appearance and for motion: JOKR), "pairs" (the better of two: Monkey-Net,
            articulated animation) and "ranks" (an order of all results of a place, with ties: TS-Net).
        trivial: Include a bench's answers that need no method.
        seed: Of the order.
        force: Replace a study that is there.

    Returns:
        The page.

    Raises:
        UsageError: Both or neither of a bench and a list, or nothing that could be asked.
        InputError: There is no bench, or it lacks a clip; a list or one of its files cannot be used.
        OutputExistsError: `out` holds a study already.

    Example:
        >>> page = muybridge.study("bench", "study")
        >>> page = muybridge.study(results="results.csv", out="dancers-study", ask=["ranks"])
    """
    if (bench is None) == (results is None):
        raise UsageError("a study shows either a bench or a list of results", "Name one of the two.")
    target = Path(out)
    check_files(target, ("study.html", "key.json"), force)

    entries = _read_list(Path(results)) if results is not None else _of_bench(Path(str(bench)), trivial)
    page, key = paged(entries, seed, tuple(ask))
    # A page whose key is of another drawing would score the wrong rows.
    with WholeFiles(target) as whole:
        (whole / "study.html").write_text(page, encoding="utf-8")
        (whole / "key.json").write_text(json.dumps(key, indent=1, ensure_ascii=False), encoding="utf-8")

    return target / "study.html"


def score(out: str | Path, answers: Sequence[str | Path]) -> list[Score]:
    """Opinion scores, preferences and ranks from what people saved, each with its interval over people; scores.json is
    written beside the key.

    Args:
        out: The folder of `study`.
        answers: Files that the page saved, one for each person.

    Returns:
        One score for each method.

    Raises:
        InputError: The key or an answer cannot be read.

    Example:
        >>> for row in muybridge.score("study", ["anna.json", "bo.json"]):
        ...     print(row)
    """
    folder = Path(out)
    found = scores(_json(folder / "key.json"), [_json(Path(path)) for path in answers])
    replace_file(folder / "scores.json", as_json(found).encode())
    return found


def _of_bench(folder: Path, trivial: bool) -> list[Entry]:
    if not (folder / "bench.json").is_file():
        raise InputError(f"{folder} is not a bench", Sentence("Make one with: ", Verb("bench")))
    first: dict[tuple[str, ...], Any] = {}
    for cell in Cells(folder / "cells").all():
        if cell.preset or trivial:
            group = (cell.method, cell.variant, cell.preset, cell.config)
            place = (*group, cell.scene, cell.direction)
            # People compare methods, so one seed of each row is enough.
            if place not in first or cell.seed < first[place].seed:
                first[place] = cell

    entries = []

    for cell in first.values():
        source, driving = (_clip(folder, f"{cell.scene}-{side}__{cell.drawn}") for side in cell.direction)
        label = " ".join(part for part in (cell.method, cell.variant, cell.preset) if part)
        entries.append(Entry(label, f"{cell.scene} {cell.direction}", _clip(folder, cell.key), source, driving))

    return entries


def _clip(folder: Path, name: str) -> Media:
    path = folder / "clips" / f"{name}.mp4"
    if not path.is_file():
        raise InputError(f"{folder} lacks the clip {path.name}", "Delete that cell and run the bench again.")
    return _media(path)


def _read_list(path: Path) -> list[Entry]:
    """What a list of results names."""
    rows = _rows(path)
    entries = []
    seen = set()
    for number, row in enumerate(rows, 2):
        missing = [name for name in COLUMNS if not row.get(name)]
        if missing:
            raise InputError(f"{path}, line {number}: no {' and no '.join(missing)}")
        place = (row["method"], row["place"])
        if place in seen:
            raise InputError(f"{path}, line {number}: {place[0]} has a result of {place[1]} already")
        seen.add(place)
        shown = {}
        for name in ("result", "source", "driving"):
            given = row.get(name)
            shown[name] = _media(path.parent / given) if given else None
        result = shown["result"]
        assert result is not None
        entries.append(Entry(row["method"], row["place"], result, shown["source"], shown["driving"]))

    return entries


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except (OSError, ValueError) as e:
        raise InputError(f"the list {path} cannot be read: {e}") from e
    table = csv.DictReader(io.StringIO(text, newline=""))
    names = table.fieldnames or []
    if not set(COLUMNS) <= set(names):
        raise InputError(
            f"{path} has the columns {', '.join(names) or 'none'}: {', '.join(COLUMNS)} are needed",
            "The first line of such a list is: method,place,result,source,driving",
        )
    rows = []
    for row in table:
        rows.append({name: (row[name] or "").strip() for name in names})
    return rows


def _media(path: Path) -> Media:
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path} is nothing that every browser shows: {', '.join(KINDS)} are", "Write it as MP4, then list that."
        )
    try:
        return Media(kind, read_bytes(path, LARGEST))
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read: {e}") from e


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read as JSON: {e}") from e
