"""The whole way on the page: two uploads, silhouettes put right, a smoke training, a dragged keypoint, a download."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import browser, pictures
from open_studio import TINY, Studio
from watched_page import FAINT, NAMELESS, SLOW, Screen

from muybridge.puppets import scene
from muybridge.video import probe, read, write

SETTINGS = " ".join(f"{name}={value}" for name, value in TINY.items()) + " shape.steps=12 texture.steps=4"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.set_default_timeout(SLOW)
    made = Screen(context.new_page())
    made.page.goto(studio.address)
    made.page.get_by_role("heading", level=1).wait_for()
    yield made
    context.close()
    assert made.wrong == []


def _drag(page: Any, dot: Any, dx: float, dy: float) -> None:
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 9):
        page.mouse.move(x + dx * part / 8, y + dy * part / 8)
        page.wait_for_timeout(30)
    page.locator(".editor canvas[data-delays]").wait_for()
    page.mouse.up()


def _dots(page: Any) -> list[tuple[float, float]]:
    boxes = [dot.bounding_box() for dot in page.locator(".dot").all()]
    return [(round(b["x"], 1), round(b["y"], 1)) for b in boxes]


def _pixels(page: Any) -> str:
    """What the drawn frame shows, once it is whole."""
    page.locator(".editor canvas[data-full=true]").wait_for()
    return str(page.evaluate("document.querySelector('.editor canvas').toDataURL()"))


def test_from_upload_to_download(screen: Screen, studio: Studio, tmp_path: Path) -> None:
    page = screen.page
    drawn = scene("gif", 6, 64)
    a = write(tmp_path / "elephant.mp4", drawn.a.pixels, drawn.a.timing)
    b = write(tmp_path / "giraffe & co.gif", drawn.b.pixels, drawn.b.timing)
    screen.keep("1-start")
    page.locator("input[type=file]").nth(0).set_input_files(a)
    page.locator(".slot").nth(0).get_by_role("link", name="Check the silhouettes").wait_for()
    page.locator(".slot").nth(1).locator("input[type=file]").set_input_files(b)
    page.locator(".slot").nth(1).get_by_role("link", name="Check the silhouettes").wait_for()
    screen.keep("2-pair")
    _paint(screen)
    run = _learn(screen)
    _watch_result(screen, tmp_path)
    _edit(screen, studio, run, tmp_path)


def _paint(screen: Screen) -> None:
    page = screen.page
    page.locator(".slot").nth(0).get_by_role("link", name="Check the silhouettes").click()
    canvas = page.locator("canvas.paint")
    canvas.wait_for()
    page.wait_for_timeout(400)
    page.get_by_label("Eraser").check()
    place = canvas.bounding_box()
    page.mouse.move(place["x"] + place["width"] * 0.4, place["y"] + place["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.5, steps=4)
    page.mouse.up()
    screen.keep("3-paint")
    page.get_by_role("button", name="Undo the last stroke").click()
    page.get_by_label("Brush").check()
    page.mouse.down()
    page.mouse.up()
    page.get_by_role("button", name="Carry to the other frames").click()
    page.get_by_text("Silhouettes corrected by hand").wait_for()
    page.get_by_role("link", name="Back to the pair").click()


def _learn(screen: Screen) -> str:
    page = screen.page
    page.locator("label.card", has_text="smoke").click()
    page.get_by_text("More settings").click()
    page.get_by_label("Settings by name").fill("nonsense=1")
    page.get_by_role("button", name="Begin learning").click()
    page.get_by_text("has no setting 'nonsense'").wait_for()
    page.locator(".notice.error").get_by_role("button", name="Close this message").click()
    page.get_by_label("Settings by name").fill(SETTINGS)
    page.get_by_label("Name of this run").fill("First run")
    page.get_by_role("button", name="Measure what it costs here").click()
    page.get_by_text("measured on 14 of 16 steps").wait_for()
    page.get_by_role("button", name="Begin learning").click()
    page.get_by_role("heading", name="First run").wait_for()
    page.get_by_role("heading", name="What it draws now").wait_for()
    screen.keep("4-learning")
    page.get_by_role("heading", name="Take it with you").wait_for()
    page.get_by_role("link", name="Learning").click()
    page.locator("img.sheet").wait_for()
    page.locator(".chart").nth(6).wait_for()
    page.get_by_text("Finished: 16 of 16 steps").wait_for()
    page.get_by_role("link", name="Result").click()
    return str(page.url.split("/run/")[1].split("/")[0])


def _watch_result(screen: Screen, tmp_path: Path) -> None:
    page = screen.page
    page.get_by_role("button", name="One frame on").click()
    page.get_by_text("2 / 6").wait_for()
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_label("Background").select_option("transparent")
    page.get_by_label("Turn, size and place").select_option("without")
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("MP4 cannot be transparent").wait_for()
    page.get_by_label("As", exact=True).select_option("webm")
    page.get_by_role("button", name="Make it").click()
    link = page.get_by_role("link", name="transparent-no-affine", exact=False).first
    link.wait_for()
    with page.expect_download() as fetched:
        link.click()
    kept = tmp_path / "kept.webm"
    fetched.value.save_as(kept)
    clip = read(kept)
    assert probe(kept).has_alpha
    assert (len(clip), clip.width, clip.height) == (6, 64, 64)
    assert fetched.value.suggested_filename.startswith("elephant-moving-like-giraffe & co")
    screen.keep("5-result")


def _edit(screen: Screen, studio: Studio, run: str, tmp_path: Path) -> None:
    page = screen.page
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator(".dot").first.wait_for()
    before, picture = _dots(page), _pixels(page)
    _drag(page, page.locator(".dot").nth(1), 60, -40)
    after = _dots(page)
    assert after[1] == pytest.approx((before[1][0] + 60, before[1][1] - 40), abs=1.5)
    assert [after[i] for i in (0, 2, 3)] == [before[i] for i in (0, 2, 3)]
    page.locator(".editor canvas[data-full=true]").wait_for()
    assert _pixels(page) != picture
    assert "from pointer to picture" in page.locator("#delay").inner_text()
    page.keyboard.press("Control+z")
    assert _dots(page) == before
    page.keyboard.press("Control+y")
    assert _dots(page) == after
    page.locator(".dot").nth(2).click(modifiers=["Shift"])
    page.keyboard.press("Shift+ArrowLeft")
    moved = _dots(page)
    assert all(moved[i] == pytest.approx((after[i][0] - 10, after[i][1]), abs=1.5) for i in (1, 2))
    assert [moved[i] for i in (0, 3)] == [after[i] for i in (0, 3)]
    page.get_by_label("Frame", exact=True).fill("5")
    page.get_by_role("button", name="Keyframe here").click()
    assert page.get_by_role("button", name="Keyframe on frame").count() == 2
    screen.keep("6-edit")
    page.get_by_role("button", name="Render the edited clip").click()
    link = page.get_by_role("link", name="elephant-edited", exact=False).first
    link.wait_for()
    with page.expect_download() as fetched:
        link.click()
    fetched.value.save_as(tmp_path / "edited.mp4")
    assert len(read(tmp_path / "edited.mp4")) == 6
    page.reload()
    page.get_by_role("button", name="Keyframe on frame").nth(1).wait_for()
    assert _dots(page) == moved
    kept = studio.get(f"/api/runs/{run}/edits")
    assert set(kept["a"]) == {"0", "5"}


def test_with_the_keyboard_alone(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/edit")
    page.locator(".dot").first.wait_for()
    before = _dots(page)
    page.locator(".dot").nth(0).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    after = _dots(page)
    assert after[0][1] > before[0][1]
    assert after[1][1] < before[1][1]
    page.keyboard.press("Control+a")
    assert page.locator(".dot[aria-pressed=true]").count() == page.locator(".dot").count()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_view_has_names_contrast_and_fits_a_phone(
    chromium: Any, studio: Studio, finished: dict[str, Any], colours: str
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 780}, color_scheme=colours)
    page = context.new_page()
    views = {
        "start": "",
        "runs": "#/runs",
        "paint": f"#/clip/{finished['clips'][0]}",
        "learning": f"#/run/{finished['id']}/learning",
        "result": f"#/run/{finished['id']}/result",
        "edit": f"#/run/{finished['id']}/edit",
    }
    waits = {"learning": ".chart", "result": ".files a", "edit": ".dot", "paint": ".paint", "runs": ".run"}
    page.goto(studio.address)
    for name, address in views.items():
        page.evaluate("(hash) => { location.hash = hash; }", address)
        page.locator(waits.get(name, ".slot")).first.wait_for(timeout=SLOW)
        assert page.evaluate(NAMELESS) == [], name
        assert page.evaluate(FAINT) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        assert page.locator("h1").count() == 1, name
        place = pictures()
        if place is not None:
            page.wait_for_timeout(700)
            page.screenshot(path=place / f"phone-{colours}-{name}.png", full_page=True)
    context.close()


def test_errors_are_sentences_on_the_page(chromium: Any, studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_bytes(b"this is no video, whatever its name says")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(studio.address)
    page.locator("input[type=file]").first.set_input_files(tmp_path / "notes.mp4")
    page.locator(".trouble").first.wait_for(timeout=SLOW)
    said = page.locator(".trouble").first.inner_text()
    assert said.startswith("notes: ")
    assert said.rstrip().endswith(("Take another video", "."))
    page.goto(f"{studio.address}#/run/{'0' * 12}")
    page.get_by_text("This run is not here any more").wait_for()
    context.close()
