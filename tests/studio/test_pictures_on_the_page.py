"""On the page: a checkpoint imported, a picture and a video uploaded, animated, downloaded; and a camera followed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import browser
from open_studio import Studio
from tiny_runs import save_checkpoint
from watched_page import CONTRAST, SLOW, Screen, find_violations

from muybridge.puppets import scene
from muybridge.video import Timing, read, write

FRAMES = 4
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SHOWN = "(count) => Number(document.querySelector('.live [data-shown]')?.dataset.shown ?? 0) >= count"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser(*CAMERA) as started:
        yield started


@pytest.fixture
def screen(chromium: Any, studio: Studio) -> Iterator[Screen]:
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.set_default_timeout(SLOW)
    made = Screen(context.new_page())
    made.page.goto(studio.address)
    made.page.get_by_role("link", name="Animate").click()
    made.page.get_by_role("heading", name="Let a picture follow a video").wait_for()
    yield made
    context.close()
    assert made.wrong == []


def test_a_picture_follows_a_video_and_a_camera(screen: Screen, studio: Studio, tmp_path: Path) -> None:
    page = screen.page
    drawn = scene("gif", FRAMES, 64)
    photo = write(tmp_path / "elephant.png", drawn.a.pixels[:1], Timing.constant(1))
    walk = write(tmp_path / "giraffe.mp4", drawn.b.pixels, drawn.b.timing)
    checkpoint = save_checkpoint(tmp_path / "shapes.pth")
    (tmp_path / "page.pth").write_bytes(b"<html><title>Quota exceeded</title>quota</html>")
    page.get_by_text("Import a checkpoint", exact=True).click()
    page.get_by_label("Checkpoint", exact=True).set_input_files(tmp_path / "page.pth")
    page.get_by_role("button", name="Import it").click()
    page.get_by_text("the shared drive's download quota was exhausted").wait_for()
    page.get_by_role("button", name="Delete page").click()
    page.get_by_label("Checkpoint", exact=True).set_input_files(checkpoint)
    page.get_by_label("Name of this run").fill("Small shapes")
    page.get_by_role("button", name="Import it").click()
    page.get_by_role("radio", name="Small shapes").check()
    page.locator("input[type=file]#file-picture").set_input_files(photo)
    page.locator("input[type=file]#file-driving").set_input_files(walk)
    page.get_by_role("img", name="giraffe, playing").wait_for()
    page.get_by_role("img", name="elephant", exact=True).wait_for()
    _are_without_silhouettes(studio)
    _film(screen)
    page.emulate_media(reduced_motion="no-preference")
    page.get_by_label("What carries over").select_option("standard")
    page.get_by_role("button", name="Animate", exact=True).click()
    page.get_by_role("heading", name="elephant moving like giraffe").wait_for()
    page.get_by_role("button", name="Pause", exact=True).click()  # it plays when it opens
    page.get_by_label("Frame", exact=True).fill("0")
    page.get_by_role("button", name="One frame on").click()
    page.get_by_text(f"2 / {FRAMES}").wait_for()
    page.get_by_role("button", name="Make the file").click()
    for suffix in ("mp4", "gif"):
        with page.expect_download() as fetched:
            page.get_by_role("link", name=f"elephant-moving-like-giraffe.{suffix}", exact=True).click()
        fetched.value.save_as(tmp_path / f"kept.{suffix}")
        clip = read(tmp_path / f"kept.{suffix}")
        assert (len(clip), clip.width, clip.height) == (FRAMES, 64, 64)
    screen.keep("animate-3-result")
    _looks(screen)
    page.get_by_role("link", name="Make another one").click()
    page.get_by_role("heading", name="Made so far").wait_for()
    screen.keep("animate-4-again")
    _looks(screen)
    page.get_by_role("button", name="Delete elephant moving like giraffe").click()
    page.get_by_role("heading", name="Made so far").wait_for(state="hidden")


def _are_without_silhouettes(studio: Studio) -> None:
    # Other tests leave clips that failed in the same studio.
    clips = [clip for clip in studio.get("/api/clips") if clip["state"] != "failed"]
    mine = [clip for clip in clips if clip["use"] in ("picture", "driving")]
    assert sorted((clip["use"], clip["state"], clip["version"]) for clip in mine) == [
        ("driving", "ready", 0),
        ("picture", "ready", 0),
    ]
    refused = studio.ask("POST", "/api/runs", {"clips": [clip["id"] for clip in mine]})
    assert refused.status == 409
    assert "no silhouettes" in refused.json["message"]


def _film(screen: Screen) -> None:
    page = screen.page
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_function(SHOWN, arg=2)
    assert "frames a second" in page.locator(".live .rate").inner_text()
    before = page.evaluate("document.querySelector('.live [data-shown]').toDataURL()")
    page.get_by_role("button", name="Start from this pose").click()
    shown = page.evaluate("Number(document.querySelector('.live [data-shown]').dataset.shown)")
    page.wait_for_function(SHOWN, arg=shown + 6)
    assert page.evaluate("document.querySelector('.live [data-shown]').toDataURL()") != before
    screen.keep("animate-2-camera")
    _looks(screen)
    page.get_by_role("button", name="Stop the camera").click()
    page.locator(".live").wait_for(state="detached")


def _looks(screen: Screen) -> None:
    """Nothing that axe finds, in both colours, and a phone's width."""
    page = screen.page
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # colours change at once
    assert find_violations(page, CONTRAST) == []
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert find_violations(page) == []
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1200, "height": 900})


