"""A blind user study: a page with results in random order and nobody's name, and what the answers say.

As in the papers: JOKR (section 4) asks for two marks from 1 to 5, Monkey-Net (section 4.3) for the better of two.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from muybridge.errors import InputError, Sentence, UsageError, Verb
from muybridge.evaluation.tables import Interval, interval
from muybridge.evaluation.templates import render_template

ASPECTS = ("appearance", "motion")
QUESTIONS = {
    "appearance": "How much does the result look like the subject?",
    "motion": "How similar is its motion to the driving video's?",
}
"""Both are marked from 1 (not at all) to 5 (very)."""
FORMAT = "muybridge-study-1"


@dataclass(frozen=True)
class Entry:
    """One result that is shown; the videos are MP4s.

    place  what the result is of: results of one place are compared with each other
    """

    method: str
    place: str
    result: bytes
    source: bytes
    driving: bytes


@dataclass(frozen=True)
class Score:
    """What people think of one method.

    appearance, motion  mean opinion scores, 1 to 5, their intervals over people; None where nobody marked it
    preferred           share of its comparisons that it won, 0 to 1; None where there were none
    marks, comparisons  how many there were
    """

    method: str
    appearance: Interval | None
    motion: Interval | None
    preferred: float | None
    marks: int
    comparisons: int


def build_study(entries: Sequence[Entry], seed: int = 0) -> tuple[str, dict[str, Any]]:
    """The page, and the key that says whose results it shows; the page alone does not tell.

    Every result is marked once, and every two results of one place are compared once, all in random order by `seed`.
    Raises UsageError where there is nothing to show.
    """
    if not entries:
        raise UsageError("a study needs results to show", Sentence("Run ", Verb("bench"), " first."))
    rng = random.Random(seed)
    marks = list(range(len(entries)))
    pairs = []
    for first, second in combinations(range(len(entries)), 2):
        one = entries[first]
        other = entries[second]
        if one.place == other.place and one.method != other.method:
            # Which of the two stands on the left is chance, too.
            pairs.append(tuple(rng.sample((first, second), 2)))

    # Order tells as much as a name would: all of it is chance, from the seed.
    rng.shuffle(marks)
    rng.shuffle(pairs)
    name = f"{rng.getrandbits(48):012x}"
    key = {
        "format": FORMAT,
        "study": name,
        "marks": [{"method": entries[i].method, "place": entries[i].place} for i in marks],
        "pairs": [{"left": entries[i].method, "right": entries[j].method, "place": entries[i].place} for i, j in pairs],
    }

    return _render(name, entries, marks, pairs), key


def scores(key: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> list[Score]:
    """What the answers of several people say of each method, the best first.

    key      of `study`
    answers  what the page saved, one for each person
    Raises InputError for answers to another study, or that are none.
    """
    given = []
    for answer in answers:
        given.append(_check_answer(key, answer))

    methods = sorted({m["method"] for m in key["marks"]})
    found = []
    for method in methods:
        found.append(_score(method, key, given))

    return sorted(found, key=lambda s: (-(s.appearance.mean if s.appearance else 0), s.method))


def _score(method: str, key: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> Score:
    opinions: dict[str, Interval | None] = {}
    count = 0

    for aspect in ASPECTS:
        people = []
        for answer in answers:
            own = []
            for i, mark in answer["marks"]:
                if key["marks"][i]["method"] == method and aspect in mark:
                    own.append(mark[aspect])

            count += len(own)
            if own:
                people.append(sum(own) / len(own))

        # The interval is over people: marks of one person are no independent opinions.
        opinions[aspect] = interval(people) if people else None

    won = 0
    lost = 0
    for answer in answers:
        for i, side in answer["pairs"]:
            pair = key["pairs"][i]
            won += pair[side] == method
            lost += method in (pair["left"], pair["right"]) and pair[side] != method

    share = won / (won + lost) if won + lost else None
    return Score(method, opinions["appearance"], opinions["motion"], share, count, won + lost)


def _check_answer(key: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, list[tuple[int, Any]]]:
    if not isinstance(answer, Mapping) or key.get("format") != FORMAT or answer.get("study") != key.get("study"):
        raise InputError("these answers are not to this study", "Name the key.json that was written with the page.")

    marks: list[tuple[int, Any]] = []
    pairs: list[tuple[int, Any]] = []
    sane = True
    try:
        for number, given in answer["marks"].items():
            mark = {}
            for aspect, value in given.items():
                if aspect in ASPECTS:
                    mark[aspect] = int(value)

            marks.append((int(number), mark))
            sane &= 0 <= int(number) < len(key["marks"]) and all(1 <= value <= 5 for value in mark.values())

        for number, side in answer["pairs"].items():
            pairs.append((int(number), str(side)))
            sane &= 0 <= int(number) < len(key["pairs"]) and side in ("left", "right")
    except (KeyError, AttributeError, TypeError, ValueError) as e:
        raise InputError("these answers are damaged: expected marks and pairs by number") from e

    if not sane:
        raise InputError("these answers are damaged: marks are 1 to 5 and choices left or right, of what was shown")
    return {"marks": marks, "pairs": pairs}


def as_json(found: Sequence[Score]) -> str:
    """The scores as a list."""
    return json.dumps([asdict(score) for score in found], indent=1, ensure_ascii=False)


def _render(name: str, entries: Sequence[Entry], marks: Sequence[int], pairs: Sequence[tuple[int, ...]]) -> str:
    # Each video stands in the page once, by number; the questions refer to it.
    at: dict[bytes, int] = {}
    for entry in entries:
        for video in (entry.source, entry.driving, entry.result):
            at.setdefault(video, len(at))

    marked = []
    for index in marks:
        shown = _context(entries[index], at)
        marked.append([*shown, ("result", at[entries[index].result])])

    compared = []
    for left, right in pairs:
        shown = _context(entries[left], at)
        compared.append([*shown, ("left", at[entries[left].result]), ("right", at[entries[right].result])])

    return render_template(
        "study.html",
        title="Study",
        name=name,
        questions=QUESTIONS,
        marks=marked,
        pairs=compared,
        coded=[base64.b64encode(video).decode() for video in at],
    )


def _context(entry: Entry, at: Mapping[bytes, int]) -> list[tuple[str, int]]:
    """What stands beside every result: caption and number of the video."""
    return [("the subject", at[entry.source]), ("driving", at[entry.driving])]
