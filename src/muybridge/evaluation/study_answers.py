"""What people answered to a study, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from muybridge.errors import InputError


class Answer(NamedTuple):
    """One person's answers, each with the number of its question.

    marks  aspect -> 1 to 5
    pairs  "left" or "right"
    ranks  place in the row, from 0 -> rank from 1; some may be missing
    """

    marks: list[tuple[int, dict[str, int]]]
    pairs: list[tuple[int, str]]
    ranks: list[tuple[int, dict[int, int]]]


def check_answer(key: Mapping[str, Any], answer: Any, aspects: Sequence[str]) -> Answer:
    """What a page saved; InputError where it is of another study, or damaged."""
    if not isinstance(answer, Mapping) or answer.get("study") != key.get("study"):
        raise InputError("these answers are not to this study", "Name the key.json that was written with the page.")

    try:
        found = Answer([], [], [])
        for number, given in answer["marks"].items():
            found.marks.append((int(number), _numbers(given, aspects)))
        for number, side in answer["pairs"].items():
            found.pairs.append((int(number), str(side)))
        # Pages of older studies ask for no orders.
        for number, given in answer.get("ranks", {}).items():
            found.ranks.append((int(number), {int(at): int(rank) for at, rank in given.items()}))
    except (KeyError, AttributeError, TypeError, ValueError) as e:
        raise InputError("these answers are damaged: expected marks, pairs and ranks by number") from e

    if not _is_sane(key, found):
        raise InputError(
            "these answers are damaged: marks are 1 to 5, choices left or right, ranks 1 to as many as there are, of "
            "what was shown"
        )
    return found


def _numbers(given: Mapping[str, Any], aspects: Sequence[str]) -> dict[str, int]:
    found = {}
    for aspect, value in given.items():
        if aspect in aspects:
            found[aspect] = int(value)
    return found


def _is_sane(key: Mapping[str, Any], answer: Answer) -> bool:
    sane = True
    for number, mark in answer.marks:
        sane &= 0 <= number < len(key["marks"]) and all(1 <= value <= 5 for value in mark.values())
    for number, side in answer.pairs:
        sane &= 0 <= number < len(key["pairs"]) and side in ("left", "right")

    orders = key.get("ranks", [])
    for number, ranks in answer.ranks:
        count = len(orders[number]["methods"]) if 0 <= number < len(orders) else 0
        sane &= count > 0 and all(0 <= at < count and 1 <= rank <= count for at, rank in ranks.items())
    return sane
