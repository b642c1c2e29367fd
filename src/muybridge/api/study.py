"""A blind user study over a bench's results, and what people said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.disk import check_files, read_json, replace_file
from muybridge.errors import InputError, Sentence, Verb
from muybridge.evaluation import Cells
from muybridge.evaluation.study import Entry, Score, as_json, scores
from muybridge.evaluation.study import build_study as paged
from muybridge.output.results import WholeFiles


def study(bench: str | Path, out: str | Path, *, trivial: bool = False, seed: int = 0, force: bool = False) -> Path:
    """Write a page that asks people which of a bench's results they like, and a key to their answers.

    study.html shows results in random order and without names; key.json says whose they are: the page is for the people
    who judge, the key is not.

    Args:
        bench: The folder of `bench`; each row's lowest seed is shown.
        out: A folder.
        trivial: Include the answers that need no method.
        seed: Of the order.
        force: Replace a study that is there.

    Returns:
        The page.

    Raises:
        InputError: There is no bench, or it lacks a clip.
        OutputExistsError: `out` holds a study already.

    Example:
        >>> page = muybridge.study("bench", "study")
    """
    folder = Path(bench)
    target = Path(out)
    if not (folder / "bench.json").is_file():
        raise InputError(f"{folder} is not a bench", Sentence("Make one with: ", Verb("bench")))

    check_files(target, ("study.html", "key.json"), force)
    page, key = paged(_entries(folder, trivial), seed)
    # A page whose key is of another drawing would score the wrong rows.
    with WholeFiles(target) as whole:
        (whole / "study.html").write_text(page, encoding="utf-8")
        (whole / "key.json").write_text(json.dumps(key, indent=1, ensure_ascii=False), encoding="utf-8")

    return target / "study.html"


def score(out: str | Path, answers: Sequence[str | Path]) -> list[Score]:
    """Mean opinion scores and preferences from what people saved; scores.json is written beside the key.

    Args:
        out: The folder of `study`.
        answers: Files that the page saved, one for each person.

    Returns:
        One score for each row of the bench.

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


def _entries(folder: Path, trivial: bool) -> list[Entry]:
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


def _clip(folder: Path, name: str) -> bytes:
    path = folder / "clips" / f"{name}.mp4"
    if not path.is_file():
        raise InputError(f"{folder} lacks the clip {path.name}", "Delete that cell and run the bench again.")
    return path.read_bytes()


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read as JSON: {e}") from e