ENCODING, DRAWING = 400, 50
SLOW_CAMERA = """async ([encoding, drawing]) => {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (...said) { setTimeout(() => post.apply(this, said), encoding); };
  const canvas = new OffscreenCanvas(8, 8);
  canvas.getContext('2d');
  const picture = await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer();
  window.WebSocket = class {
    static OPEN = 1;
    readyState = 1;
    constructor() { setTimeout(() => this.onopen()); }
    send(said) {
      const answer = typeof said === 'string' ? JSON.stringify({ ready: true }) : picture.slice(0);
      setTimeout(() => this.onmessage({ data: answer }), drawing); }
    close() {} };
  const { camera } = await import('/parts/camera.js');
  const wish = { picture: { id: 'x', name: 'elephant', width: 64, height: 64 }, model: { id: 'y' }, mode: 'relative' };
  const place = document.querySelector('main').appendChild(document.createElement('div'));
  window.leave = new AbortController();
  await camera(place, window.leave.signal, wish, document.createElement('button')); }"""


def test_a_camera_s_delay_counts_the_time_of_encoding(screen: Screen) -> None:
    """It was told from when the JPEG was made: 0.8 frames a second were called 287 ms late."""
    page = screen.page
    page.evaluate(SLOW_CAMERA, [ENCODING, DRAWING])
    page.wait_for_function(SHOWN, arg=4)
    rate, behind = re.findall(r"[0-9.]+", page.locator(".live .rate").inner_text())
    assert float(behind) >= ENCODING + DRAWING
    # One frame is on its way at a time, so that there are no more of them than their delay allows.
    assert float(rate) <= 1000 / (ENCODING + DRAWING)
    page.evaluate("leave.abort()")
    page.locator(".live").wait_for(state="detached")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))",
            "refused",
        ),
        ("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})", "only to pages of this machine"),
    ],
)
def test_without_a_camera_there_is_a_sentence(screen: Screen, spoil: str, said: str) -> None:
    page = screen.page
    page.evaluate(f"() => {{ {spoil}; }}")
    # Whatever is chosen on the page, the camera is asked for first.
    page.evaluate(
        """async () => { const { camera } = await import('/parts/camera.js');
        const button = document.createElement('button');
        await camera(document.createElement('div'), new AbortController().signal, {}, button);
        if (button.hasAttribute('aria-disabled')) throw new Error('the button stays out of use'); }"""
    )
    page.locator(".notice.error", has_text=said).wait_for()
