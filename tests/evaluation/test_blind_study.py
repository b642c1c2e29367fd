"""The page does not tell whose results it shows; the answers are read back."""

import json
import re

import pytest

from muybridge.errors import InputError, UsageError
from muybridge.evaluation.study import Entry, Media, build_study, scores


def entry(method: str, place: str = "gif ab") -> Entry:
    made = Media("video/mp4", f"{method} {place}".encode())
    return Entry(method, place, made, Media("image/png", b"source"), Media("video/mp4", b"driving"))


THREE = [entry("jokr"), entry("cyclegan"), entry("best still")]


def test_the_page_is_blind_and_complete() -> None:
    html, key = build_study(THREE)
    assert not re.search(r"jokr|cyclegan|best still", html)
    assert len(key["marks"]) == 3
    assert len(key["pairs"]) == 3
    assert html.count("data-kind='mark'") == 3
    assert html.count("data-kind='pair'") == 3
    assert not re.search(r"(src|href)=['\"]https?:", html)
    # Every video is in it once, though the source stands in each question.
    held = json.loads(re.search(r"<script id='media' type='application/json'>(.*?)</script>", html)[1])
    assert len(held) == 5
    assert {int(i) for i in re.findall(r"data-media='(\d+)'", html)} == set(range(5))


def test_the_order_is_random_and_comes_from_the_seed() -> None:
    many = [entry(f"m{i}") for i in range(6)]
    one, again, other = build_study(many, 1), build_study(many, 1), build_study(many, 2)
    assert one == again
    assert one[1]["marks"] != other[1]["marks"]
    assert {p["left"] < p["right"] for p in one[1]["pairs"]} == {True, False}


def test_only_results_of_one_place_are_compared() -> None:
    _, key = build_study([entry("jokr"), entry("jokr", "birds ab"), entry("cyclegan", "birds ab")])
    assert [p["place"] for p in key["pairs"]] == ["birds ab"]
    with pytest.raises(UsageError):
        build_study([])


def answer(key: dict, marks: dict[str, tuple[int, int]], winner: str) -> dict:
    """Marks by method, and who wins wherever it is shown."""
    given = {
        str(i): dict(zip(("appearance", "motion"), marks[m["method"]], strict=True)) for i, m in enumerate(key["marks"])
    }
    sides = {str(i): "left" if p["left"] == winner else "right" for i, p in enumerate(key["pairs"])}
    return {"study": key["study"], "marks": given, "pairs": sides}


def test_opinions_and_preferences_by_hand() -> None:
    _, key = build_study([entry("jokr"), entry("cyclegan")])
    first = answer(key, {"jokr": (5, 4), "cyclegan": (2, 4)}, "jokr")
    second = answer(key, {"jokr": (4, 2), "cyclegan": (3, 4)}, "cyclegan")
    jokr, cyclegan = scores(key, [first, second])
    assert (jokr.method, jokr.appearance.mean, jokr.motion.mean) == ("jokr", 4.5, 3.0)
    assert jokr.appearance.half == pytest.approx(12.706 * 0.5, rel=1e-3)
    assert (jokr.preferred.mean, jokr.comparisons, jokr.marks) == (0.5, 2, 4)
    assert jokr.preferred.half == pytest.approx(12.706 * 0.5, rel=1e-3), "two people who disagree tell nothing"
    assert (jokr.rank, jokr.orders) == (None, 0)
    assert (cyclegan.appearance.mean, cyclegan.motion.mean) == (2.5, 4.0)


def test_an_unfinished_answer_counts_as_far_as_it_goes() -> None:
    _, key = build_study([entry("jokr"), entry("cyclegan")])
    at = next(i for i, m in enumerate(key["marks"]) if m["method"] == "jokr")
    half = {"study": key["study"], "marks": {str(at): {"motion": 3}}, "pairs": {}}
    found = {s.method: s for s in scores(key, [half])}
    assert found["jokr"].motion.mean == 3
    assert found["jokr"].appearance is None
    assert found["jokr"].preferred is None
    assert found["cyclegan"].marks == 0


