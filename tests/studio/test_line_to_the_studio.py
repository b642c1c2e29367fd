"""The page while the studio comes, goes, and is started anew; and how little of it a hidden tab takes."""

from collections.abc import Iterator
from typing import Any

import pytest
from chromium import browser
from open_studio import Studio

WATCHED = """window.lines = [];
window.EventSource = class extends EventSource { constructor(at) { super(at); window.lines.push(this); } };"""
OPEN = "() => lines.filter((line) => line.readyState === 1).length === "
SEEN = """(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
document.dispatchEvent(new Event('visibilitychange')); }"""


@pytest.fixture
def page(studio: Studio) -> Iterator[Any]:
    with browser() as started:
        made = started.new_page()  # type: ignore[attr-defined]
        made.add_init_script(WATCHED)
        yield made


def test_the_page_waits_for_the_studio_and_says_when_it_was_started_anew(page: Any, studio: Studio) -> None:
    page.route("**/api/runs", lambda route: route.abort())
    page.goto(studio.address)
    page.get_by_text("The studio does not answer. This page goes on by itself").wait_for()
    page.unroute("**/api/runs")
    page.get_by_role("heading", level=1).wait_for()
    assert page.locator("#away").is_hidden()
    page.wait_for_function(OPEN + "1")
    page.evaluate(SEEN, True)
    page.wait_for_function(OPEN + "0")
    page.route("**/api/**", lambda route: route.fulfill(status=403, body="This studio asks for its token."))
    page.evaluate(SEEN, False)
    page.locator("#away", has_text="The studio was restarted. Open the address that it printed.").wait_for()
    page.unroute("**/api/**")
    with page.expect_response("**/api/runs"):  # what happened meanwhile
        page.locator("#away").wait_for(state="hidden")
    page.wait_for_function(OPEN + "1")
