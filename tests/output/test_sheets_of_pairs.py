"""Sheets of a pair: cut to the subject, on a grey that shows it, whatever the results themselves stand on."""

from pathlib import Path

import pytest
import torch

from muybridge.data.subject import Subject
from muybridge.inputs.clips import SilhouetteInput
from muybridge.masks import Report
from muybridge.method import Animation
from muybridge.output.animation import backdrop_of, contrast_of, write_animation
from muybridge.output.sheets import read_small, write_sheets
from muybridge.video import Clip, Timing, read
from muybridge.video.contrast import DARK_GREY, LIGHT_GREY, MID_GREY, Colour

SIZE = (96, 128)
SQUARE = (slice(40, 60), slice(70, 90))


def standing(colour: int, count: int = 3) -> Clip:
    """A grey square far from the middle of a large frame."""
    pixels = torch.full((count, 3, *SIZE), 30, dtype=torch.uint8)
    mattes = torch.zeros(count, 1, *SIZE, dtype=torch.uint8)
    pixels[:, :, *SQUARE] = colour
    mattes[:, :, *SQUARE] = 255
    return Clip(pixels, Timing.constant(count)).with_masks(mattes)


def animation_of(clip: Clip) -> Animation:
    assert clip.mattes is not None
    return Animation(iter(torch.cat((clip.pixels, clip.mattes), 1)), clip.timing, SIZE)


@pytest.mark.parametrize(("colour", "grey"), [(20, MID_GREY), (128, DARK_GREY), (250, MID_GREY)])
def test_a_subject_stands_on_a_grey_that_shows_it(colour: int, grey: Colour, tmp_path: Path) -> None:
    clip = standing(colour)
    subject = Subject.from_clip(clip, (32, 32), 0.2)
    assert contrast_of(subject) in (grey, LIGHT_GREY if grey == DARK_GREY else grey)
    behind = backdrop_of("contrast", SIZE, subject=subject)
    box = write_animation(animation_of(clip), [tmp_path / "made.mkv"], behind, method="x")
    made = read(tmp_path / "made.mkv").pixels[0, :, 2, 2].float() / 255
    assert made.tolist() == pytest.approx(contrast_of(subject), abs=0.03)
    assert box is not None
    top, bottom, left, right = box
    assert (top <= 40, bottom >= 60, left <= 70, right >= 90) == (True,) * 4
    assert (bottom - top, right - left) < (28, 28)


def test_without_a_subject_it_is_mid_grey_and_there_is_no_box(tmp_path: Path) -> None:
    empty = Animation(iter(torch.zeros(2, 4, *SIZE, dtype=torch.uint8)), Timing.constant(2), SIZE)
    assert write_animation(empty, [tmp_path / "made.mkv"], backdrop_of("contrast", SIZE), method="x") is None
    assert contrast_of(None) == MID_GREY


def test_sheets_are_cut_to_the_subject_and_show_transparent_results_on_grey(tmp_path: Path) -> None:
    clip = standing(250)
    path = tmp_path / "made.mov"
    box = write_animation(animation_of(clip), [path], backdrop_of("transparent", SIZE), method="x")
    small = read_small(path, box, DARK_GREY)
    assert box is not None
    assert small[0].shape == (3, box[1] - box[0], box[3] - box[2])
    # A corner of the cut shows the grey, and its middle the subject.
    assert small[0][:, 0, 0].float().mean() / 255 == pytest.approx(DARK_GREY[0], abs=0.03)
    assert small[0][:, small[0].shape[1] // 2, small[0].shape[2] // 2].float().mean() > 230

    report = Report("given", "", (1.0,) * len(clip))
    inputs = [SilhouetteInput(name, "", clip, report) for name in ("one", "two")]
    files = write_sheets(inputs, {"a": small, "b": small}, tmp_path, None)
    beside = read(files["side-by-side.mp4"])
    # Four squares beside each other at the size of the cut, and not four frames of 128 pixels.
    assert beside.width < 4 * 100
    assert len(beside) == 3
    assert read(files["contact-sheet.png"]).height > 4 * 128
