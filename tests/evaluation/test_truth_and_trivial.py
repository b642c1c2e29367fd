"""Results against true answers, and the answers that need no method, on clips whose figures are known."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from muybridge.errors import InputError, MissingSilhouettesError
from muybridge.evaluation import (
    BASELINES,
    MetricNetworks,
    compare_to_truth,
    joint_errors,
    keypoint_separability,
    limbs_of,
    measure_without_truth,
)
from muybridge.metrics import frechet_distance
from muybridge.puppets import BUILDS, SceneClips, scene
from muybridge.video import Clip, Timing


@pytest.fixture(scope="module")
def drawn() -> SceneClips:
    return scene("cat-horse", 12, 64)


def box(left: int, top: int, width: int, height: int, frames: int = 4) -> Clip:
    """A grey box on black, the same in every frame."""
    mask = torch.zeros(frames, 1, 40, 40)
    mask[..., top : top + height, left : left + width] = 1
    return Clip.from_floats(mask.expand(-1, 3, -1, -1) * 0.6, mask)


def test_the_truth_is_perfect(drawn: SceneClips) -> None:
    found = compare_to_truth(drawn.ab, drawn.ab)
    best = {"iou": 1.0, "boundary_f": 1.0, "l1": 0.0, "psnr": 100.0, "ssim": 1.0, "ms_ssim": 1.0}
    assert found == pytest.approx(best, abs=1e-5)
    worse = compare_to_truth(drawn.a, drawn.ab)
    assert worse["iou"] < 0.95
    assert worse["l1"] > 0.02


def test_figures_of_boxes() -> None:
    made, truth = box(10, 10, 10, 10), box(15, 10, 10, 10)
    found = compare_to_truth(made, truth)
    assert found["iou"] == pytest.approx(50 / 150)
    # Where one is and the other not, 0.6 is missing: 100 of 150 pixels.
    assert found["l1"] == pytest.approx(0.6 * 100 / 150, abs=1e-3)
    # Mean squared difference over the whole frame: 100 pixels of 1600.
    assert found["psnr"] == pytest.approx(10 * torch.tensor(1600 / (100 * 0.36)).log10().item(), abs=1e-2)


def test_figures_do_not_depend_on_how_frames_are_grouped(monkeypatch: pytest.MonkeyPatch, drawn: SceneClips) -> None:
    whole = compare_to_truth(drawn.a, drawn.ab)
    monkeypatch.setattr("muybridge.evaluation.truth.PART", 5)
    assert compare_to_truth(drawn.a, drawn.ab) == pytest.approx(whole, rel=1e-5)


def test_clips_that_cannot_be_compared(drawn: SceneClips) -> None:
    with pytest.raises(MissingSilhouettesError):
        compare_to_truth(drawn.a.with_masks(None), drawn.ab)
    with pytest.raises(InputError, match="64x64"):
        compare_to_truth(drawn.a, box(1, 1, 4, 4))
    with pytest.raises(MissingSilhouettesError):
        measure_without_truth(drawn.ab, drawn.a, drawn.b.with_masks(None))


def test_joints_are_found_in_the_truth_and_missed_in_the_wrong_answer() -> None:
    drawn = scene("cat-horse", 30, 96)
    right = joint_errors(drawn.ab, drawn.ab, drawn.joints_ab, drawn.a, drawn.joints_a)
    wrong = joint_errors(drawn.a, drawn.ab, drawn.joints_ab, drawn.a, drawn.joints_a)
    apart_by = float((drawn.joints_a - drawn.joints_ab).norm(dim=-1).mean())
    # The tracker may not look at the true frames themselves, so its own error is not zero.
    assert 0 < right["tracker_error"] < 0.03
    assert right["joint_error"] == right["tracker_error"] == wrong["tracker_error"]
    assert wrong["joint_error"] == pytest.approx(apart_by, abs=0.02)


def test_the_tracker_may_not_look_at_copies() -> None:
    """A loop comes back to the same frames: they would hand it the answer."""
    drawn = scene("gif", 40, 64)
    found = joint_errors(drawn.ab, drawn.ab, drawn.joints_ab, drawn.a, drawn.joints_a)
    assert found["tracker_error"] > 1e-3


# -- trivial answers -------------------------------------------------------------------------------------------------


def test_same_time_follows_the_clock_and_not_the_index(drawn: SceneClips) -> None:
    slow = Timing(tuple(range(0, 8, 2)), 2, Fraction(1, 25))
    driving = replace(drawn.b[:4], timing=slow)
    made = BASELINES["same time"](drawn.a, driving, drawn.ab, False)
    assert made.pixels.equal(drawn.a.pixels[[0, 2, 4, 6]])
    assert made.timing == slow


def test_best_still_is_the_best(drawn: SceneClips) -> None:
    made = BASELINES["best still"](drawn.a, drawn.b, drawn.ab, False)
    assert bool((made.pixels == made.pixels[:1]).all())
    best = compare_to_truth(made, drawn.ab)["iou"]
    for t in range(len(drawn.a)):
        still = drawn.a[[t]]
        many = still.pixels.expand(12, -1, -1, -1)
        other = replace(made, pixels=many, mattes=still.mattes.expand(12, -1, -1, -1))
        assert compare_to_truth(other, drawn.ab)["iou"] <= best + 1e-6


def test_a_box_is_warped_to_the_place_and_size_of_the_source() -> None:
    source, driving = box(20, 8, 14, 24), box(4, 12, 10, 10)
    made = BASELINES["warped silhouette"](source, driving, source, False)
    found = compare_to_truth(made, source)
    assert found["iou"] > 0.95
    assert found["l1"] < 0.05
    assert made.timing == driving.timing


def test_a_turned_and_a_mirrored_driving_silhouette() -> None:
    """An L: only a mirrored or turned one fits a mirrored or turned one."""
    mask = torch.zeros(2, 1, 48, 48)
    mask[..., 10:38, 12:20] = mask[..., 30:38, 12:36] = 1
    upright = Clip.from_floats(mask.expand(-1, 3, -1, -1) * 0.5, mask)
    mirrored = upright.mirror()
    warp = BASELINES["warped silhouette"]
    good = compare_to_truth(warp(upright, mirrored, upright, True), upright)["iou"]
    bad = compare_to_truth(warp(upright, mirrored, upright, False), upright)["iou"]
    assert good > 0.9
    assert bad < good - 0.1


# -- without a truth -------------------------------------------------------------------------------------------------


def test_the_sources_own_video_looks_like_the_source(drawn: SceneClips) -> None:
    """Small networks of known output stand for the pretrained ones: the code that measures is the same."""
    by = MetricNetworks(
        inception=lambda frames: frames.mean((2, 3)), action=lambda frames: frames.mean((1, 2, 3))[:, None]
    )
    own = measure_without_truth(drawn.a, drawn.a, drawn.b, by)
    other = measure_without_truth(drawn.b, drawn.a, drawn.b, by)
    assert own["random_features"] == pytest.approx(0, abs=1e-5)
    assert own["fid"] == pytest.approx(0, abs=1e-5)
    assert "svfid" not in own  # twelve frames are fewer than an action network looks at together
    assert other["random_features"] > 0.1
    assert other["flicker_ratio"] == pytest.approx(1)
    black = [clip.frames * clip.masks for clip in (drawn.b, drawn.a)]
    want = frechet_distance(*(frames.mean((2, 3)) for frames in black))
    assert other["fid"] == pytest.approx(float(want), rel=1e-6)


def test_svfid_takes_what_the_action_network_says() -> None:
    flat = [box(10, 10, 10, 10, frames=20), box(10, 10, 20, 10, frames=20)]
    by = MetricNetworks(action=lambda frames: frames.mean((1, 2, 3))[:, None])
    found = measure_without_truth(flat[1], flat[0], flat[0], by)
    # Means 0.6 x 100 / 1600 and twice that, no spread.
    assert found["svfid"] == pytest.approx(0.0375**2, rel=1e-2)
    assert "flicker_ratio" not in found  # the driving video stands still


def test_few_frames_are_not_told_apart() -> None:
    assert keypoint_separability({"a": torch.rand(8, 3, 2), "b": torch.rand(40, 3, 2)}) == {}


def test_limbs_come_in_pairs() -> None:
    cat = limbs_of(BUILDS["cat"].joints)
    assert [len(limb) for limb in cat] == [3, 3, 3, 3]
    names = BUILDS["sailor"].joints
    assert {tuple(names[i] for i in limb) for limb in limbs_of(names)} == {
        ("left_elbow", "left_hand"),
        ("right_elbow", "right_hand"),
        ("left_knee", "left_ankle"),
        ("right_knee", "right_ankle"),
    }
    assert limbs_of(BUILDS["lily"].joints) == []
