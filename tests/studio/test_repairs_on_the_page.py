"""What a demanding person stumbled over on the page, and does no longer."""

from collections.abc import Iterator
from typing import Any

import pytest
from open_studio import Studio
from watched_page import Screen, open_screen

WINDOW = {"width": 1280, "height": 800}
NAME = "Cat & fox <b>smoke</b> 猫 1.5"


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 1000}, "reduced_motion": "no-preference"}
    with open_screen(chromium, studio.address, **options) as made:
        yield made


def _places(page: Any) -> list[float]:
    return [dot.bounding_box()["x"] for dot in page.locator(".dot").all()]


def test_arrow_keys_move_what_a_rectangle_has_chosen(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    """The focus stayed on a button; and what leaves the frame lay over the fields beside it."""
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/edit")
    page.locator(".dot").first.wait_for()
    page.get_by_label("What is moved").select_option("a")
    page.get_by_label("What is moved").focus()
    frame = page.locator(".stage").bounding_box()
    page.mouse.move(frame["x"] + 2, frame["y"] + 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] - 2, frame["y"] + frame["height"] - 2, steps=4)
    page.mouse.up()
    count = page.locator(".dot").count()
    assert page.locator(".dot[aria-pressed=true]").count() == count
    before = _places(page)
    page.keyboard.press("ArrowRight")
    assert all(now > then for now, then in zip(_places(page), before, strict=True))
    for _ in range(80):
        page.keyboard.press("Shift+ArrowLeft")
    assert page.locator(".dot.outside").count() == count
    assert all(x >= frame["x"] - 16 for x in _places(page))
    page.keyboard.press("Control+z")


def test_a_result_plays_is_renamed_and_says_its_command(
    screen: Screen, studio: Studio, finished: dict[str, Any]
) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    page.get_by_text("The command that does the same").click()
    assert f"clips/{finished['clips'][0]}/frames" in page.locator(".command").inner_text()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("heading", name=NAME).wait_for()
    assert studio.get(f"/api/runs/{finished['id']}")["name"] == NAME
    assert studio.ask("PATCH", f"/api/runs/{finished['id']}", {"name": finished["name"]}).status == 200


