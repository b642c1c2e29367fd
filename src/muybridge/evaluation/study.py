"""A blind user study: a page with results in random order and nobody's name, and what the answers say.

As in the papers: JOKR (section 4) asks for two marks from 1 to 5, Monkey-Net (section 4.3) and articulated animation
(table 4) for the better of two, TS-Net (section 4.1) for an order of all methods with ties.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from muybridge.errors import InputError, UsageError
from muybridge.evaluation.study_answers import Answer, check_answer
from muybridge.evaluation.tables import Interval, interval
from muybridge.evaluation.templates import render_template

ASPECTS = ("appearance", "motion")
QUESTIONS = {
    "appearance": "How much does the result look like the subject?",
    "motion": "How similar is its motion to the driving video's?",
}
"""Both are marked from 1 (not at all) to 5 (very)."""
ASKED = ("marks", "pairs", "ranks")
"""Kinds of questions: two marks of each result, the better of two, an order of all results of a place."""
FORMAT = "muybridge-study-1"
LETTERS = string.ascii_uppercase + string.ascii_lowercase
"""What results of one place are called where they stand side by side."""


@dataclass(frozen=True)
class Media:
    """A video or a picture that a browser shows.

    kind  video/mp4, video/webm, image/png, image/jpeg, image/gif or image/webp
    """

    kind: str
    content: bytes


@dataclass(frozen=True)
class Entry:
    """One result that is shown, and what stands beside it, where that is known.

    place  what the result is of: results of one place are compared with each other
    """

    method: str
    place: str
    result: Media
    source: Media | None = None
    driving: Media | None = None


@dataclass(frozen=True)
class Score:
    """What people think of one method; the intervals are over people, and None where nobody was asked or answered.

    appearance, motion  mean opinion scores, 1 to 5
    preferred           share of its comparisons that it won, 0 to 1
    rank                mean place in the orders, 1 is the best; those who tie share the better one
    first               share of the orders in which it is first or among the first
    marks, comparisons, orders  how many there were
    """

    method: str
    appearance: Interval | None
    motion: Interval | None
    preferred: Interval | None
    rank: Interval | None
    first: Interval | None
    marks: int
    comparisons: int
    orders: int


def build_study(
    entries: Sequence[Entry], seed: int = 0, ask: Sequence[str] = ("marks", "pairs")
) -> tuple[str, dict[str, Any]]:
    """The page, and the key that says whose results it shows; the page alone does not tell.

    ask  of `ASKED`: every result is marked once, every two results of one place are compared once, all results of a
         place are put in order once; all in random order by `seed`
    Raises UsageError where there is nothing to show, or nothing to ask of it; InputError where marks are asked for and
    a subject or a driving video is missing.
    """
    _check_questions(entries, ask)
    rng = random.Random(seed)
    marks = list(range(len(entries))) if "marks" in ask else []
    pairs = _pairs(entries, rng) if "pairs" in ask else []
    ranks = _orders(entries, rng) if "ranks" in ask else []
    if not (marks or pairs or ranks):
        raise UsageError(
            "there is nothing to ask: no place has results of two methods",
            "Ask for marks, or give results of several methods under one place.",
        )

    # Order tells as much as a name would: all of it is chance, from the seed.
    rng.shuffle(marks)
    rng.shuffle(pairs)
    rng.shuffle(ranks)
    name = f"{rng.getrandbits(48):012x}"
    key = {
        "format": FORMAT,
        "study": name,
        "marks": [{"method": entries[i].method, "place": entries[i].place} for i in marks],
        "pairs": [{"left": entries[i].method, "right": entries[j].method, "place": entries[i].place} for i, j in pairs],
        "ranks": [{"methods": [entries[i].method for i in each], "place": entries[each[0]].place} for each in ranks],
    }

    return _render(name, entries, marks, pairs, ranks), key


def scores(key: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> list[Score]:
    """What the answers of several people say of each method: by marks of appearance where there are any, else by the
    mean rank, else by preference, the best first.

    key      of `study`
    answers  what the page saved, one for each person
    Raises InputError for answers to another study, or that are none.
    """
    if key.get("format") != FORMAT:
        raise InputError("this is no key of a study", "Name the folder whose key.json was written with the page.")

    given = []
    for answer in answers:
        given.append(check_answer(key, answer, ASPECTS))

    found = []
    for method in sorted(_methods(key)):
        found.append(_score(method, key, given))

    return sorted(found, key=_order)


def _order(score: Score) -> tuple[float, float, float, str]:
    """The best first."""
    return (
        -(score.appearance.mean if score.appearance else 0.0),
        score.rank.mean if score.rank else 0.0,
        -(score.preferred.mean if score.preferred else 0.0),
        score.method,
    )


def _methods(key: Mapping[str, Any]) -> set[str]:
    found = set()
    for mark in key["marks"]:
        found.add(mark["method"])
    for pair in key["pairs"]:
        found |= {pair["left"], pair["right"]}
    # Keys of older studies have no orders.
    for order in key.get("ranks", ()):
        found |= set(order["methods"])
    return found


def _score(method: str, key: Mapping[str, Any], answers: Sequence[Answer]) -> Score:
    opinions: dict[str, Interval | None] = {}
    marks = 0
    for aspect in ASPECTS:
        people = []
        for answer in answers:
            own = []
            for i, mark in answer.marks:
                if key["marks"][i]["method"] == method and aspect in mark:
                    own.append(float(mark[aspect]))
            people.append(own)
            marks += len(own)
        opinions[aspect] = _over_people(people)

    won = []
    ranks = []
    first = []
    for answer in answers:
        placed = _find_ranks(method, key, answer)
        won.append(_won(method, key, answer))
        ranks.append(placed)
        first.append([float(rank == 1) for rank in placed])

    return Score(
        method,
        opinions["appearance"],
        opinions["motion"],
        _over_people(won),
        _over_people(ranks),
        _over_people(first),
        marks,
        sum(map(len, won)),
        sum(map(len, ranks)),
    )


def _over_people(values: Sequence[Sequence[float]]) -> Interval | None:
    """The mean of each person's mean: several answers of one person are no independent opinions."""
    people = []
    for own in values:
        if own:
            people.append(sum(own) / len(own))
    return interval(people) if people else None


