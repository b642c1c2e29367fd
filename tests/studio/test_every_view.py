"""Every view as axe-core sees it, in light, in dark and on a phone; with pictures of each for whoever wants to look."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from chromium import pictures
from open_studio import Studio, write_batch
from watched_page import CONTRAST, Screen, find_violations, open_screen

PHONE = {"width": 360, "height": 780}
WINDOW = {"width": 1280, "height": 800}
TELL = """async ([kind, value]) => (await import('./net/store.js')).learn(kind, value)"""
NOTICES = """async () => { const { notice } = await import('./dom.js');
  notice('this went wrong', 'Try it again.'); notice('that is done', null, 'good');
  (await import('./net/store.js')).away({}); }"""
UNFOLD = "() => { for (const folded of document.querySelectorAll('details')) folded.open = true; }"
WIPE = """() => { document.querySelector('.transport .chip + .chip input').click(); }"""
CHOOSE = "() => { for (const dot of [...document.querySelectorAll('.dot')].slice(0, 2)) dot.click(); }"


@dataclass(frozen=True)
class View:
    """What is looked at: an address, what is there once it is ready, what is told to the page, and done on it."""

    name: str
    address: str
    ready: str
    told: tuple[tuple[str, dict[str, Any]], ...] = ()
    done: str = UNFOLD


def list_views(studio: Studio, run: dict[str, Any]) -> list[View]:
    """Every view, and its states that look otherwise."""
    clip = studio.get(f"/api/clips/{run['clips'][0]}")
    of_run = f"#/run/{run['id']}"
    stages = [["shape", 100], ["texture", 100]]
    progress = {"stages": stages, "total": 200, "done": 40, "stage": "shape", "rate": 2.0, "eta": 80, "preview": 2}
    training = {**run, "state": "training", "progress": progress}
    failed = {**run, "state": "failed", "message": "it broke", "hint": "Try it again."}
    finding = {**clip, "state": "finding", "version": 0, "began": "2026-01-01T00:00:00+00:00", "expected": 9e9}
    broken = {**clip, "state": "failed", "message": "this is not a video", "hint": "Take another file."}
    return [
        View("start", "#/", ".slot .strip"),
        View("start-finding", "#/", ".slot progress", (("clip", finding),)),
        View("start-failed", "#/", ".slot .trouble", (("clip", broken),)),
        View("silhouettes", f"#/clip/{clip['id']}", ".paint[data-shown='0']", (("clip", clip),)),
        View("learning", f"{of_run}/learning", ".stages .here", (("run", training),)),
        View("learning-failed", f"{of_run}/learning", ".trouble", (("run", failed),)),
        View("runs", "#/runs", ".run progress", (("run", training),)),
        View("learned", f"{of_run}/learning", ".badge.finished", (("run", run),)),
        View("result", f"{of_run}/result", ".files a"),
        View("result-wiped", f"{of_run}/result", ".player canvas", done=WIPE),
        View("edit", f"{of_run}/edit", ".editor canvas[data-full=true]", done=CHOOSE),
        View("compare", f"#/compare/{run['id']}/{'b' * 12}", ".compared", (("run", {**run, "id": "b" * 12}),)),
        View("gone", f"#/run/{'0' * 12}", ".empty", (("gone", {"kind": "runs", "id": "b" * 12}),)),
        View("animate", "#/animate", ".pair"),
        View("batches", "#/batches", ".run"),
        View("batch", "#/batch/described%20here", ".run"),
        View("notices", "#/batches", ".run", done=NOTICES),
    ]


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    with open_screen(chromium, studio.address, viewport=WINDOW, reduced_motion="reduce") as made:
        yield made


def test_axe_finds_nothing_and_a_phone_shows_all(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    write_batch(studio.runs / "batches" / "described here")
    run = studio.get(f"/api/runs/{finished['id']}")
    page.evaluate(
        "(pair) => localStorage.setItem('pair', JSON.stringify(pair))", dict(zip("ab", run["clips"], strict=True))
    )
    # A second run to compare with, which is the first one.
    page.route(f"**/{'b' * 12}/**", lambda route: route.continue_(url=route.request.url.replace("b" * 12, run["id"])))
    found = []
    for view in list_views(studio, run):
        for told in view.told:
            page.evaluate(TELL, told)
        # By way of another one, so that the same address is shown anew.
        page.evaluate("() => { location.hash = '#/runs'; }")
        page.evaluate("(hash) => { location.hash = hash; }", view.address)
        page.locator(view.ready).first.wait_for()
        page.evaluate(view.done)
        found += [(view.name, each) for each in look(screen, view.name)]
    assert found == []


def look(screen: Screen, name: str) -> list[str]:
    """What is wrong with what is seen now."""
    page = screen.page
    wrong = find_violations(page)
    _keep(page, f"{name}-light")
    page.emulate_media(color_scheme="dark")
    wrong += find_violations(page, CONTRAST)
    _keep(page, f"{name}-dark")
    page.set_viewport_size(PHONE)
    _keep(page, f"{name}-phone-dark")
    page.emulate_media(color_scheme="light")
    wrong += find_violations(page)
    _keep(page, f"{name}-phone-light")
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        wrong.append("wider than a phone")
    page.set_viewport_size(WINDOW)
    return wrong


def _keep(page: Any, name: str) -> None:
    place = pictures()
    if place is not None:
        page.wait_for_timeout(500)
        page.screenshot(path=place / f"{name}.png", full_page=True)
