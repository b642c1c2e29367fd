"""A page that is watched while it is used: what goes wrong on it, and what is wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chromium import pictures

SLOW = 90_000
"""Milliseconds for what starts a process."""
NAMELESS = """() => [...document.querySelectorAll('button, a[href], input, select, canvas[role], progress')]
  .filter((e) => e.checkVisibility() && !e.closest('[aria-hidden=true]'))
  .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))
  .map((e) => e.outerHTML.slice(0, 120))"""
FAINT = """() => {
  const numbers = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (let n = e; n; n = n.parentElement) {
    const c = numbers(getComputedStyle(n).backgroundColor); if ((c[3] ?? 1) === 1) return c; }
    return [255, 255, 255]; };
  return [...document.querySelectorAll('main *, header *, footer *')].filter((e) => e.checkVisibility()
      && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())
      && !e.closest(':disabled, .off, .dot, option, [aria-disabled=true]'))
    .map((e) => { const [x, y] = [light(numbers(getComputedStyle(e).color)), light(behind(e))];
      return [(Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05), e.outerHTML.slice(0, 100)]; })
    .filter(([ratio]) => ratio < 4.5); }"""


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
