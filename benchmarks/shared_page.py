"""What a shared page costs and how near it is to `edit`: bytes, time to the first picture, poses a second, dB.

    muybridge share RUN --out page.html
    python benchmarks/shared_page.py RUN page.html

Needs Chromium and playwright. Poses are drawn on the page one after the other as while somebody drags, each waiting for
the one before, and whole once the dot is let go; those are drawn again in Python, of the same keypoints. Beside the
clock's time stands the processor's, of the process that shows the page: beside other work, only that means something.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import muybridge
from muybridge.methods.jokr.drawing import render_apart
from muybridge.output.animation import contrast_of

STAGE = ".stage canvas"
NUDGES = 8
POSES = 4
SECONDS = 6.0


def processor_seconds() -> float:
    """Of the processes that show pages in the browser that this one started."""
    spent = 0.0
    for child in psutil.Process().children(recursive=True):
        if "--type=renderer" in child.cmdline():
            spent += sum(child.cpu_times()[:2])
    return spent


def look(page: Page) -> tuple[np.ndarray, list[float]]:
    """The whole picture on the stage, and the keypoints that it is drawn of."""
    page.locator(f"{STAGE}[data-whole=yes]").wait_for(timeout=300_000)
    address, points = page.locator(STAGE).evaluate("(canvas) => [canvas.toDataURL(), canvas.dataset.points]")
    picture = Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB")
    return np.asarray(picture, np.float64), json.loads(points)


def drag(page: Page, dot: int, way: tuple[float, float], steps: int) -> list[int]:
    """Milliseconds of each quick picture while a dot is dragged; the next move waits for the picture of the last."""
    held = page.locator(f".dot[data-point='{dot}']")
    held.scroll_into_view_if_needed()
    place = held.bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    taken = []
    for step in range(1, steps + 1):
        before = page.locator(STAGE).get_attribute("data-pictures")
        page.mouse.move(x + way[0] * step / steps, y + way[1] * step / steps)
        page.locator(f"{STAGE}:not([data-pictures='{before}'])").wait_for(timeout=300_000)
        taken.append(int(page.locator(STAGE).get_attribute("data-milliseconds") or 0))
    page.mouse.up()
    return taken


def decibels(method: Any, data: Any, side: str, start: list[float], points: list[float], seen: np.ndarray) -> float:
    """How near the page's picture is to Python's, over the crop, on the same grey."""
    way = tuple(torch.tensor(each).view(1, -1, 2) for each in (start, points))
    rgba = next(iter(render_apart(method, data, side, [way], 1)))[0]
    values = rgba.double().permute(1, 2, 0).numpy() / 255
    behind = np.array(contrast_of(data.subject(side)))
    right = (behind * (1 - values[..., 3:]) + values[..., :3] * values[..., 3:]) * 255
    if data.subject(side).flip:
        right = right[:, ::-1]
    return float(10 * np.log10(255**2 / np.mean((right - seen) ** 2)))


def play(page: Page) -> tuple[float, float]:
    """Poses that are drawn in a second while the motion plays, and processor seconds of each."""
    page.get_by_role("button", name="Play the motion").click()
    page.wait_for_timeout(1000)
    before, spent, begun = count(page), processor_seconds(), time.monotonic()
    page.wait_for_timeout(1000 * SECONDS)
    drawn, taken = count(page) - before, time.monotonic() - begun
    spent = processor_seconds() - spent
    page.get_by_role("button", name="Pause the motion").click()
    return drawn / taken, spent / max(1, drawn)


def count(page: Page) -> int:
    """Pictures that the stage has shown."""
    return int(page.locator(STAGE).get_attribute("data-pictures") or 0)


def try_view(page: Page, fitted: Any, name: str) -> None:
    """Drag keypoints of a view on some frames, and print what that took and gave."""
    page.get_by_label("What is moved").select_option(name)
    slider = page.get_by_label("Frame of the driving motion")
    frames = int(slider.get_attribute("max") or 0)
    look(page)
    # The first of each kind opens its networks.
    drag(page, 0, (3, 3), 2)
    look(page)

    near: list[float] = []
    quick: list[int] = []
    whole: list[int] = []
    spent = 0.0
    for pose in range(POSES):
        page.get_by_role("button", name="Reset").click()
        slider.fill(str(frames * (2 * pose + 1) // (2 * POSES)))
        _, start = look(page)
        before = processor_seconds()
        quick += drag(page, (7 * pose) % (len(start) // 2), (25 - 14 * pose, -30 + 9 * pose), NUDGES)
        spent += processor_seconds() - before
        seen, points = look(page)
        whole.append(int(page.locator(STAGE).get_attribute("data-milliseconds") or 0))
        near.append(decibels(fitted.method, fitted.data, name[0], start, points, seen))

    rate, each_took = play(page)
    quick.sort()
    middle = quick[len(quick) // 2]
    print(
        f"{name}: {rate:.1f} poses/s playing ({1000 * each_took:.0f} processor ms each); one after the other median "
        f"{middle} ms, least {quick[0]} ms ({1000 * spent / len(quick):.0f} processor ms); whole {min(whole)} to "
        f"{max(whole)} ms; " + " ".join(f"{each:.1f}" for each in near) + " dB",
        flush=True,
    )


def main(run: str, page_file: str) -> None:
    """Print the figures."""
    page_path = Path(page_file).resolve()
    fitted = muybridge.load(run, device="cpu")
    with sync_playwright() as played:
        rights = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = played.chromium.launch(executable_path=shutil.which("chromium"), args=["--disable-gpu", *rights])
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
        page.goto(page_path.as_uri())
        page.locator("body[data-ready]").wait_for(state="attached", timeout=300_000)
        ready = page.locator("body").get_attribute("data-ready")
        print(f"page {page_path.stat().st_size / 1e6:.1f} MB; first drawn picture after {ready} ms", flush=True)
        for name in ("ab", "ba"):
            try_view(page, fitted, name)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
