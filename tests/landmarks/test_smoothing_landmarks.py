import pytest
import torch
from figures import walk
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge.errors import UsageError
from muybridge.landmarks import Landmarks, fill_gaps, smooth
from muybridge.landmarks.points import MIN_CONFIDENCE


def hidden(landmarks: Landmarks, frames: list[int], point: int = 1) -> Landmarks:
    points, trust = landmarks.points.clone(), landmarks.confidence.clone()
    points[frames, point], trust[frames, point] = 0, 0
    return Landmarks(points, trust, landmarks.kind)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 12), st.sampled_from([1, 3, 5, 9]), st.floats(-9, 9), st.lists(st.integers(0, 11), max_size=4))
def test_a_steady_motion_is_left_as_it_is(count: int, window: int, speed: float, gone: list[int]) -> None:
    steady = walk([(100 + speed * t, 200 - t) for t in range(count)])
    gone = sorted({g for g in gone if 0 < g < count - 1})
    out = smooth(hidden(steady, gone), window)
    assert torch.allclose(out.points[:, 1], steady.points[:, 1], atol=1e-2)
    assert bool(out.seen[:, 1].all())


def test_noise_is_averaged_over_five_frames() -> None:
    still = walk([(100.0, 200.0)] * 9)
    points = still.points.clone()
    points[4, 1, 0] += 5
    out = smooth(Landmarks(points, still.confidence, "body25"))
    moved = out.points[:, 1, 0] - 100
    assert torch.allclose(moved, torch.tensor([0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]), atol=1e-4)


def test_long_gaps_stay_and_are_not_averaged_over() -> None:
    there = walk([(100.0, 200.0)] * 3 + [(0.0, 0.0)] * 6 + [(500.0, 200.0)] * 3)
    gone = hidden(there, list(range(3, 9)))
    out = smooth(gone, 5, gap=5)
    assert out.seen[:, 1].tolist() == [True] * 3 + [False] * 6 + [True] * 3
    assert out.points[:3, 1, 0].tolist() == [100.0] * 3
    assert out.points[9:, 1, 0].tolist() == [500.0] * 3
    assert bool(fill_gaps(gone, gap=6).seen[:, 1].all())


def test_a_gap_at_an_end_stays() -> None:
    out = fill_gaps(hidden(walk([(100.0, 200.0)] * 5), [0, 4]))
    assert out.seen[:, 1].tolist() == [False, True, True, True, False]


def test_unsure_points_are_replaced() -> None:
    steady = walk([(100.0 + t, 200.0) for t in range(3)])
    points, trust = steady.points.clone(), steady.confidence.clone()
    points[1, 1], trust[1, 1] = 999.0, MIN_CONFIDENCE["body"] / 2
    out = fill_gaps(Landmarks(points, trust, "body25"))
    assert out.points[1, 1].tolist() == [101.0, 130.0]
    assert float(out.confidence[1, 1]) == pytest.approx(0.9)


@pytest.mark.parametrize(("window", "gap"), [(0, 1), (4, 1), (5, -1)])
def test_windows_are_odd(window: int, gap: int) -> None:
    with pytest.raises(UsageError, match="odd window"):
        smooth(walk([(0.0, 0.0)]), window, gap)