@pytest.mark.parametrize(
    "damage",
    [
        {"study": "other"},
        {"marks": {"0": {"motion": 6}}},
        {"marks": {"9": {"motion": 3}}},
        {"pairs": {"0": "up"}},
        {"marks": 3},
    ],
    ids=["other study", "mark of six", "what was not shown", "no side", "no marks"],
)
def test_damaged_answers(damage: dict) -> None:
    _, key = build_study([entry("jokr"), entry("cyclegan")])
    good = answer(key, {"jokr": (5, 4), "cyclegan": (2, 4)}, "jokr")
    with pytest.raises(InputError):
        scores(key, [good | damage])


def test_a_picture_is_shown_as_one() -> None:
    html, _ = build_study(THREE, ask=("pairs",))
    coded = json.loads(re.search(r"<script id='media' type='application/json'>(.*?)</script>", html)[1])
    for kind, tag in (("image/png", "img"), ("video/mp4", "video")):
        numbers = {i for i, (told, _) in enumerate(coded) if told == kind}
        assert {int(i) for i in re.findall(rf"<{tag} data-media='(\d+)'", html)} == numbers
    assert "data-kind='mark'" not in html


def test_an_order_of_all_methods_with_ties() -> None:
    html, key = build_study([*THREE, entry("jokr", "birds ab")], ask=("ranks",))
    assert html.count("data-kind='rank'") == 1, "one method alone cannot be put in order"
    (order,) = key["ranks"]
    assert sorted(order["methods"]) == ["best still", "cyclegan", "jokr"]
    assert not re.search(r"jokr|cyclegan|best still", html)

    def ranked(**given: int) -> dict:
        ranks = {str(i): given[m.split()[0]] for i, m in enumerate(order["methods"])}
        return {"study": key["study"], "marks": {}, "pairs": {}, "ranks": {"0": ranks}}

    # A tie for the first place leaves no second one, whatever number a person gave the last.
    found = {s.method: s for s in scores(key, [ranked(jokr=1, cyclegan=1, best=2), ranked(jokr=1, cyclegan=3, best=2)])}
    assert [found[m].rank.mean for m in ("jokr", "cyclegan", "best still")] == [1.0, 2.0, 2.5]
    assert [found[m].first.mean for m in ("jokr", "cyclegan", "best still")] == [1.0, 0.5, 0.0]
    assert found["cyclegan"].rank.half == pytest.approx(12.706 * 1.0, rel=1e-3)
    assert [s.orders for s in found.values()] == [2, 2, 2]
    assert [s.method for s in scores(key, [ranked(jokr=2, cyclegan=1, best=3)])] == ["cyclegan", "jokr", "best still"]

    half = {"study": key["study"], "marks": {}, "pairs": {}, "ranks": {"0": {"0": 1}}}
    assert {s.rank for s in scores(key, [half])} == {None}, "an order that is not whole says nothing"
    for damage in ({"0": {"0": 4}}, {"0": {"3": 1}}, {"1": {"0": 1}}, {"0": 3}):
        with pytest.raises(InputError):
            scores(key, [half | {"ranks": damage}])


def test_people_count_alike_however_much_they_answer() -> None:
    _, key = build_study([entry(m, p) for m in ("jokr", "fomm") for p in ("a", "b", "c")], ask=("pairs",))
    assert len(key["pairs"]) == 3
    sides = {str(i): "left" if p["left"] == "jokr" else "right" for i, p in enumerate(key["pairs"])}
    lost = {"0": "left" if sides["0"] == "right" else "right"}
    given = [{"study": key["study"], "marks": {}, "pairs": each} for each in (sides, lost)]
    found = {s.method: s for s in scores(key, given)}
    assert (found["jokr"].preferred.mean, found["jokr"].comparisons) == (0.5, 4)
    assert (found["fomm"].preferred.mean, found["fomm"].comparisons) == (0.5, 4)


def test_what_cannot_be_asked() -> None:
    alone = Entry("jokr", "a", Media("video/mp4", b"1"))
    with pytest.raises(UsageError, match="nothing to ask"):
        build_study([alone], ask=("pairs", "ranks"))
    with pytest.raises(UsageError, match="cannot ask for opinions"):
        build_study([alone], ask=("opinions",))
    with pytest.raises(UsageError, match="nothing"):
        build_study([alone], ask=())
    with pytest.raises(InputError, match="marks compare"):
        build_study([alone], ask=("marks",))
