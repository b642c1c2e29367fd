"""The pictures of docs/studio.md, from a studio's folder with a finished run in it.

python benchmarks/studio_pictures.py --runs muybridge-studio
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "studio"))

from chromium import browser
from open_studio import opened

OUT = Path(__file__).parents[1] / "docs" / "images"
PATIENCE = 120_000


def main() -> None:
    """Take them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True)
    asked = parser.parse_args()
    with opened(asked.runs.absolute()) as studio, browser() as started:
        run = next(r for r in studio.get("/api/runs") if r["state"] == "finished")
        page = started.new_page(viewport={"width": 1120, "height": 760})  # type: ignore[attr-defined]
        page.set_default_timeout(PATIENCE)

        def take(name: str) -> None:
            page.wait_for_timeout(2500)
            page.screenshot(path=OUT / f"studio-{name}.jpg", type="jpeg", quality=80)

        page.goto(studio.address)
        a, b = run["clips"]
        page.evaluate("(pair) => localStorage.setItem('pair', JSON.stringify(pair))", {"a": a, "b": b})
        page.reload()
        page.get_by_role("link", name="Check the silhouettes").nth(1).wait_for()
        page.locator(".pair").evaluate("(pair) => scrollTo(0, pair.offsetTop - 16)")
        take("pair")
        page.goto(f"{studio.address}#/run/{run['id']}/result")
        page.locator(".player").wait_for()
        page.get_by_role("button", name="One frame on").click()
        take("result")
        page.goto(f"{studio.address}#/run/{run['id']}/edit")
        page.locator(".dot").first.wait_for()
        page.mouse.wheel(0, 150)
        page.locator(".editor canvas[data-full=true]").wait_for()
        box = page.locator(".dot").nth(6).bounding_box()
        page.mouse.move(box["x"] + 15, box["y"] + 15)
        page.mouse.down()
        page.mouse.move(box["x"] - 5, box["y"] + 65, steps=6)
        page.locator(".editor canvas[data-full=false]").wait_for()
        page.mouse.up()
        page.locator(".editor canvas[data-full=true]").wait_for()
        take("edit")


if __name__ == "__main__":
    main()
