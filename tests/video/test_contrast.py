"""A background on which a subject can be seen, and the box that it fills."""

import pytest
import torch

from muybridge.errors import InputError
from muybridge.video.contrast import DARK_GREY, LIGHT_GREY, MID_GREY, contrast_background, find_subject_box


def subject(*colours: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """A block of stripes in these colours before a background that must not count."""
    pixels = torch.full((2, 3, 40, 60), 128, dtype=torch.uint8)
    mattes = torch.zeros(2, 1, 40, 60, dtype=torch.uint8)
    mattes[:, :, 10:30, 10:50] = 255
    width = 40 // len(colours)
    for index, colour in enumerate(colours):
        left = 10 + index * width
        pixels[:, :, 10:30, left : left + width] = torch.tensor(colour, dtype=torch.uint8)[:, None, None]
    return pixels, mattes


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        ([(5, 5, 5)], MID_GREY),
        ([(250, 250, 250)], MID_GREY),
        ([(0, 0, 0), (255, 255, 255)], MID_GREY),
        ([(200, 90, 20)], MID_GREY),
        ([(128, 128, 128)], LIGHT_GREY),
        ([(125, 128, 120), (225, 220, 222)], DARK_GREY),
        ([(125, 128, 120), (30, 30, 35)], LIGHT_GREY),
    ],
)
def test_the_background_is_the_grey_that_the_subject_is_not(colours, expected):
    assert contrast_background(*subject(*colours)) == expected


def test_a_white_subject_with_a_black_outline_is_not_put_on_dark_grey():
    pixels, mattes = subject((250, 250, 250), (128, 128, 128), (125, 128, 130))
    assert contrast_background(pixels, mattes) == DARK_GREY
    pixels[:, :, 10:30, 10:50] = torch.where(
        torch.nn.functional.pad(torch.ones(16, 36, dtype=torch.bool), (2, 2, 2, 2)), pixels[:, :, 10:30, 10:50], 35
    )
    assert contrast_background(pixels, mattes) == LIGHT_GREY


def test_without_a_subject_it_is_mid_grey_and_shapes_are_checked():
    pixels, mattes = subject((0, 0, 0))
    assert contrast_background(pixels, torch.zeros_like(mattes)) == MID_GREY
    with pytest.raises(InputError, match="belong together"):
        contrast_background(pixels, mattes[:1])


def test_the_box_holds_the_subject_of_every_frame():
    mattes = torch.zeros(2, 1, 40, 60, dtype=torch.uint8)
    assert find_subject_box(mattes) == (0, 40, 0, 60)
    mattes[0, 0, 10:20, 5:15] = 255
    mattes[1, 0, 15:30, 10:25] = 255
    assert find_subject_box(mattes, margin=0.0) == (10, 30, 5, 25)
    assert find_subject_box(mattes, margin=0.1) == (8, 32, 3, 27)
