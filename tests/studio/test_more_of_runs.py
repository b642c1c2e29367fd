"""Runs compared, duplicated, told of when they end; and models that learn from several videos."""

from collections.abc import Iterator
from typing import Any

import pytest
from open_studio import Studio
from watched_page import Screen, open_screen

TINY = {
    "size": 32,
    "keypoints": 3,
    "detector.width": 8,
    "detector.max_width": 16,
    "detector.blocks": 2,
    "motion.width": 8,
    "motion.max_width": 16,
    "motion.blocks": 2,
    "generator.width": 8,
    "generator.max_width": 16,
    "generator.blocks": 1,
    "training.steps": 2,
    "training.batch": 2,
}
LEARN = "async (run) => (await import('./net/store.js')).learn('run', run)"
SETTLED = """() => performance.getEntriesByType('resource')
  .filter((e) => /api[/](clips|runs|models|animations)$/.test(e.name)).length >= 8"""
"""All was asked for twice, at the start and once the line of events was open: what a test tells the page stays."""
NOTICES = """
window.told = [];
window.Notification = class { constructor(title, { body }) { window.told.push([title, body]); } };
window.Notification.permission = "granted";
window.Notification.requestPermission = async () => "granted";
"""


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    with open_screen(chromium, studio.address, viewport={"width": 1280, "height": 800}) as made:
        yield made


def test_runs_stand_side_by_side_and_are_laid_out_again(
    screen: Screen, studio: Studio, finished: dict[str, Any]
) -> None:
    page = screen.page
    page.wait_for_function(SETTLED)
    page.evaluate(LEARN, {**finished, "id": "abcdefabcdef", "name": "Another one"})
    page.evaluate("(number) => { location.hash = `#/run/${number}/result`; }", finished["id"])
    beside = page.get_by_role("link", name="Compare with another run")
    assert beside.get_attribute("href") == f"#/compare/{finished['id']}"
    page.goto(f"{studio.address}#/compare/{finished['id']}/{finished['id']}")
    page.locator(".compared").wait_for()
    assert page.locator(".screening:visible").count() == 2
    a, b = finished["names"]
    page.get_by_label("Which result").select_option(label=f"{b} moving like {a}")
    page.locator(".player figcaption", has_text=a).first.wait_for()
    assert page.locator(".compared tr", has_text="Preset").locator("td").all_inner_texts() == ["smoke", "smoke"]
    sharp = f"{round(100 * finished['figures']['sharpness_a'])} %"
    sharpness = page.locator(".compared tr", has_text="Sharpness of the result, first subject").locator("td")
    assert sharpness.all_inner_texts() == [sharp, sharp], "how it looks counts, too"
    screen.keep("compare")

    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_role("button", name="Duplicate").click()
    page.get_by_text("in the form again").wait_for()
    assert page.get_by_label("Name of this run").input_value() == f"{finished['name']}, again"
    assert "texture.steps=2" in page.get_by_label("Settings by name").input_value()
    assert page.locator(".card[data-preset=smoke] input").is_checked()
    assert page.get_by_role("button", name="Begin learning").is_enabled()


def test_after_a_quick_look_the_good_one_waits_for_its_turn(
    screen: Screen, studio: Studio, finished: dict[str, Any]
) -> None:
    """The same clips and silhouettes; a run that waits says so, and can be deleted."""
    page = screen.page
    page.wait_for_function(SETTLED)
    asked: list[Any] = []
    queued = {**finished, "id": "abcdefabcde0", "name": "Later", "state": "queued", "progress": {}}

    def answer(route: Any) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(status=201, json=queued)

    page.route("**/api/runs", lambda route: answer(route) if route.request.method == "POST" else route.fallback())
    page.route("**/abcdefabcde*/curves", lambda route: route.fulfill(json={}))
    page.evaluate(LEARN, {**finished, "id": "abcdefabcdef", "name": "Another one", "state": "training"})
    page.evaluate("(number) => { location.hash = `#/run/${number}/result`; }", finished["id"])
    page.get_by_role("button", name="Now the good one").click()
    page.get_by_text("Later waits until the run before it is done").wait_for()
    assert [(each["clips"], each["preset"]) for each in asked] == [(finished["clips"], "draft")]
    page.get_by_text("Waiting for the run before it.").wait_for()
    page.get_by_role("button", name="Delete", exact=True).wait_for()


