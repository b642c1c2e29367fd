"""The pictures of docs/studio.md, from a studio's folder with a finished run in it, which is copied and stays as it is.

python benchmarks/studio_pictures.py --runs muybridge-studio
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "studio"))

from chromium import browser
from open_studio import Studio, opened

OUT = Path(__file__).parents[1] / "docs" / "images"
PATIENCE = 120_000
SIZE = {"width": 1280, "height": 800}
NEAR = (0.035, -0.045)
"""How far a foot is dragged, as a share of the frame: a step that its leg can follow."""
FRAME = 16


def take_pair(page: Any, studio: Studio, run: dict[str, Any]) -> None:
    """Both subjects with their silhouettes."""
    a, b = run["clips"]
    page.goto(studio.address)
    page.evaluate("(pair) => localStorage.setItem('pair', JSON.stringify(pair))", {"a": a, "b": b})
    page.reload()
    page.get_by_role("link", name="Check the silhouettes").nth(1).wait_for()
    page.locator(".pair").evaluate("(pair) => scrollTo(0, pair.offsetTop - 16)")


def take_result(page: Any, studio: Studio, run: dict[str, Any]) -> None:
    """One result large, and the other clips beside it."""
    page.goto(f"{studio.address}#/run/{run['id']}/result")
    page.locator(".transport").wait_for()
    page.get_by_role("button", name="One frame on").click()
    page.get_by_label("Frame", exact=True).fill(str(FRAME))
    page.wait_for_function("!document.querySelector('.waiting').textContent")


def drag(page: Any, dot: Any, share: tuple[float, float]) -> None:
    """Move a dot by a share of the frame, in many steps, and let it go."""
    frame = page.locator(".stage").bounding_box()
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(x + share[0] * frame["width"] * step / 30, y + share[1] * frame["height"] * step / 30)
        page.wait_for_timeout(40)
    page.locator(".editor canvas[data-full=false]").wait_for()
    page.mouse.up()
    page.locator(".editor canvas[data-full=true]").wait_for()


def take_edit(page: Any, studio: Studio, run: dict[str, Any]) -> None:
    """A foot of the result that was moved a step."""
    page.goto(f"{studio.address}#/run/{run['id']}/edit")
    page.locator(".dot").first.wait_for()
    page.locator(".editor canvas[data-full=true]").wait_for()
    reset = page.get_by_role("button", name="Reset everything")
    # It can be pressed where somebody has moved something before.
    if reset.get_attribute("aria-disabled") != "true":
        reset.click()
    page.get_by_label("Frame", exact=True).fill(str(FRAME))
    page.locator(".editor canvas[data-full=true]").wait_for()
    foot = max(page.locator(".dot:not(.outside)").all(), key=lambda dot: dot.bounding_box()["y"])
    # There and back, so that what is slow once is over: the page shows the median delay of the last pictures.
    drag(page, foot, NEAR)
    drag(page, foot, (-NEAR[0], -NEAR[1]))
    drag(page, foot, NEAR)


def main() -> None:
    """Take them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="the studio's folder")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        runs = shutil.copytree(asked.runs, Path(scratch) / "studio", ignore=shutil.ignore_patterns(".studio", ".token"))
        with opened(runs) as studio, browser() as started:
            finished = [run for run in studio.get("/api/runs") if run["state"] == "finished"]
            if not finished:
                raise SystemExit(f"{asked.runs} has no finished run of two videos")
            page = started.new_page(viewport=SIZE)  # type: ignore[attr-defined]
            page.set_default_timeout(PATIENCE)
            for name, take in {"pair": take_pair, "result": take_result, "edit": take_edit}.items():
                take(page, studio, finished[0])
                page.wait_for_timeout(2500)
                page.screenshot(path=asked.out / f"studio-{name}.jpg", type="jpeg", quality=80)


if __name__ == "__main__":
    main()
