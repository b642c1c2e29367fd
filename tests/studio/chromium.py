"""Debian's Chromium, driven as a person would."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
)
# A file falls on a place of the page: its name, its type, and what is in it as base64.
DROP = """(place, [name, type, content]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, { type }));
  place.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried })); }"""
FOUND = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


@contextmanager
def browser(*options: str) -> Iterator[object]:
    """A Playwright browser, started with more options; the test is skipped where there is none."""
    driver = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    if FOUND is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    rights = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with driver.sync_playwright() as played:
        launched = played.chromium.launch(executable_path=FOUND, args=[*QUIET, *rights, *options])
        try:
            yield launched
        finally:
            launched.close()


def pictures() -> Path | None:
    """Where screenshots are kept to be looked at, where somebody wishes: MUYBRIDGE_SCREENSHOTS."""
    place = os.environ.get("MUYBRIDGE_SCREENSHOTS")
    if place is None:
        return None
    Path(place).mkdir(parents=True, exist_ok=True)
    return Path(place)