def test_the_command_is_copied(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{studio.address}#/run/{finished['id']}/result")
    page.get_by_text("The command that does the same").click()
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("The command is copied").wait_for()
    said = page.evaluate("navigator.clipboard.readText()")
    assert said == page.locator(".command").inner_text()
    assert said.startswith("muybridge retarget ")


def test_a_batch_is_begun_and_stopped_on_the_page(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.goto(f"{studio.address}#/runs")
    page.get_by_role("link", name="Batches").click()
    begin = page.get_by_role("button", name="Begin the batch")
    assert begin.is_disabled()
    for name in finished["names"]:
        page.get_by_role("checkbox", name=name).first.check()
    page.get_by_text("1 pair").wait_for()
    page.get_by_label("Name of this batch").fill("From the page")
    begin.click()
    page.get_by_role("heading", name="From the page", level=1).wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Continue").wait_for()
    screen.keep("batch-begun")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Batches", level=1).wait_for()
    assert "From the page" not in [batch["name"] for batch in studio.get("/api/batches")]


def test_whoever_asks_is_told_when_a_training_ends(screen: Screen, studio: Studio, finished: dict[str, Any]) -> None:
    page = screen.page
    page.add_init_script(NOTICES)
    number = "abcdefabcdef"
    page.reload()
    page.locator(".slot").first.wait_for()
    page.wait_for_function(SETTLED)
    page.evaluate(LEARN, {**finished, "id": number, "state": "training", "sample": False})
    page.evaluate("(number) => { location.hash = `#/run/${number}/learning`; }", number)
    page.get_by_label("Tell me when it ends").check()
    listens = "async () => (await import('./parts/end-notice.js')).listens()"
    assert page.evaluate(listens), "a tab that is not seen goes on listening"
    page.evaluate(LEARN, {**finished, "id": number, "state": "finishing"})
    assert page.evaluate("told") == []
    page.evaluate(LEARN, {**finished, "id": number, "state": "finished"})
    assert page.evaluate("told") == [[finished["name"], "Finished."]]
    assert not page.evaluate(listens)
    # Of a run that is only in this page, nothing can be fetched.
    screen.wrong = [said for said in screen.wrong if number not in said]


def test_a_model_learns_from_several_videos_and_moves_a_picture(
    screen: Screen, studio: Studio, finished: dict[str, Any]
) -> None:
    clips = finished["clips"]
    asked = {"method": "fomm", "clips": clips, "preset": "smoke", "set": TINY, "name": "Two animals"}
    for wrong, said in ({"clips": [clips[0]] * 2}, "twice"), ({"method": "jokr", "set": {}, "clips": clips[:1]}, "two"):
        refused = studio.ask("POST", "/api/runs", {**asked, **wrong})
        assert refused.status == 409
        assert said in refused.json["message"]

    answer = studio.ask("POST", "/api/runs", asked)
    assert answer.status == 201, answer.body
    page = screen.page
    page.goto(f"{studio.address}#/animate")
    number = answer.json["id"]
    run = studio.wait(f"/api/runs/{number}", lambda r: r["state"] in ("finished", "failed"))
    assert run["state"] == "finished", run
    card = page.locator(".model", has_text="Two animals")
    card.wait_for()
    assert "fomm, 32 px, trained here" in card.inner_text()

    page.get_by_text("Train one here", exact=True).click()
    form = page.locator(".train")
    begin = form.get_by_role("button", name="Begin learning")
    assert begin.is_disabled()
    form.get_by_role("checkbox", name=finished["names"][0]).first.check()
    assert begin.is_enabled()
    screen.keep("train-a-model")

    before = {clip["id"] for clip in studio.get("/api/clips")}
    page.get_by_role("button", name="Use two puppets").click()
    page.get_by_text("Drop a picture here").wait_for(state="detached")
    drawn = [clip["id"] for clip in studio.get("/api/clips") if clip["id"] not in before]
    assert page.evaluate("Object.values(JSON.parse(localStorage.still)).sort()") == sorted(drawn)
    for clip in drawn:
        studio.ask("DELETE", f"/api/clips/{clip}")

    moved = {"model": number, "picture": clips[0], "driving": clips[1]}
    made = studio.ask("POST", "/api/animations", moved)
    assert made.status == 201, made.body
    done = studio.wait(f"/api/animations/{made.json['id']}", lambda a: a["state"] in ("done", "failed"))
    assert done["state"] == "done", done
    page.goto(f"{studio.address}#/run/{number}")
    page.get_by_role("link", name="Use it to move a picture").wait_for()
    assert page.locator(".tabs").inner_text() == "Learning"
    # Only now, when no view asks for it any more.
    assert studio.ask("DELETE", f"/api/animations/{made.json['id']}").status == 204
    assert studio.ask("DELETE", f"/api/runs/{number}").status == 204
    assert number not in [model["id"] for model in studio.get("/api/models")]
