"""The whole way on the page: two uploads, silhouettes put right, a smoke training, a dragged keypoint, a download."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from open_studio import Studio
from watched_page import SLOW, Screen, open_screen

from muybridge.puppets import scene
from muybridge.video import probe, read, write
from tiny_jokr import TINY_NETWORKS

STEPS = {"shape.steps": 12, "texture.steps": 9000, "motion.steps": 2}
SETTINGS = " ".join(f"{name}={value}" for name, value in {**TINY_NETWORKS, **STEPS}.items())
"""Long enough to be paused and stopped on a fast machine."""
NEWER = "(old) => (document.querySelector('.duo video')?.src ?? old) !== old"
DROP = """(place, files) => {
  const carried = new DataTransfer();
  for (const [name, content] of files)
    carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
  const event = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried });
  place.dispatchEvent(event);
  return event.defaultPrevented; }"""


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    options: dict[str, Any] = {"viewport": {"width": 1200, "height": 900}, "accept_downloads": True}
    with open_screen(chromium, studio.address, **options) as made:
        yield made


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


def _drop(place: Any, *files: Path) -> None:
    """Let files fall on a place; the browser is kept from opening them itself."""
    assert place.evaluate(DROP, [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files])


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
    _drop(page.locator("footer"), a)
    _drop(page.locator(".slot").nth(0), a, b)
    page.locator(".slot").nth(0).get_by_role("link", name="Check the silhouettes").wait_for()
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
    seen = page.locator("canvas.paint[data-shown='0']")
    page.get_by_label("Frame", exact=True).fill("3")
    page.get_by_label("Box", exact=True).check()
    page.get_by_text("1 of 6").wait_for()
    seen.wait_for()
    place = canvas.bounding_box()
    page.mouse.move(place["x"] + place["width"] * 0.05, place["y"] + place["height"] * 0.05)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.95, place["y"] + place["height"] * 0.95, steps=3)
    page.mouse.up()
    assert page.get_by_label("Box round the subject").input_value() == "3,3,61,61"
    page.get_by_role("button", name="Find it in the box").click()
    page.locator(".notice.good", has_text="of all frames are updated").wait_for()
    seen.wait_for()
    page.get_by_label("Eraser").check()
    place = canvas.bounding_box()
    page.mouse.move(place["x"] + place["width"] * 0.4, place["y"] + place["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.5, steps=4)
    page.mouse.up()
    screen.keep("3-paint")
    page.get_by_role("button", name="Undo the last stroke").click()
    page.get_by_label("Brush").check()
    page.get_by_role("button", name="Play").click()
    # To be pressed it may have been scrolled to.
    place = canvas.bounding_box()
    page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + place["height"] * 0.5)
    page.mouse.down()
    page.mouse.up()
    page.get_by_role("button", name="Play").wait_for()
    page.locator("canvas.paint:not([data-shown=''])").wait_for()
    # The press above stops the playing, and paints only where its frame was there already.
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.55, place["y"] + place["height"] * 0.5, steps=3)
    page.mouse.up()
    page.locator("button:enabled", has_text="Undo the last stroke").wait_for()
    _stays(screen)
    page.get_by_role("button", name="Apply to the other frames").click()
    page.get_by_text("Silhouettes corrected by hand").wait_for()
    page.get_by_role("link", name="Back to the pair").click()


def _stays(screen: Screen) -> None:
    """What was painted and not carried is not left without a question."""
    page = screen.page
    screen.agrees, here = False, page.url
    for way in ("Back to the pair", "Runs"):
        with page.expect_event("dialog"):
            page.get_by_role("link", name=way).click()
        assert "has not been applied to the others" in screen.questions.pop()
        page.wait_for_url(here)
    screen.agrees = True


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
    page.get_by_text("measured on 22 of 9014 steps").wait_for()
    assert "here" in page.locator("label.card", has_text="smoke").inner_text()
    page.get_by_role("button", name="Begin learning").click()
    page.get_by_role("heading", name="First run").wait_for()
    page.get_by_role("heading", name="What it draws now").wait_for()
    run = str(page.url.split("/run/")[1].split("/")[0])
    page.get_by_text("a second, about").wait_for()
    page.locator("img.sheet").wait_for()
    screen.keep("4-learning")
    _stays_in_the_list(page)
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Nothing is lost").wait_for()
    assert page.evaluate("document.activeElement !== document.body")
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("a second, about").wait_for()
    page.get_by_role("button", name="Stop and keep").click()
    page.get_by_role("heading", name="Download").wait_for()
    assert "keep what has been learned so far?" in screen.questions.pop()
    page.get_by_role("link", name="Learning").click()
    page.locator("img.sheet").wait_for()
    page.locator(".chart").nth(6).wait_for()
    page.get_by_text("of 9,014 steps, and kept").wait_for()
    page.get_by_role("link", name="Result").click()
    return run


def _stays_in_the_list(page: Any) -> None:
    """While it learns, the row of a run is the same one, with its focus."""
    page.get_by_role("link", name="Runs").click()
    bar = page.locator(".run progress").first.element_handle()
    page.locator(".run.training h2 a").first.focus()
    page.wait_for_function("([bar, before]) => bar.value > before", arg=[bar, bar.evaluate("(bar) => bar.value")])
    assert page.evaluate("document.activeElement.textContent") == "First run"
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What it draws now").wait_for()


def _watch_result(screen: Screen, tmp_path: Path) -> None:
    page = screen.page
    page.get_by_role("button", name="Pause", exact=True).click()  # it plays when it opens
    page.get_by_label("Frame", exact=True).fill("0")
    page.get_by_role("button", name="One frame on").click()
    page.get_by_text("2 / 6").wait_for()
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_label("Speed").select_option("2")
    page.get_by_label("Loop").uncheck()
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_text("6 / 6").wait_for()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    _third(page)
    page.get_by_label("Background").select_option("transparent")
    page.get_by_label("Turn, size and place").select_option("without")
    page.get_by_role("button", name="Make the file").click()
    page.get_by_text("MP4 cannot be transparent").wait_for()
    page.get_by_label("Format", exact=True).select_option("webm")
    page.get_by_role("button", name="Make the file").click()
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


def _third(page: Any) -> None:
    """Another video drives one of the two, and then the other: each time the newest is shown."""
    page.get_by_text("Apply it to another video").click()
    page.locator(".third summary").click()
    page.locator(".third").get_by_role("button", name="Use elephant").first.click()
    videos: list[str] = []
    for side in "ba":
        page.get_by_label("Who moves").select_option(side)
        page.get_by_role("button", name="Move it like this").click()
        page.wait_for_function(NEWER, arg="".join(videos))
        videos = [page.locator(".duo video").evaluate("(video) => video.src")]


def _edit(screen: Screen, studio: Studio, run: str, tmp_path: Path) -> None:
    page = screen.page
    drawn: set[tuple[int, tuple[int, ...]]] = set()
    page.on("websocket", lambda line: line.on("framereceived", lambda data: drawn.add(_size(data))))
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator(".dot").first.wait_for()
    page.get_by_label("What is moved").select_option("a")
    before, picture = _dots(page), _pixels(page)
    _drag(page, page.locator(".dot").nth(1), 60, -40)
    after = _dots(page)
    assert after[1] == pytest.approx((before[1][0] + 60, before[1][1] - 40), abs=1.5)
    assert [after[i] for i in (0, 2, 3)] == [before[i] for i in (0, 2, 3)]
    page.locator(".editor canvas[data-full=true]").wait_for()
    assert _pixels(page) != picture
    assert "from pointer to picture" in page.locator("#delay").inner_text()
    assert drawn == {(0, (32, 32)), (1, (64, 64))}, "half as large while dragging, whole on release"
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
    page.get_by_role("button", name="Reset everything").click()
    assert page.get_by_role("button", name="Keyframe on frame").count() == 0
    page.keyboard.press("Control+z")
    assert page.get_by_role("button", name="Keyframe on frame").count() == 2
    page.get_by_label("Background").select_option("transparent")
    page.get_by_role("button", name="Render the edited clip").click()
    page.get_by_text("MP4 cannot be transparent").wait_for()
    page.get_by_label("Format", exact=True).select_option("webm")
    page.get_by_role("button", name="Render the edited clip").click()
    link = page.get_by_role("link", name="elephant-edited", exact=False).first
    link.wait_for()
    with page.expect_download() as fetched:
        link.click()
    fetched.value.save_as(tmp_path / "edited.webm")
    assert len(read(tmp_path / "edited.webm")) == 6
    assert probe(tmp_path / "edited.webm").has_alpha
    page.reload()
    page.get_by_label("What is moved").select_option("a")
    page.get_by_role("button", name="Keyframe on frame").nth(1).wait_for()
    assert _dots(page) == moved
    kept = studio.get(f"/api/runs/{run}/edits")
    assert set(kept["a"]) == {"0", "5"}


def _size(data: bytes) -> tuple[int, tuple[int, ...]]:
    """Whether the studio calls a picture whole, and how large it is."""
    full, sources = data[4], data[5]
    picture = cv2.imdecode(np.frombuffer(data[6 + 4 * sources :], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return full, picture.shape[:2]


def test_with_the_keyboard_alone(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/edit")
    page.locator(".dot").first.wait_for()
    page.get_by_label("What is moved").select_option("a")
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
    page.goto(f"{studio.address}#/clip/{finished['clips'][0]}")
    page.locator("canvas.paint").focus()
    page.locator("canvas.paint[data-shown='0']").wait_for()
    drawn = "document.querySelector('.paint').toDataURL()"
    page.keyboard.press("ArrowRight")
    before = page.evaluate(drawn)
    page.keyboard.down(" ")
    page.keyboard.press("ArrowDown")
    page.keyboard.up(" ")
    assert page.evaluate(drawn) != before
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+z")
    assert page.evaluate(drawn) == before
    page.goto(f"{studio.address}#/")
    page.locator(".slot").first.wait_for()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("[document.activeElement.id, location.hash]") == ["view", "#/"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "file-a"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Use elephant").first.focus()
    page.keyboard.press("Enter")
    page.locator(".slot").nth(0).get_by_role("button", name="Stop elephant").focus()
    page.keyboard.press("Enter")
    page.locator(".slot").nth(0).get_by_role("button", name="Play elephant").wait_for()
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_role("button", name="Pause", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Frame", exact=True).fill("0")
    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("2 / 5").wait_for()


def test_a_method_without_keypoints_has_no_edit_tab(screen: Screen, finished: dict[str, Any]) -> None:
    def told(route: Any) -> None:
        answer = route.fetch()
        about = answer.json()
        for card in about["methods"]:
            card.update(editable=False, affine=False)
        route.fulfill(response=answer, json=about)

    page = screen.page
    page.route("**/api/about", told)
    page.goto(f"{page.url.split('#')[0]}#/run/{finished['id']}/result")
    page.reload()
    page.get_by_role("heading", name="Download").wait_for()
    assert page.get_by_role("link", name="Edit").count() == 0
    assert page.get_by_label("Turn, size and place").count() == 0


def test_errors_are_sentences_on_the_page(chromium: Any, studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_bytes(b"this is no video, whatever its name says")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(studio.address)
    page.locator("input[type=file]").first.set_input_files(tmp_path / "notes.mp4")
    page.locator(".trouble").first.wait_for(timeout=SLOW)
    said = page.locator(".trouble").first.inner_text()
    assert said.startswith("notes is not a video")  # its name is said once
    assert said.rstrip().endswith(".")
    page.get_by_role("button", name="Delete notes").click()
    page.locator(".slot").first.get_by_text("Drop a video").wait_for()
    assert "notes" not in [clip["name"] for clip in studio.get("/api/clips")]
    page.goto(f"{studio.address}#/run/{'0' * 12}")
    page.get_by_text("This run is not here any more").wait_for()
    context.close()