def _won(method: str, key: Mapping[str, Any], answer: Answer) -> list[float]:
    """1 for each comparison that it won, 0 for each that it lost."""
    found = []
    for i, side in answer.pairs:
        pair = key["pairs"][i]
        if method in (pair["left"], pair["right"]):
            found.append(float(pair[side] == method))
    return found


def _find_ranks(method: str, key: Mapping[str, Any], answer: Answer) -> list[float]:
    """Its place in each order that is complete: one more than there are better ones."""
    found = []
    for i, given in answer.ranks:
        methods = key["ranks"][i]["methods"]
        if method in methods and len(given) == len(methods):
            own = given[methods.index(method)]
            found.append(1.0 + sum(other < own for other in given.values()))
    return found


def as_json(found: Sequence[Score]) -> str:
    """The scores as a list."""
    return json.dumps([asdict(score) for score in found], indent=1, ensure_ascii=False)


def _check_questions(entries: Sequence[Entry], ask: Sequence[str]) -> None:
    unknown = sorted(set(ask) - set(ASKED))
    if unknown or not ask:
        raise UsageError(
            f"a study cannot ask for {', '.join(unknown) or 'nothing'}",
            f"It asks for {', '.join(ASKED)}, or some of them.",
        )
    if not entries:
        raise UsageError("a study needs results to show", "Give it a bench, or a list of results.")
    if "marks" not in ask:
        return
    for entry in entries:
        if entry.source is None or entry.driving is None:
            raise InputError(
                f"{entry.method}, {entry.place}: marks compare a result with its subject and its driving video, and "
                "one is missing",
                "Name both, or ask for pairs or ranks alone.",
            )


def _pairs(entries: Sequence[Entry], rng: random.Random) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for first, second in combinations(range(len(entries)), 2):
        one = entries[first]
        other = entries[second]
        if one.place == other.place and one.method != other.method:
            # Which of the two stands on the left is chance, too.
            found.append(tuple(rng.sample((first, second), 2)))
    return found


def _orders(entries: Sequence[Entry], rng: random.Random) -> list[list[int]]:
    """The results of each place that has two methods or more, each place's in random order."""
    places: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        places.setdefault(entry.place, []).append(index)
    found = []
    for indices in places.values():
        if len(indices) > 1:
            found.append(rng.sample(indices, len(indices)))
    return found


def _render(
    name: str,
    entries: Sequence[Entry],
    marks: Sequence[int],
    pairs: Sequence[Sequence[int]],
    ranks: Sequence[Sequence[int]],
) -> str:
    # Each video stands in the page once, by number; the questions refer to it.
    at: dict[Media, int] = {}
    for entry in entries:
        for media in (entry.source, entry.driving, entry.result):
            if media is not None:
                at.setdefault(media, len(at))

    marked = []
    for index in marks:
        marked.append(_panes(entries, [index], ["result"], at))
    compared = []
    for pair in pairs:
        compared.append(_panes(entries, pair, ["left", "right"], at))
    ordered = []
    for indices in ranks:
        letters = list(LETTERS[: len(indices)])
        places = list(map(str, range(1, len(indices) + 1)))
        ordered.append((_panes(entries, indices, letters, at), letters, places))

    return render_template(
        "study.html",
        title="Study",
        name=name,
        questions=QUESTIONS,
        marks=marked,
        pairs=compared,
        ranks=ordered,
        coded=[[media.kind, base64.b64encode(media.content).decode()] for media in at],
    )


def _panes(
    entries: Sequence[Entry], indices: Sequence[int], captions: Sequence[str], at: Mapping[Media, int]
) -> list[tuple[str, int, bool]]:
    """Caption, number and whether it is a video: the subject and the driving video where they are known, then the
    results."""
    first = entries[indices[0]]
    shown = [("the subject", first.source), ("driving", first.driving)]
    for caption, index in zip(captions, indices, strict=True):
        shown.append((caption, entries[index].result))

    found = []
    for caption, media in shown:
        if media is not None:
            found.append((caption, at[media], media.kind.startswith("video/")))
    return found
