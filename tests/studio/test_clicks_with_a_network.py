"""Clicks on a frame where a segmentation network's file is there: what it sees is added, or taken away."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from chromium import browser
from open_studio import Studio, opened
from watched_page import open_screen

from muybridge.video import Timing, write
from tiny_segmenter import BLUE, RED, save_classes

H, W, FRAMES = 96, 128, 3
CAT, NEAR, FAR = (40, 48), (92, 48), (108, 48)
"""Places x, y: in the cat, and in the two halves of the person, which differ in colour."""


def _film(path: Path) -> bytes:
    """A red cat, and a person whose right half is another blue, on grey squares."""
    frames = []
    for at in range(FRAMES):
        rows, columns = np.mgrid[:H, :W]
        frame = np.repeat(np.where((rows // 7 + columns // 7) % 2 == 0, 70, 150)[..., None], 3, 2).astype(np.uint8)
        cv2.circle(frame, (CAT[0] + at, CAT[1]), 26, RED, -1)
        cv2.rectangle(frame, (84, 30), (99, 66), BLUE, -1)
        cv2.rectangle(frame, (100, 30), (115, 66), (100, 20, 220), -1)
        frames.append(torch.from_numpy(frame).permute(2, 0, 1))
    return write(path, frames, Timing.constant(FRAMES)).read_bytes()


def _silhouette(studio: Studio, clip: str) -> np.ndarray:
    sent = studio.ask("GET", f"/api/clips/{clip}/silhouettes/0").body
    return cv2.imdecode(np.frombuffer(sent, np.uint8), cv2.IMREAD_GRAYSCALE)


def test_a_click_takes_what_the_network_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    network = save_classes(tmp_path / "cache" / "deeplab-colours.onnx")
    with opened(tmp_path / "studio") as studio, browser() as chromium:
        assert studio.get("/api/about")["segments"]
        clip = studio.clip(studio.upload("two.mp4", _film(tmp_path / "two.mp4"))["id"])["id"]
        found = _silhouette(studio, clip)
        assert [bool(found[place[::-1]]) for place in (CAT, NEAR)] == [True, False]
        with open_screen(chromium, studio.address) as screen:
            page = screen.page
            page.goto(f"{studio.address}#/clip/{clip}")
            canvas = page.locator("canvas.paint[data-shown='0']")
            canvas.wait_for()
            scale = canvas.bounding_box()["width"] / W
            undo = page.get_by_role("button", name="Undo the last stroke")
            for tool, (x, y) in (("Click to add", NEAR), ("Click to remove", CAT)):
                page.get_by_text(tool).click()
                before = page.evaluate("document.querySelector('.paint').toDataURL()")
                canvas.click(position={"x": x * scale, "y": y * scale})
                changed = "(old) => document.querySelector('.paint').toDataURL() !== old"
                page.mouse.move(0, 0)
                page.wait_for_function(changed, arg=before)
                page.get_by_text("Looking at what is there").wait_for(state="hidden")
            assert undo.get_attribute("aria-disabled") is None
            page.get_by_role("button", name="Apply to the other frames").click()
            page.locator(".notice.good", has_text="silhouettes of all frames are updated").wait_for()

        seen = _silhouette(studio, clip)
        # Both halves of the person, which colour alone would not have taken together.
        assert [bool(seen[place[::-1]]) for place in (CAT, NEAR, FAR)] == [False, True, True]
        # A file that is no network is said, and not passed over.
        network.write_bytes(b"no network")
        answer = studio.ask("GET", f"/api/clips/{clip}/parts/1")
        assert answer.status == 400
        assert "deeplab-colours.onnx is not an ONNX network" in answer.json["message"]
        assert studio.ask("GET", f"/api/clips/{clip}/parts/{FRAMES}").status == 404
