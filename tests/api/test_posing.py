"""Keypoints moved by hand over a clip; the results of a training that was stopped; what a training costs."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import avg_pool2d

from muybridge import api
from muybridge.api import Fitted
from muybridge.engine import Callback
from muybridge.errors import InputError, RunError, UsageError
from muybridge.puppets import SceneClips, scene
from muybridge.video import Timing, read
from tiny_jokr import TINY_TRAINING

MOVES = st.dictionaries(st.integers(0, 3), st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=4)


@pytest.fixture(scope="module")
def pair() -> SceneClips:
    return scene("gif", 5, 64)


@pytest.fixture(scope="module")
def fitted(pair: SceneClips, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    out = tmp_path_factory.mktemp("posing") / "job" / "run"
    return api.fit("jokr", pair.a, pair.b, out=out, preset="smoke", set=TINY_TRAINING, device="cpu")


@given(keys=st.dictionaries(st.integers(0, 20), MOVES, min_size=1, max_size=5), frame=st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_between_keyframes_lie_straight_lines(keys: dict[int, dict[int, tuple[float, float]]], frame: int) -> None:
    found = api.interpolate_moves(keys, frame)
    before = max((k for k in keys if k <= frame), default=min(keys))
    after = min((k for k in keys if k >= frame), default=max(keys))
    for i in range(4):
        ends = [keys[k].get(i, (0.0, 0.0)) for k in (before, after)]
        for axis in (0, 1):
            value = found.get(i, (0.0, 0.0))[axis]
            low, high = sorted(end[axis] for end in ends)
            assert low - 1e-9 <= value <= high + 1e-9
    if frame in keys:
        assert found == keys[frame]


def test_a_line_by_hand() -> None:
    keys = {2: {1: (0.2, 0.0)}, 6: {1: (0.0, 0.4), 3: (1.0, 1.0)}}
    assert api.interpolate_moves(keys, 3)[1] == pytest.approx((0.15, 0.1))
    assert api.interpolate_moves(keys, 3)[3] == pytest.approx((0.25, 0.25))
    assert api.interpolate_moves(keys, 0) == keys[2]
    assert api.interpolate_moves(keys, 9) == keys[6]
    assert api.interpolate_moves({}, 3) == {}


def test_eased_moves_start_and_end_slowly() -> None:
    keys = {0: {1: (1.0, 0.0)}, 4: {1: (0.0, 1.0)}}
    eased = [api.interpolate_moves(keys, t, ease=True)[1] for t in range(5)]
    assert [eased[0], eased[2], eased[4]] == [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)]
    assert eased[1] == pytest.approx((0.84375, 0.15625))
    assert eased[3] == pytest.approx((0.15625, 0.84375))


def test_a_motion_is_made_weaker_and_steadier_about_its_mean() -> None:
    way = torch.tensor([0.0, 0.1, 0.0, 0.1, 0.0, 0.1, 0.0, 0.1])
    timing = Timing.constant(8)
    held = api.Handles(torch.stack((way, -way), -1)[:, None], (64, 64), timing)
    mean = held.points.mean(0, keepdim=True)
    assert torch.allclose(held.refine(), held.points, atol=1e-6)
    assert torch.allclose(held.refine(0.0), mean.expand(8, -1, -1), atol=1e-6)
    assert torch.allclose(held.refine(1.5), mean + 1.5 * (held.points - mean), atol=1e-6)
    steady, half = (held.refine(smoothing=share) for share in (1.0, 0.5))
    assert (steady - mean).abs().mean() < 0.6 * (held.points - mean).abs().mean()
    assert torch.allclose(half, (held.points + steady) / 2, atol=1e-6)
    for strength, smoothing in ((1.6, 0.0), (1.0, 1.1), (1.0, float("nan"))):
        with pytest.raises(UsageError):
            held.refine(strength, smoothing)


def test_no_moves_draw_what_edit_draws(fitted: Fitted, tmp_path: Path) -> None:
    still = api.pose(fitted, "a", 2, {})
    assert torch.equal(still, next(iter(fitted.method.edit_keypoints(fitted.data, "a", 2, {0: (0.0, 0.0)}, 1).frames)))
    assert still.shape == (4, 64, 64)
    moved = api.pose(fitted, "A", 2, {0: (0.5, 0.5)})
    assert not torch.equal(still, moved)


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_quick_look_is_the_same_at_half_the_size(fitted: Fitted, side: str) -> None:
    moves = {1: (0.2, 0.1)}
    whole = api.pose(fitted, side, 2, moves).float() / 255
    quick = api.pose(fitted, side, 2, moves, quick=True).float() / 255
    assert quick.shape == (4, 32, 32)
    # Edges are as wide in pixels of either size, so outlines are compared, and colours inside of both.
    halved = avg_pool2d(whole[None], 2)[0]
    inside = (quick[3] > 0.5) & (halved[3] > 0.5)
    assert ((quick[3] > 0.5) == (halved[3] > 0.5)).float().mean() > 0.9
    assert (quick - halved)[:3, inside].abs().mean() < 0.15


def test_a_way_in_the_frame_is_longer_in_the_crop(fitted: Fitted) -> None:
    """Both span 2: what is a tenth of the frame is 64 / box of the crop as much."""
    box = fitted.data.a.boxes[1, 2:]
    there = api.pose(fitted, "a", 1, {2: (0.1, -0.2)})
    inside = {2: (float(0.1 * 64 / box[0]), float(-0.2 * 64 / box[1]))}
    assert torch.equal(there, next(iter(fitted.method.edit_keypoints(fitted.data, "a", 1, inside, 1).frames)))


def test_the_way_of_an_edit_ends_where_pose_is(fitted: Fitted, tmp_path: Path) -> None:
    moves = {1: (0.1, -0.2), 3: (-0.3, 0.05)}
    once = read(api.edit(fitted, "b", 2, moves, out=tmp_path / "once", steps=1, background="transparent"))
    way = read(api.edit(fitted, "b", 2, moves, out=tmp_path / "way", steps=3, background="transparent"))
    there = api.pose(fitted, "b", 2, moves)
    shown = there[3] > 0
    assert bool(shown.any())
    for clip in (once, way):
        assert torch.equal(clip.mattes[-1, 0], there[3])
        assert torch.equal(clip.pixels[-1][:, shown], there[:3][:, shown])
    assert not torch.equal(way.pixels[0], once.pixels[0])


def test_an_edited_clip_keeps_times_and_moves_only_what_was_moved(
    fitted: Fitted, pair: SceneClips, tmp_path: Path
) -> None:
    plain = api.edit_clip(fitted, "a", {}, out=tmp_path / "plain")
    bent = api.edit_clip(fitted, "a", {0: {}, 2: {1: (0.6, 0.6)}, 3: {}}, out=tmp_path / "bent")
    first, second = read(plain), read(bent)
    assert first.timing.seconds == second.timing.seconds == pair.a.timing.seconds
    same = [torch.equal(x, y) for x, y in zip(first.pixels, second.pixels, strict=True)]
    assert same == [True, False, False, True, True]


def test_handles_are_the_keypoints_that_the_overlay_draws(fitted: Fitted) -> None:
    held = api.handles(fitted, "b")
    assert held.size == (64, 64)
    assert torch.equal(held.points, fitted.method.locate_keypoints(fitted.data, "b").float())
    assert held.timing == fitted.data.b.timing


def test_a_result_that_was_not_moved_is_the_result(fitted: Fitted, pair: SceneClips, tmp_path: Path) -> None:
    result, _ = api.animate(fitted, None, "a", out=tmp_path / "result", background="transparent")
    held = api.handles(fitted, "a", result=True)
    assert held.points.shape == (len(pair.b.pixels), 4, 2)
    assert held.timing == fitted.data.b.timing
    plain = api.edit_clip(fitted, "a", {}, result=True, out=tmp_path / "plain", background="transparent")
    bent = api.edit_clip(fitted, "a", {2: {1: (0.6, 0.6)}, 1: {}, 3: {}}, result=True, out=tmp_path / "bent")
    first = read(result)
    again = read(plain)
    assert torch.equal(first.mattes, again.mattes)
    assert torch.equal(first.pixels, again.pixels)
    black = read(api.animate(fitted, None, "a", out=tmp_path / "black")[0])
    moved = [not torch.equal(x, y) for x, y in zip(black.pixels, read(bent).pixels, strict=True)]
    assert moved == [False, False, True, False, False]
    still = read(api.edit_clip(fitted, "a", {}, result=True, strength=0.0, smoothing=1.0, out=tmp_path / "still"))
    # Without a motion every frame is the same but for the own frames that it is made of, which may still change.
    steps = [(y.float() - x.float()).abs().mean() for x, y in pairwise(still.pixels)]
    assert max(steps) < 0.5 * max((y.float() - x.float()).abs().mean() for x, y in pairwise(black.pixels))


def test_a_result_answers_while_it_is_dragged(fitted: Fitted) -> None:
    still = api.pose(fitted, "b", 3, {}, result=True)
    moved = api.pose(fitted, "b", 3, {0: (0.5, 0.5), 2: (-0.4, 0.0)}, result=True)
    assert still.shape == (4, 64, 64)
    assert not torch.equal(still, moved)
    with pytest.raises(UsageError, match="the result has the frames 0 to 4"):
        api.pose(fitted, "b", 5, {}, result=True)
    with pytest.raises(UsageError, match="keypoints to move are numbers from 0 to 3"):
        api.pose(fitted, "b", 0, {9: (0.1, 0.0)}, result=True)


def test_handles_of_a_result_lie_where_they_are_drawn(fitted: Fitted) -> None:
    """Moved by as much as the frame is wide, they lie a whole frame farther; and the crop's middle is its box's."""
    method = fitted.method
    shown = fitted.data.a
    held = api.handles(fitted, "a", result=True)
    driving = method.transfer(method.find_keypoints(*fitted.data.b.pictures(torch.arange(5))), "b").detach()
    box = fitted.data.references["a"].find_box(shown) if method.uses_frames else shown.boxes.median(0).values
    h, w = method.shape_canvas
    inside = ((driving + 1) / 2 * (torch.tensor([w, h]) - 1) + 0.5) / torch.tensor([w, h])
    places = box[:2] - box[2:] / 2 + inside * box[2:]
    expected = (places - 0.5) / 63 * 2 - 1
    assert torch.allclose(held.points, expected, atol=2e-3)


@pytest.mark.parametrize(
    ("side", "frame"),
    [("c", 0), ("a", 5), ("a", -1)],
)
def test_what_is_not_there_cannot_be_posed(fitted: Fitted, side: str, frame: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        api.pose(fitted, side, frame, {})
    with pytest.raises(UsageError):
        api.edit(fitted, side, frame, {0: (0.1, 0.0)}, out=tmp_path / "x.mp4")
    with pytest.raises(UsageError):
        api.edit_clip(fitted, side, {frame: {}}, out=tmp_path / "x.mp4")


def test_a_stopped_training_has_results_too(pair: SceneClips, tmp_path: Path) -> None:
    class Stop(Callback):
        def on_preview(self, done: int, picture: object, path: object) -> None:  # type: ignore[override]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.fit(
            "jokr",
            pair.a,
            pair.b,
            out=tmp_path / "run",
            preset="smoke",
            set=TINY_TRAINING,
            device="cpu",
            callback=Stop(),
        )
    with pytest.raises(RunError):
        api.write_results(tmp_path / "nothing", pair.a, pair.b)
    results = api.write_results(tmp_path, pair.a, pair.b, device="cpu")
    assert {"side-by-side.mp4", "keypoints.mp4", "report.html", "contact-sheet.png"} <= set(results.files)
    assert all(path.is_file() for path in results.files.values())
    assert any("stopped after" in note for note in results.notes)
    assert 0 <= results.figures["iou_a"] <= 1


def test_a_cost_is_measured_and_keeps_nothing(
    pair: SceneClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sizes = {**TINY_TRAINING, "shape.steps": 400, "texture.steps": 3}
    found = api.cost("jokr", pair.a, pair.b, preset="smoke", set=sizes, steps=4, device="cpu")
    assert (found.steps, found.measured) == (405, 9)
    assert set(found.step_seconds) == {"shape", "texture", "motion"}
    assert all(0 < seconds < 20 for seconds in found.step_seconds.values())
    by_hand = 400 * found.step_seconds["shape"] + 3 * found.step_seconds["texture"]
    by_hand += 2 * found.step_seconds["motion"]
    assert found.seconds == pytest.approx(by_hand)
    assert found.memory > 50 * 2**20
    assert found.disk > 1000
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError):
        api.cost("jokr", pair.a[:1], pair.b, preset="smoke", set=sizes, device="cpu")
