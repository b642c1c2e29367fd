"""A page that is sent: it plays, draws what is dragged as Python does, and asks nobody for anything."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_studio import Studio
from PIL import Image
from watched_page import Screen, find_violations

import muybridge
from muybridge.errors import UsageError
from muybridge.masks.regions import stray_parts
from muybridge.methods.jokr import reference_choice
from muybridge.methods.jokr.drawing import render_apart
from muybridge.output.animation import contrast_of
from muybridge.output.share_page import PACKAGE

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = (PACKAGE / "methods" / "jokr" / "drawing.js").read_bytes()
DRAWN = ".stage canvas"


@pytest.fixture(scope="module")
def shared_run(studio: Studio, finished: dict[str, Any]) -> Path:
    return studio.runs / "runs" / finished["id"] / "out" / "run"


@pytest.fixture(scope="module")
def page_file(shared_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run that has learnt next to nothing."""
    pytest.importorskip("onnx")
    out = tmp_path_factory.mktemp("sent 猫") / "page.html"
    # In a process of its own: the exporter traces with shapes that are tensors, which the checks of shapes refuse.
    plain = {**os.environ, "MUYBRIDGE_CHECK_SHAPES": "0", "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "muybridge", "share", str(shared_run), "--out", str(out), "--quality", "95"]
    done = subprocess.run(command, capture_output=True, text=True, env=plain, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == str(out)
    assert "page.html has" in done.stderr
    return out


@pytest.fixture
def sent(chromium: Any, page_file: Path) -> Iterator[Screen]:
    """The page, opened from its file by a browser without a network; nothing may go wrong, nor leave it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    left: list[str] = []
    context.route("http*://**", lambda route: route.abort())
    screen = Screen(context.new_page())
    screen.page.on("request", lambda asked: left.append(asked.url))
    screen.page.goto(page_file.as_uri())
    screen.page.locator("body[data-ready]").wait_for(state="attached", timeout=90_000)
    yield screen
    context.close()
    assert [address for address in left if not address.startswith(("data:", "blob:"))] == [page_file.as_uri()]
    assert [wrong for wrong in screen.wrong if not wrong.startswith("asked file:")] == []


def whole(page: Any) -> tuple[np.ndarray, list[float]]:
    """The picture on the stage, once it is whole, and the keypoints that it is drawn of."""
    page.locator(f"{DRAWN}[data-whole=yes]").wait_for(timeout=90_000)
    found = page.locator(DRAWN).evaluate("(canvas) => [canvas.toDataURL(), canvas.dataset.points]")
    picture = Image.open(BytesIO(base64.b64decode(found[0].partition(",")[2])))
    return np.asarray(picture.convert("RGB"), np.float64), json.loads(found[1])


def drag(page: Any, dot: int, dx: float, dy: float) -> None:
    held = page.locator(f".dot[data-point='{dot}']")
    held.scroll_into_view_if_needed()
    place = held.bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    before = page.locator(DRAWN).get_attribute("data-pictures")
    page.mouse.move(x + dx, y + dy, steps=4)
    # What is seen while the dot is held is another picture than the one on release.
    page.locator(f"{DRAWN}:not([data-pictures='{before}'])").wait_for(timeout=90_000)
    assert page.locator(DRAWN).get_attribute("data-whole") == "no"
    page.mouse.up()


def test_it_plays_draws_and_asks_nobody(sent: Screen, shared_run: Path) -> None:
    page = sent.page
    page.wait_for_timeout(600)
    seen = {page.locator(".both canvas[role=img]").nth(i).get_attribute("data-frame") for i in (0, 1)}
    assert seen <= {"0", "1", "2", "3", "4"}
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_label("Frame", exact=True).fill("3")
    for i in (0, 1):
        page.locator(".both canvas[role=img][data-frame='3']").nth(i).wait_for()
    assert "Synthetic." in page.locator("footer").inner_text()
    assert find_violations(page) == []

    before, start = whole(page)
    count = len(start) // 2
    assert page.locator(".dot").count() == count
    drag(page, 1, 40, -25)
    after, points = whole(page)
    assert np.abs(after - before).max() > 20
    assert points[2] > start[2] + 0.02
    assert points[3] < start[3] - 0.02
    assert points[:2] == start[:2]

    # The same keypoints in Python: what `edit` draws.
    run = muybridge.load(shared_run, device="cpu")
    method: Any = run.method
    data: Any = run.data
    way = tuple(torch.tensor(each).view(1, count, 2) for each in (start, points))
    (rgba, _) = next(iter(render_apart(method, data, "a", [way], 1)))
    values = rgba.double().permute(1, 2, 0).numpy() / 255
    right = (contrast_of(data.a) * (1 - values[..., 3:]) + values[..., :3] * values[..., 3:]) * 255
    assert right.shape == after.shape
    decibels = 10 * np.log10(255**2 / np.mean((right - after) ** 2))
    assert decibels > 30

    # The arrow keys nudge, Reset puts everything back, and other views have their own keypoints.
    page.locator(".dot[data-point='1']").press("ArrowRight")
    assert whole(page)[1][2] > points[2]
    page.get_by_role("button", name="Reset").click()
    assert whole(page)[1] == start
    page.get_by_label("What is moved").select_option("b")
    assert whole(page)[1] != start
    page.get_by_role("button", name="Play the motion").click()
    page.locator(f"{DRAWN}[data-whole=no]").wait_for()
    page.get_by_role("button", name="Pause the motion").click()
    whole(page)
    assert page.locator(".notice").all_inner_texts() == []
    sent.keep("shared-page")


def by_the_program(chromium: Any, call: str, given: object) -> Any:
    """What a function of the page's program gives."""
    page = chromium.new_page()
    address = "data:text/javascript;base64," + base64.b64encode(PROGRAM).decode("ascii")
    found = page.evaluate(f"async (given) => {{ const program = await import('{address}'); return {call}; }}", given)
    page.close()
    return found


def test_own_frames_are_chosen_as_in_python(chromium: Any) -> None:
    chance = torch.Generator().manual_seed(0)
    bank = torch.rand(40, 5, 2, generator=chance) * 0.6 - 0.3
    times = torch.arange(0, 80, 2)
    names = ("FAR", "CHANGE", "NEIGHBOURS", "TAKEN", "FADE")
    settings = {"choice": {name.lower(): getattr(reference_choice, name) for name in names}, "references": 3, "seen": 0}
    poses = torch.rand(12, 5, 2, generator=chance) * 0.6 - 0.3
    ways = [(poses[i], poses[i] + 0.2 * i * (poses[i + 6] - poses[i])) for i in range(6)]
    call = """given.ways.map(([start, points]) => program.chooseReferences({
      settings: given.settings,
      array: (name) => name.startsWith('index') ? Int32Array.from(given.times) : Float32Array.from(given.bank),
    }, 'a', start, points, false))"""
    given = {
        "settings": settings,
        "ways": [[each.flatten().tolist() for each in way] for way in ways],
        "bank": bank.flatten().tolist(),
        "times": times.tolist(),
    }
    changed = 0
    for found, (start, points) in zip(by_the_program(chromium, call, given), ways, strict=True):
        planner = reference_choice.ReferencePlanner(bank, times, 3)
        planner.plan(start[None])
        right = planner.plan(points[None])
        shares = {}
        for slot in range(3):
            for place, share in zip(right.index[0, slot].tolist(), right.shares[0, slot].tolist(), strict=True):
                if share > 0:
                    shares[slot, place] = pytest.approx(share, abs=1e-5)
        assert {(entry["slot"], entry["place"]): entry["share"] for entry in found} == shares
        changed += len(shares) > 3
    assert changed


def test_strays_are_taken_away_as_in_python(chromium: Any) -> None:
    shape = torch.zeros(24, 32)
    shape[4:14, 3:13] = 0.9
    shape[6, 20] = shape[20, 4] = 0.8
    shape[15, 13] = shape[5, 15] = 0.7
    near = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    settings = {"canvas": [24, 32], "shows": 0.25, "strays": 0.1, "near": near}
    call = """(() => {
      const shape = Float32Array.from(given.shape);
      program.takeStraysAway(shape, given.settings);
      return [...shape];
    })()"""
    found = by_the_program(chromium, call, {"settings": settings, "shape": shape.flatten().tolist()})
    kept = shape * ~torch.from_numpy(stray_parts((shape > 0.25).numpy(), 0.1, 1))
    assert int((kept > 0).sum()) < int((shape > 0).sum())
    assert torch.allclose(torch.tensor(found).view(24, 32), kept)


def test_what_cannot_be_shared(shared_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no page"):
        muybridge.share(shared_run, out=tmp_path / "page.mp4")
    with pytest.raises(UsageError, match="quality"):
        muybridge.share(shared_run, out=tmp_path / "page.html", quality=0)
    assert list(tmp_path.iterdir()) == []
