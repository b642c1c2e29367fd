"""Timing and Clip by themselves."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge.errors import InputError
from muybridge.video import Clip, Timing


def test_constant_timing_is_exact_for_the_rates_of_television():
    timing = Timing.constant(4, 30000 / 1001)
    assert timing.time_base == Fraction(1, 30000)
    assert timing.pts == (0, 1001, 2002, 3003)
    assert timing.duration == pytest.approx(4 * 1001 / 30000, abs=1e-12)
    assert timing.rate == pytest.approx(30000 / 1001)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.data())
def test_selected_frames_keep_their_distances(gaps: list[int], data: st.DataObject):
    starts = [sum(gaps[:i]) for i in range(len(gaps))]
    timing = Timing(tuple(starts), gaps[-1], Fraction(1, 90))
    index = sorted(data.draw(st.sets(st.integers(0, len(gaps) - 1), min_size=1)))
    chosen = timing.select(index)
    assert chosen.pts == tuple(starts[i] - starts[index[0]] for i in index)
    assert chosen.last == gaps[index[-1]]


@pytest.mark.parametrize(("pts", "last"), [((), 1), ((0,), 0), ((0, 0), 1), ((0, 2, 1), 1)])
def test_times_that_cannot_be_are_refused(pts: tuple[int, ...], last: int):
    with pytest.raises(InputError):
        Timing(pts, last, Fraction(1, 25))


def test_mirroring_keeps_the_padding_of_unequal_frames_on_the_right():
    pixels = torch.zeros(2, 3, 4, 6, dtype=torch.uint8)
    pixels[0, :, :, 0] = 9
    pixels[1, :, :3, 0] = 7
    clip = Clip(pixels, Timing.constant(2), sizes=((4, 6), (3, 4)))
    mirrored = clip.mirror()
    assert (mirrored.pixels[0, :, :, 5] == 9).all()
    assert (mirrored.pixels[1, :, :3, 3] == 7).all()
    assert mirrored.pixels[1, :, :, 4:].sum() == 0
    assert torch.equal(mirrored.mirror().pixels, pixels)


def test_floats_and_bytes_agree():
    frames = torch.rand(3, 3, 5, 7)
    clip = Clip.from_floats(frames, masks=torch.ones(3, 1, 5, 7))
    assert (clip.frames - frames).abs().max() <= 0.5 / 255 + 1e-6
    assert clip.masks is not None
    assert clip.masks.min() == 1
    assert len(clip[1:]) == 2
    with pytest.raises(InputError, match="silhouettes"):
        clip.with_masks(torch.ones(2, 1, 5, 7))
