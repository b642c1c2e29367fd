"""What networks found, drawn on frames."""

import torch

from muybridge.geometry import make_grid, normal_gaussians
from muybridge.video import (
    colour_flow,
    colour_heat,
    colour_level,
    colour_maps,
    colour_parts,
    draw_axes,
    draw_lattice,
    enlarge_frame,
)
from muybridge.video.sheets import distinct_colours

GREY = torch.full((3, 65, 65), 128, dtype=torch.uint8)
STRAIGHT = make_grid((9, 9), torch.zeros(1))


def test_small_frames_are_enlarged_and_large_ones_left() -> None:
    assert enlarge_frame(torch.rand(3, 32, 48)).shape == (3, 256, 384)
    large = (torch.rand(3, 300, 280) * 255).byte()
    assert torch.equal(enlarge_frame(large), large)


def test_each_map_has_the_colour_of_its_keypoint() -> None:
    points = torch.tensor([[[-0.5, 0.0], [0.5, 0.0]]])
    drawn = colour_maps(GREY, normal_gaussians(points, (33, 33), 0.01)[0])
    for (x, y), colour in zip(((16, 32), (48, 32)), distinct_colours(2), strict=True):
        assert (drawn[:, y, x].int() - torch.tensor(colour)).abs().max() <= 2
    assert drawn[:, 0, 32].max() < 128, "the frame is darkened where nothing is"


def test_parts_are_tinted_and_the_background_is_not() -> None:
    shares = torch.zeros(3, 5, 5)
    shares[0, :, :2] = shares[1, :, 2] = shares[2, :, 3:] = 1
    drawn = colour_parts(GREY, shares)
    assert torch.equal(drawn[:, :, 0], GREY[:, :, 0])
    assert not torch.equal(drawn[:, :, 32], drawn[:, :, 64])


def test_looking_straight_ahead_is_white_and_away_has_a_colour() -> None:
    assert int(colour_flow(STRAIGHT, (40, 40)).min()) >= 250
    right = colour_flow(STRAIGHT + torch.tensor([0.5, 0.0]), (40, 40))[:, 20, 20]
    left = colour_flow(STRAIGHT - torch.tensor([0.5, 0.0]), (40, 40))[:, 20, 20]
    assert right[0] > 200 > right[1]
    assert left[0] < 100 < left[1]


def test_a_lattice_lies_where_the_result_looks() -> None:
    straight = draw_lattice(GREY, STRAIGHT)
    # Nine lines over 65 pixels, one of them down the middle.
    assert bool((straight[0, 1:-1, 32] > 200).all())
    half = draw_lattice(GREY, STRAIGHT / 2)
    assert torch.equal(half[:, 4], GREY[:, 4]), "nothing of it looks near the border"


def test_axes_are_as_long_as_their_matrix_says() -> None:
    axes = torch.tensor([[[1.0, 0.0], [0.0, 0.25]]])
    drawn = draw_axes(GREY, torch.zeros(1, 2), axes, longest=0.5)
    changed = (drawn != GREY).any(0).nonzero()
    height, width = (changed.amax(0) - changed.amin(0)).tolist()
    assert 30 <= width <= 38
    assert 8 <= height <= 14
    far = draw_axes(GREY, torch.full((1, 2), 1e9), axes)
    assert far.shape == GREY.shape


def test_levels_and_heat() -> None:
    level = torch.zeros(4, 4)
    level[0, 0] = 1
    assert colour_level(level, GREY)[:, 0, 0].tolist() == [255, 255, 255]
    heat = colour_heat(GREY, level)
    assert not torch.equal(heat[:, 0, 0], heat[:, 64, 64])
