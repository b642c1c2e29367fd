"""Cells are kept whole; tables are made of them and of nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from muybridge.errors import RunError
from muybridge.evaluation import Cell, Cells, Interval, as_csv, as_json, build_tables, digest
from muybridge.evaluation.cells import plain_figures
from muybridge.evaluation.pages import best_of, tables_page
from muybridge.evaluation.tables import interval


def cell(method: str = "jokr", scene: str = "gif", direction: str = "ab", seed: int = 0, **more: object) -> Cell:
    figures = more.pop("figures", {"iou": 0.5 + 0.1 * seed})
    values = {"preset": "bench", "config": "c0", "drawn": "d0", "seconds": 2.0, "variant": ""} | more
    return Cell(method=method, scene=scene, direction=direction, seed=seed, figures=figures, **values)


def test_a_cell_comes_back(tmp_path: Path) -> None:
    cells, one = Cells(tmp_path / "cells"), cell(figures=plain_figures({"iou": 0.5, "psnr": float("inf")}))
    assert one.key not in cells
    assert cells.all() == []
    cells.keep(one)
    assert one.key in cells
    assert cells.all() == [one]
    assert one.figures == {"iou": 0.5, "psnr": None}
    assert [p.name for p in (tmp_path / "cells").iterdir()] == [f"{one.key}.json"]


def test_cells_are_told_apart_by_all_that_decides_them() -> None:
    others = [
        cell("other"),
        cell(scene="birds"),
        cell(direction="ba"),
        cell(seed=1),
        cell(preset="draft"),
        cell(config="c1"),
    ]
    assert len({cell().key, *(c.key for c in others)}) == 7
    assert cell("../../x y").key.startswith("..-..-x-y__")
    assert "/" not in cell("../../x y").key


def test_a_digest_is_of_values_and_not_of_their_order() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


@pytest.mark.parametrize("content", ["", "{", '{"method": "jokr"}', "[]"])
def test_a_broken_cell_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(RunError, match=r"x\.json"):
        Cells(tmp_path).all()


def test_intervals_by_hand() -> None:
    assert interval([0.4]) == Interval(0.4)
    # Two values: mean 0.5, deviation 0.1414, t(1) = 12.706.
    two = interval([0.4, 0.6])
    assert (two.mean, two.half, two.seeds) == (pytest.approx(0.5), pytest.approx(12.706 * 0.1, rel=1e-3), 2)
    five = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert five.half == pytest.approx(2.776 * 1.5811388 / 5**0.5, rel=1e-4)
    assert str(interval([0.25])) == "0.250"
    assert str(five) == "3.000 ± 1.963"


def test_a_table_averages_seeds_then_scenes() -> None:
    cells = [
        cell(scene="gif", seed=0, figures={"iou": 0.4}),
        cell(scene="gif", seed=1, figures={"iou": 0.6}),
        cell(scene="birds", seed=0, figures={"iou": 0.8}),
        cell(scene="birds", seed=1, figures={"iou": 1.0}),
        cell("best still", preset="", figures={"iou": 0.7, "l1": 0.1}),
    ]
    found = build_tables(cells)
    jokr, still = found.overall
    assert (jokr.label, jokr.cells, jokr.worst) == ("jokr bench", 4, pytest.approx(0.5))
    # Over seeds: 0.6 and 0.8.
    assert jokr.figures["iou"].mean == pytest.approx(0.7)
    assert jokr.figures["iou"].half == pytest.approx(12.706 * 0.1, rel=1e-3)
    assert still.figures["iou"] == Interval(0.7)
    assert [(r.scene, r.label) for r in found.scenes] == [
        ("birds", "jokr bench"),
        ("gif", "jokr bench"),
        ("gif", "best still"),
    ]
    assert found.columns == ["iou", "l1"]
    assert found.costs["jokr bench"] == (4, 8.0)


def test_scenes_of_unequal_length_are_in_one_row() -> None:
    cells = [cell(scene=scene, config=length, entrant="same") for scene, length in (("gif", "short"), ("cats", "long"))]
    assert [(row.label, row.cells) for row in build_tables(cells).overall] == [("jokr bench", 2)]


def test_the_order_of_the_cells_does_not_matter() -> None:
    cells = [cell(scene=s, seed=n) for s in ("gif", "birds") for n in (0, 1, 2)]
    one, other = build_tables(cells), build_tables(reversed(cells))
    assert as_csv(one) == as_csv(other)
    assert as_json(one) == as_json(other)


def test_an_interval_is_over_seeds_that_have_all_scenes() -> None:
    cells = [cell(seed=0), cell(scene="birds", seed=0), cell(seed=1)]
    row = build_tables(cells).overall[0]
    assert row.figures["iou"].half is None
    # gif 0.55 over its two seeds, birds 0.5.
    assert row.figures["iou"].mean == pytest.approx(0.525)


def test_two_settings_of_a_method_are_two_rows() -> None:
    found = build_tables([cell(config="c0"), cell(config="c1"), cell(config="c2", variant="no temporal")])
    assert [row.label for row in found.overall] == ["jokr bench c0", "jokr bench c1", "jokr no temporal bench"]


def test_figures_that_are_no_numbers_are_left_out() -> None:
    found = build_tables(
        [cell(figures={"iou": 0.5, "limb_identity": None}), cell(seed=1, figures={"iou": 0.7, "limb_identity": 0.9})]
    )
    assert found.scenes[0].figures["limb_identity"] == Interval(0.9)
    header, first = as_csv(found).splitlines()[:2]
    assert header == "method,scene,direction,cells,worst_iou,iou,iou_ci95,limb_identity,limb_identity_ci95"
    assert first.startswith("jokr bench,all,both,2,0.6,0.6,")
    assert json.loads(as_json(found))["overall"][0]["figures"]["iou"]["mean"] == pytest.approx(0.6)


def test_the_page_says_what_is_best_and_fetches_nothing() -> None:
    found = build_tables(
        [cell(figures={"iou": 0.5, "l1": 0.2}), cell("best <still>", preset="", figures={"iou": 0.7, "l1": 0.3})],
        ["a & b"],
    )
    assert (best_of(found.overall, "iou"), best_of(found.overall, "l1"), best_of(found.overall, "mine")) == (
        0.7,
        0.2,
        None,
    )
    html = tables_page("Bench", "two cells", found, {"gif, ab": b"\x89PNG"})
    assert "best &lt;still&gt;" in html
    assert "a &amp; b" in html
    assert "<td class='n best'>0.700</td>" in html
    assert "src='data:image/png;base64," in html
    assert "http" not in html.replace("http-equiv", "")
    assert tables_page("Bench", "two cells", replace(found, notes=()), {}) != html
