"""Sheets and overlays: sizes, places, colours."""

import math

import pytest
import torch

from muybridge.errors import InputError
from muybridge.video import contact_sheet, draw_keypoints, side_by_side
from muybridge.video.sheets import distinct_colours


def test_side_by_side_has_one_height_even_sides_and_a_label():
    small, large = torch.zeros(3, 3, 31, 41), torch.full((3, 3, 62, 62), 255, dtype=torch.uint8)
    made = list(side_by_side([small, large], ["driving", "result ü"]))
    assert len(made) == 3
    assert made[0].dtype == torch.uint8
    assert made[0].shape[1] == 62 + 24
    assert made[0].shape[1] % 2 == made[0].shape[2] % 2 == 0
    assert (made[0][:, 24:, 82 + 4 : 82 + 4 + 62] == 255).all()
    assert made[0][:, :24].max() > 150
    with pytest.raises(InputError, match="as many labels"):
        next(side_by_side([small], []))
    with pytest.raises(InputError, match="same number of frames"):
        list(side_by_side([small, large[:2]], ["a", "b"]))


def test_side_by_side_takes_frames_as_they_are_made():
    asked = []

    def endless():
        while True:
            asked.append(1)
            yield torch.zeros(3, 16, 16)

    stream = side_by_side([endless(), endless()], ["a", "b"])
    next(stream)
    assert len(asked) == 2


def test_contact_sheet_shows_first_and_last_and_pads_short_rows():
    long = torch.arange(20, dtype=torch.uint8)[:, None, None, None].expand(20, 3, 32, 32) * 10
    sheet = contact_sheet({"long": long, "short": [torch.ones(3, 64, 64)]}, columns=4, height=32)
    assert sheet.shape == (3, 2 * (24 + 32), 4 * 32 + 3 * 4)
    assert sheet[0, 40, [16, 52, 88, 124]].tolist() == [0, 60, 130, 190]
    assert (sheet[:, 80:, :32] == 255).all()
    with pytest.raises(InputError, match="at least one row"):
        contact_sheet({})


def test_keypoints_stand_where_they_are():
    frame = torch.full((3, 101, 201), 0.5)
    points = torch.tensor([[0.0, 0.0], [-1.0, -1.0], [0.5, -0.5], [math.nan, 0.0], [1e9, 0.0]])
    drawn = draw_keypoints(frame, points, radius=4)
    shown = distinct_colours(5)
    for (x, y), colour in zip(((100, 50), (0, 0), (150, 25)), shown, strict=False):
        assert drawn[:, y, x].tolist() == list(colour)
    changed = (drawn != 128).any(0)
    assert changed[50, 94:107].all()
    assert int(drawn[:, 50, 105].max()) < 90
    # Two whole dots and a quarter of one at the corner, between the rim and its soft edge.
    assert 2.25 * math.pi * 5**2 < int(changed.sum()) < 2.25 * math.pi * 7**2
    assert torch.equal(draw_keypoints(frame, torch.zeros(0, 2)), torch.full((3, 101, 201), 128, dtype=torch.uint8))


def test_a_dot_moves_with_fractions_of_a_pixel():
    frame = torch.zeros(3, 64, 64)
    centres = []
    for shift in (0.0, 0.25, 0.5):
        x = (30 + shift) / 63 * 2 - 1
        red = draw_keypoints(frame, torch.tensor([[x, 0.0]]), radius=5)[0].double()
        centres.append(float((red * torch.arange(64)).sum() / red.sum()))
    assert centres[1] - centres[0] == pytest.approx(0.25, abs=0.12)
    assert centres[2] - centres[0] == pytest.approx(0.5, abs=0.12)


def test_colours_differ():
    for count in (2, 10, 14):
        made = distinct_colours(count)
        assert min(math.dist(a, b) for i, a in enumerate(made) for b in made[:i]) > 40