def test_a_result_is_as_large_as_the_window(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    """It was 250 px wide. One pane or four, and the whole screen; a click makes another one large."""
    page = screen.page
    page.set_viewport_size(WINDOW)
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_role("button", name="Pause", exact=True).click()
    result, other = page.locator(".screening.result canvas").all()
    theatre = page.locator(".theatre")

    def height(pane: Any) -> float:
        return float(pane.bounding_box()["height"])

    large = height(result)
    assert large > 0.6 * WINDOW["height"]
    assert page.locator(".screening:visible").count() == 4
    other.click()
    page.wait_for_function("document.querySelectorAll('.screening.result')[1].classList.contains('large')")
    assert height(other) == pytest.approx(large, abs=2)
    assert height(result) < large / 2
    for layout, count in {"all": 4, "results": 2, "alone": 1, "large": 4}.items():
        page.get_by_label("Shown").select_option(layout)
        assert page.locator(".screening:visible").count() == count, layout
        screen.keep(f"result-{layout}")
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement?.classList.contains('player')")
    page.get_by_role("button", name="Leave full screen").wait_for()
    assert height(theatre) > 0.85 * page.evaluate("innerHeight")
    line = page.locator(".transport").bounding_box()
    assert line["y"] + line["height"] <= page.evaluate("innerHeight")
    page.get_by_role("button", name="Leave full screen").click()
    page.wait_for_function("!document.fullscreenElement")


def test_losses_and_troubles_are_said_in_words(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/learning")
    page.locator(".chart").first.wait_for()
    said = page.locator(".chart strong").all_inner_texts()
    assert not {"seg", "dc", "tmp", "sill", "cyc", "d"} & set(said)
    assert not any("silhouettes given" in note for note in page.locator(".notes li").all_inner_texts())
    bad = studio.clip(studio.upload("notavideo.mp4", b"this is no video, whatever its name says")["id"])
    page.goto(f"{studio.address}#/")
    page.get_by_text("Or use one that is already here").first.click()
    trouble = page.locator(".slot").first.locator(".here .trouble", has_text="notavideo").inner_text()
    assert trouble.lower().count("notavideo") == 1
    assert studio.ask("DELETE", f"/api/clips/{bad['id']}").status == 204


def test_what_was_stopped_says_what_it_was_learning(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/learning")
    page.locator(".badge.finished").wait_for()
    run = studio.get(f"/api/runs/{finished['id']}")
    tell = "async (run) => (await import('./net/store.js')).learn('run', run)"
    page.evaluate(tell, {**run, "state": "kept", "progress": {**run["progress"], "stage": "shape"}})
    assert page.locator(".badge.kept").inner_text() == "stopped while learning shapes, and kept"


def test_choices_stand_in_a_persons_order(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    cards = page.locator(".choices > .presets > .card")
    assert cards.locator(".name").all_inner_texts() == ["A quick look", "A good one", "The best"]
    assert cards.first.locator("input").is_checked()
    page.get_by_text("For researchers").click()
    paper = page.locator(".card[data-preset=paper]")
    if paper.locator("input").is_disabled():
        assert "Not on this machine: it needs a GPU" in paper.inner_text()
        asked = {"clips": finished["clips"], "preset": "paper"}
        assert studio.ask("POST", "/api/runs", asked).status == 409
    screen.keep("choices")
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_text("This was a quick look.").wait_for()
    page.get_by_role("button", name="Now the good one").wait_for()
    screen.keep("next")


def test_keypoints_of_the_result_are_moved(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    """What one wants to repair is the result, and not the clip that it was learned from."""
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/edit")
    page.locator(".dot").first.wait_for()
    a, b = finished["names"]
    assert page.get_by_label("What is moved").locator("option:checked").inner_text() == f"{a} moving like {b}"
    page.locator(".editor canvas[data-full=true]").wait_for()
    still = page.evaluate("document.querySelector('.editor canvas').toDataURL()")
    page.locator(".dot").first.focus()
    page.keyboard.press("Control+a")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    page.wait_for_function("(old) => document.querySelector('.editor canvas').toDataURL() !== old", arg=still)
    # One slider away from its rest and back, another that stays; each with undo.
    before = _places(page)
    strength, smoothing = page.get_by_label("Strength of the motion"), page.get_by_label("Smoothing")
    strength.fill("0")
    assert _places(page) != before
    page.get_by_role("button", name="Undo").click()
    assert (strength.input_value(), _places(page)) == ("100", before)
    smoothing.fill("80")
    page.get_by_label("Between keyframes").select_option("ease")
    page.get_by_text(f"Made from {a}, frame").wait_for()
    screen.keep("edit-result")
    page.get_by_role("button", name="Render the edited clip").click()
    page.get_by_role("link", name=f"{a}-moving-like-{b}-edited", exact=False).first.wait_for()
    kept = studio.get(f"/api/runs/{finished['id']}/edits")
    assert set(kept["ab"]) == {"0"}
    assert kept["motion"] == {"ab": {"ease": True, "strength": 1.0, "smoothing": 0.8}}
    asked = studio.get(f"/api/runs/{finished['id']}")["made"][-1]["asked"]
    assert (asked["ease"], asked["smoothing"]) == (True, 0.8)


LINES = """(line) => { const all = [...document.querySelector(line).children].filter((e) => e.checkVisibility());
  return all.filter((e) => e.getBoundingClientRect().top > all[0].getBoundingClientRect().bottom).length; }"""


def test_a_frame_and_its_timeline_are_in_one_window(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    """On Edit the timeline lay below it, and on Result one button stood in a line of its own."""
    page = screen.page
    page.set_viewport_size(WINDOW)
    views = {
        f"#/run/{finished['id']}/edit": (".dot", ".timeline", ".stage"),
        f"#/clip/{finished['clips'][0]}": ("canvas.paint[data-shown='0']", ".timeline", ".paint"),
        f"#/run/{finished['id']}/result": (".player", ".transport", ".screening.large canvas"),
    }
    for address, (ready, line, frame) in views.items():
        page.goto(f"{studio.address}{address}")
        page.locator(ready).first.wait_for()
        place = page.locator(line).bounding_box()
        assert place["y"] + place["height"] <= WINDOW["height"], address
        assert page.locator(frame).first.bounding_box()["height"] >= 200, address
        assert page.evaluate(LINES, line) == 0, address


def test_on_a_phone_the_drawn_picture_is_above_the_dots(
    screen: Screen, studio: Studio, finished: dict[str, Any]
) -> None:
    """What comes of a drag was below the finger, out of sight."""
    page = screen.page
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(f"{studio.address}#/run/{finished['id']}/edit")
    page.locator(".dot").first.wait_for()
    drawn, dots = (page.locator(each).bounding_box() for each in (".editor canvas", ".stage"))
    assert drawn["y"] + drawn["height"] <= dots["y"]


def test_a_slow_line_is_waited_for(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    """It played on, in black."""
    page = screen.page
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/results/**", hold)
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_text("Loading the frames…").wait_for()
    page.wait_for_timeout(300)  # of 200 that the clip lasts
    page.get_by_text("1 / 5").wait_for()
    page.unroute("**/results/**", hold)  # what is held goes on with it
    page.get_by_text("Loading the frames…").wait_for(state="hidden")
    page.wait_for_function("!document.querySelector('.transport output').textContent.startsWith('1 /')")


SAY = "async (kind) => (await import('./dom.js')).notice('the silhouettes of cat are found', 'Check them.', kind)"
COVERED = """() => {
  const said = document.querySelector('.notice').getBoundingClientRect();
  const all = document.querySelectorAll('a, button, input, select, summary, label, h1, canvas');
  const under = [...all].filter((each) => {
    const { left, right, top, bottom, width } = each.getBoundingClientRect();
    const apart = right <= said.left || left >= said.right || bottom <= said.top || top >= said.bottom;
    return !apart && width > 0 && !each.closest('.notice') && each.checkVisibility() && !each.matches('.skip'); });
  return under.map((each) => each.outerHTML.slice(0, 120)); }"""


def test_a_notice_covers_nothing(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    """It lay over the tabs of a run for six seconds, and an error over "Begin learning"."""
    page = screen.page
    run = f"#/run/{finished['id']}"
    views = {
        "#/": ".slot",
        "#/runs": ".run",
        "#/animate": ".slot",
        f"{run}/learning": ".chart",
        f"{run}/result": ".transport",
        f"{run}/edit": ".dot",
        f"#/clip/{finished['clips'][0]}": ".paint",
    }
    for view, ready in views.items():
        page.goto(f"{studio.address}{view}")
        page.locator(ready).first.wait_for()
        for kind in ("good", "error"):
            page.evaluate(SAY, kind)
            page.locator(f".notice.{kind}").wait_for()
            for width in (1000, 1280, 1900):
                page.set_viewport_size({**WINDOW, "width": width})
                assert page.evaluate(COVERED) == [], (view, kind, width)
                screen.keep(f"notice-{kind}-{width}-{ready[1:]}")
            page.locator(f".notice.{kind} p").click()
            page.locator(f".notice.{kind}").wait_for(state="detached")


def test_on_a_phone_a_notice_is_pressed_away(screen: Screen) -> None:
    page = screen.page
    page.set_viewport_size({"width": 360, "height": 780})
    page.evaluate(SAY, "good")
    page.locator(".notice").click()
    page.locator(".notice").wait_for(state="detached")


def test_an_error_leaves_by_itself(screen: Screen) -> None:
    page = screen.page
    page.clock.install()
    page.evaluate(SAY, "error")
    page.locator(".notice.error").wait_for()
    page.clock.fast_forward(21_000)
    page.locator(".notice.error").wait_for(state="detached")


def test_a_line_is_wiped_between_driving_and_result(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_label("Wipe", exact=True).check()
    driving = page.locator(".player figure").nth(0)
    result = page.locator(".player figure").nth(1)
    assert not driving.is_visible()
    shown = "document.querySelectorAll('.player canvas')[1].toDataURL()"
    line = page.get_by_label("How much of the driving clip is seen")
    assert line.input_value() == "0.5"
    page.wait_for_timeout(300)
    half = page.evaluate(shown)
    place = result.locator("canvas").bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] / 2 + 60, place["y"] + place["height"] / 2, steps=3)
    page.mouse.up()
    assert float(line.input_value()) > 0.55
    page.wait_for_function(f"(old) => {shown} !== old", arg=half)
    screen.keep("wipe")
    page.get_by_label("Wipe", exact=True).uncheck()
    assert driving.is_visible()


def test_silhouettes_are_stepped_through_and_doubts_are_found(
    screen: Screen, studio: Studio, finished: dict[str, Any]
) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/clip/{finished['clips'][0]}")
    page.locator("canvas.paint[data-shown='0']").wait_for()
    page.get_by_role("button", name="One frame on").click()
    page.get_by_text("2 of 5").wait_for()
    page.get_by_role("button", name="One frame back").click()
    page.get_by_text("1 of 5").wait_for()
    clip = studio.get(f"/api/clips/{finished['clips'][0]}")
    tell = "async (clip) => (await import('./net/store.js')).learn('clip', clip)"
    page.evaluate(tell, {**clip, "doubtful": [1, 3]})
    for seen in (2, 4, 2):
        page.get_by_role("button", name="Next doubtful frame (2)").click()
        page.get_by_text(f"{seen} of 5").wait_for()


def test_clicks_add_and_take_away_and_the_frame_is_zoomed_into(
    screen: Screen, studio: Studio, finished: dict[str, Any]
) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/clip/{finished['clips'][0]}")
    canvas = page.locator("canvas.paint[data-shown='0']")
    canvas.wait_for()
    drawn = "document.querySelector('.paint').toDataURL()"
    looks = {page.evaluate(drawn)}
    for overlay in ("outline", "fill"):
        page.get_by_label("Show the silhouette as").select_option(overlay)
        looks.add(page.evaluate(drawn))
    assert len(looks) == 3

    # A corner of the frame is ground: a click there takes in all that looks like it, and another gives it back.
    screen.agrees = True
    page.get_by_text("Click to add").click()
    canvas.click(position={"x": 4, "y": 4})
    page.mouse.move(0, 0)
    added = page.evaluate(drawn)
    assert added not in looks
    page.get_by_text("Click to remove").click()
    canvas.click(position={"x": 4, "y": 4})
    page.mouse.move(0, 0)
    assert page.evaluate(drawn) != added
    page.get_by_role("button", name="Undo the last stroke").click()
    assert page.evaluate(drawn) == added
    page.get_by_role("button", name="Undo the last stroke").click()
    assert page.evaluate(drawn) in looks

    before, window = canvas.bounding_box(), page.locator(".zoomed").bounding_box()
    page.get_by_label("Zoom").fill("3")
    assert canvas.bounding_box()["width"] == pytest.approx(3 * before["width"], rel=0.02)
    assert page.locator(".zoomed").bounding_box()["height"] == pytest.approx(window["height"], abs=2)
    screen.keep("zoomed")
    page.get_by_label("Zoom").fill("1")
    assert canvas.bounding_box()["width"] == pytest.approx(before["width"], rel=0.02)
