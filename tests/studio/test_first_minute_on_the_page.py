"""A clip that is dropped is seen at once, and what is done for it is told."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import DROP
from open_studio import Studio, opened
from watched_page import Screen, open_screen

from muybridge.puppets import scene
from muybridge.video import write

LEARN = "async ([kind, value]) => (await import('./net/store.js')).learn(kind, value)"
WAITING = {"use": "pair", "state": "finding", "version": 0, "frames": 80, "width": 64, "height": 64, "rate": 10}


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "no-preference"}
    with open_screen(chromium, studio.address, **options) as made:
        yield made


def test_a_dropped_clip_is_seen_and_looked_at_first(screen: Screen, studio: Studio, tmp_path: Path) -> None:
    drawn = scene("gif", 40, 128).a
    path = write(tmp_path / "elephant.gif", drawn.pixels, drawn.timing)
    slot = screen.page.locator(".slot").first
    slot.evaluate(DROP, [path.name, "image/gif", base64.b64encode(path.read_bytes()).decode()])
    slot.locator(".running img").wait_for(timeout=2000)
    slot.get_by_role("img", name="The subject of elephant as seen at a first look").wait_for()
    screen.keep("first-look")
    slot.get_by_role("link", name="Check the silhouettes").wait_for()
    screen.page.goto(f"{studio.address}#/runs")
    screen.page.get_by_role("heading", name="Runs").wait_for()
    number = next(clip["id"] for clip in studio.get("/api/clips") if clip["name"] == "elephant")
    assert studio.ask("DELETE", f"/api/clips/{number}").status == 204


def test_what_waits_says_for_what(screen: Screen) -> None:
    """Told to the page as the studio would: two that are worked on, and one that waits for them."""
    said = screen.page.evaluate(
        """async (clip) => {
        const store = await import('./net/store.js');
        const { work } = await import('./parts/clip-work.js');
        const began = new Date().toISOString();
        for (const name of ['cat', 'fox']) store.learn('clip', { ...clip, id: name, name, began, expected: 100 });
        const late = { ...clip, id: 'late', name: 'horse', waits: true };
        const say = (each) => work(each).map((part) => part.textContent).join(' ');
        const texts = [say(late), say(store.clips.get('cat'))];
        for (const name of ['cat', 'fox']) store.learn('gone', { kind: 'clips', id: name });
        return texts; }""",
        {**WAITING, "notes": []},
    )
    assert said == ["horse: waiting for cat and fox", "cat: finding the silhouettes… About 2 minutes left."]


def test_a_first_frame_stands_where_the_browser_plays_nothing(screen: Screen) -> None:
    """Nothing was seen of such a file until all of it was read."""
    screen.page.route("**/glance/**", lambda route: route.fulfill(status=200, content_type="image/png", body=b""))
    seen = screen.page.evaluate(
        """async () => {
        const { glance } = await import('./parts/clip-work.js');
        const clip = { id: 'x', name: 'fox', version: 0, glance: [0] };
        const six = glance({ ...clip, glance: [0, 6, 12, 18, 24, 30] }, null);
        return [glance(clip, null).alt, glance(clip, document.body), six.querySelectorAll('img').length]; }"""
    )
    assert seen == ["The first frame of fox", None, 6]


def test_the_sample_plays_before_anything_is_uploaded(screen: Screen, tmp_path: Path) -> None:
    page = screen.page
    # A studio of its own: what others have trained stands in the way of the sample.
    with opened(tmp_path / "new") as fresh:
        page.goto(fresh.address)
        page.get_by_role("button", name="Stop the sample").wait_for()
        page.wait_for_function(
            "[...document.querySelectorAll('.films video')].every((v) => v.currentTime > 0 && !v.paused)"
        )
        page.get_by_role("button", name="Make it here").wait_for()
        tell = "async (run) => (await import('./net/store.js')).learn('run', run)"
        run = {"id": "0" * 12, "name": "Sample", "sample": True, "state": "training"}
        run |= {"notes": [], "clips": [], "names": []}
        page.evaluate(tell, {**run, "progress": {"done": 1, "total": 4, "eta": 30}})
        page.get_by_text("about 30 seconds left").wait_for()
        page.evaluate(tell, {**run, "state": "finished"})
        page.get_by_role("link", name="Drag its keypoints").wait_for()
        screen.keep("sample")
        page.get_by_role("button", name="Stop the sample").click()
        assert page.evaluate("[...document.querySelectorAll('.films video')].every((v) => v.paused)")
        page.goto("about:blank")


def test_animate_has_a_sample_to_try(screen: Screen, tmp_path: Path) -> None:
    """One press draws two puppets, fills both places, and has a model learn from them."""
    page = screen.page
    with opened(tmp_path / "new") as fresh:
        page.goto(f"{fresh.address}#/animate")
        page.get_by_role("button", name="Try it with two puppets").click()
        page.get_by_role("progressbar", name="The sample model").wait_for()
        page.locator(".pair .slot .role").nth(1).wait_for()
        screen.keep("animate-sample")
        (run,) = fresh.get("/api/runs")
        assert (run["method"], run["sample"]) == ("fomm", True)
        assert sorted(page.evaluate("Object.values(JSON.parse(localStorage.still))")) == sorted(run["clips"])
        model = {
            "id": run["id"],
            "name": "Sample",
            "method": "fomm",
            "state": "ready",
            "modes": ["relative"],
            "size": 64,
        }
        page.evaluate(LEARN, ["model", model])
        go = page.get_by_role("button", name="Animate", exact=True)
        assert go.is_enabled()
        page.get_by_role("button", name="Use two puppets").wait_for()
        page.goto("about:blank")


def test_a_clip_is_cut_on_the_page(screen: Screen, studio: Studio, tmp_path: Path) -> None:
    page = screen.page
    drawn = scene("gif", 8, 64).a
    path = write(tmp_path / "walk.gif", drawn.pixels, drawn.timing)
    clip = studio.clip(studio.upload("walk.gif", path.read_bytes())["id"])
    slot = page.locator(".slot").first
    slot.get_by_text("Or use one that is already here").click()
    slot.get_by_role("button", name="Use walk").click()
    slot.get_by_text("Trim, crop, speed").click()
    slot.get_by_label("First frame").fill("2")
    slot.get_by_label("Last frame").fill("6")
    place = slot.locator(".cut canvas").bounding_box()
    middle = place["x"] + place["width"] / 2
    half = place["height"] / 2
    page.mouse.move(middle - 0.75 * half, place["y"] + 0.1 * half)
    page.mouse.down()
    page.mouse.move(middle + 0.75 * half, place["y"] + 1.9 * half, steps=3)
    page.mouse.up()
    screen.keep("cut")
    x0, _, x1, _ = map(int, slot.get_by_label("Part of the picture").input_value().split(","))
    assert x1 - x0 == pytest.approx(48, abs=2)
    slot.get_by_role("button", name="Cut it").click()
    slot.get_by_text(f"5 frames, {x1 - x0} ").wait_for()
    assert studio.get(f"/api/clips/{clip['id']}")["cut"]["first"] == 2
    page.goto(f"{studio.address}#/runs")
    page.get_by_role("heading", name="Runs").wait_for()
    assert studio.ask("DELETE", f"/api/clips/{clip['id']}").status == 204
    # A silhouette that was asked for while the clip was read anew is not there yet, and is asked for again.
    screen.wrong[:] = [each for each in screen.wrong if "/silhouettes/" not in each]
