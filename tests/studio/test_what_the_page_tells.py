"""What the page tells without being asked, and refuses in words: notices, limits, names, how good a result is."""

import base64
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import DROP
from open_studio import Studio
from watched_page import Screen, open_screen

from muybridge.puppets import scene
from muybridge.video import write

LEARN = "async ([kind, value]) => (await import('./net/store.js')).learn(kind, value)"
SETTLED = """() => performance.getEntriesByType('resource')
  .filter((e) => /api[/](clips|runs|models|animations)$/.test(e.name)).length >= 8"""
"""All was asked for twice, at the start and once the line of events was open: what a test tells the page stays."""
CLIP = {"id": "abcdefabcdef", "name": "cat", "use": "pair", "frames": 80, "width": 64, "height": 64, "notes": []}


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    with open_screen(chromium, studio.address, viewport={"width": 1280, "height": 800}) as made:
        yield made


def _drop(screen: Screen, name: str, kind: str, content: bytes) -> Any:
    """Let a file fall on the first place; that place."""
    slot = screen.page.locator(".slot").first
    slot.evaluate(DROP, [name, kind, base64.b64encode(content).decode()])
    return slot


def test_silhouettes_that_took_a_while_are_announced(screen: Screen) -> None:
    page = screen.page
    page.wait_for_function(SETTLED)
    began = {"quick": "2999-01-01T00:00:00+00:00", "cat": "2020-01-01T00:00:00+00:00"}
    for name, begun in began.items():
        finding = {**CLIP, "name": name, "state": "finding", "version": 0, "began": begun}
        page.evaluate(LEARN, ["clip", finding])
        page.evaluate(LEARN, ["clip", {**finding, "state": "ready", "version": 1}])

    page.get_by_text("The silhouettes of cat are found. Check that they are right.").wait_for()
    assert page.locator(".notice").count() == 1, "what was there at once needs no notice"
    page.goto("about:blank")
    # Of a clip that is only in this page, nothing can be fetched.
    screen.wrong[:] = [said for said in screen.wrong if CLIP["id"] not in said]


def test_a_small_file_of_many_large_frames_is_refused_in_words(screen: Screen, studio: Studio) -> None:
    """It held everybody up for three minutes. Its name is said as it is, point and all."""
    slot = _drop(screen, "Take 1.5.gif", "image/gif", _large_gif(5000, 500))
    # The studio may hold what other tests have dropped.
    slot.locator(".trouble", has_text="5000x5000 px and there are 500 of them: that is too much to read").wait_for()
    (clip,) = [clip for clip in studio.get("/api/clips") if clip["name"] == "Take 1.5"]
    delete = slot.get_by_role("button", name="Delete Take 1.5")
    delete.click()
    delete.wait_for(state="detached")
    assert studio.ask("GET", f"/api/clips/{clip['id']}").status == 404


def _large_gif(side: int, count: int) -> bytes:
    """Frames that are said to be large and hold one pixel each."""
    frame = b"!\xf9\x04\x00\x0a\x00\x00\x00" + b"," + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<2H3B", side, side, 0x80, 0, 0) + bytes(6) + count * frame + b";"


def test_a_clip_is_made_faster_on_the_page(screen: Screen, studio: Studio, tmp_path: Path) -> None:
    drawn = scene("gif", 8, 64).a
    path = write(tmp_path / "stroll.gif", drawn.pixels, drawn.timing)
    slot = _drop(screen, path.name, "image/gif", path.read_bytes())
    slot.get_by_role("link", name="Check the silhouettes").wait_for()
    (clip,) = [clip for clip in studio.get("/api/clips") if clip["name"] == "stroll"]
    slot.get_by_text("Trim, crop, speed").click()
    slot.get_by_label("Speed").select_option("2")
    slot.get_by_role("button", name="Cut it").click()
    fast = studio.wait(f"/api/clips/{clip['id']}", lambda c: c["state"] == "ready" and c.get("reads"))
    assert fast["seconds"] == pytest.approx(clip["seconds"] / 2, abs=0.02)
    slot.get_by_text(f"{fast['frames']} frames").wait_for()
    screen.page.goto(f"{studio.address}#/runs")
    screen.page.get_by_role("heading", name="Runs").wait_for()
    assert studio.ask("DELETE", f"/api/clips/{clip['id']}").status == 204
    # A silhouette that was asked for while the clip was read anew is not there yet, and is asked for again.
    screen.wrong[:] = [each for each in screen.wrong if "/silhouettes/" not in each]


def test_how_good_a_result_is_counts_how_it_looks(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    """Neon noise had 88 %, of the silhouettes alone."""
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_role("heading", name="How good it is").wait_for()
    told = page.locator(".figures > div").all_inner_texts()
    for name, side in zip(finished["names"], "ab", strict=True):
        sharpness = round(100 * finished["figures"][f"sharpness_{side}"])
        said = f"{name}, moving like the other one. Its sharpness, compared with its own frames:"
        assert any(said in each and f"{sharpness} %" in each for each in told), told


def test_a_model_is_begun_on_the_page(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    asked: list[Any] = []
    queued = {**finished, "id": "abcdefabcde0", "name": "Walkers", "method": "fomm", "state": "queued", "progress": {}}

    def answer(route: Any) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(status=201, json=queued)

    page.route("**/api/runs", lambda route: answer(route) if route.request.method == "POST" else route.fallback())
    page.route("**/abcdefabcde*/curves", lambda route: route.fulfill(json={}))
    page.goto(f"{studio.address}#/animate")
    page.get_by_text("Train one here", exact=True).click()
    form = page.locator(".train")
    for name in finished["names"]:
        form.get_by_role("checkbox", name=name).first.check()
    form.get_by_label("Method").select_option("monkeynet")
    form.get_by_label("Preset").select_option("smoke")
    form.get_by_label("Name of this model").fill("Walkers")
    form.get_by_role("button", name="Begin learning").click()
    page.get_by_role("heading", name="Walkers", level=1).wait_for()
    assert [{**each, "clips": len(each["clips"])} for each in asked] == [
        {"method": "monkeynet", "preset": "smoke", "clips": 2, "name": "Walkers", "set": {}}
    ]
