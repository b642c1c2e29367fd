"""A page that is watched while it is used: what goes wrong on it, and what is wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chromium import pictures

SLOW = 90_000
"""Milliseconds for what starts a process."""
CONTRAST = {"runOnly": ["color-contrast"]}
"""For axe: what differs between light and dark, and nothing else."""


def find_violations(page: Any, options: dict[str, Any] | None = None) -> list[str]:
    """What axe-core finds wrong for people who see, hear or move otherwise: one line for each rule and element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = axe.Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


class Screen:
    """A page that remembers what went wrong on it, and keeps pictures where somebody wants them."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.agrees = True
        """Whether the person says yes to what the page asks."""
        self.questions: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        # Chromium notes each refusal in the console, without saying of what.
        page.on(
            "console",
            lambda said: said.type == "error" and "Failed to load" not in said.text and self.wrong.append(said.text),
        )
        page.on("response", self._refused)
        page.on("request", lambda asked: self._local(asked.url))
        page.on("dialog", self._answer)

    def _answer(self, dialog: Any) -> None:
        self.questions.append(dialog.message)
        if self.agrees:
            dialog.accept()
        else:
            dialog.dismiss()

    def _local(self, address: str) -> None:
        if not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")):
            self.wrong.append(f"asked {address}")

    def _refused(self, answer: Any) -> None:
        if answer.status >= 400 and answer.status != 409:
            asked = answer.request
            self.wrong.append(f"{asked.method} {asked.url} {answer.status} {asked.post_data or ''}"[:400])

    def keep(self, name: str) -> None:
        place = pictures()
        if place is not None:
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=place / f"{name}.png", full_page=True)


@contextmanager
def open_screen(chromium: Any, address: str, **options: Any) -> Iterator[Screen]:
    """The studio's start page in a context of its own; at the end, nothing may have gone wrong on it.

    options  of the browser's context
    """
    context = chromium.new_context(**options)
    context.set_default_timeout(SLOW)
    made = Screen(context.new_page())
    made.page.goto(address)
    made.page.get_by_role("heading", level=1).wait_for()
    yield made
    context.close()
    assert made.wrong == []
