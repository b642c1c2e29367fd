"""Cutouts: the clip's own pixels, put back where they came from, stored and restored."""

import pytest
import torch

from muybridge.data.reference_frames import ReferenceFrames, choose_evenly, measure_rim, trim_rim
from muybridge.data.subject import Subject
from muybridge.puppets import scene
from muybridge.video import Clip


@pytest.fixture(scope="module")
def clip() -> Clip:
    return scene("cat-horse", frames=4, size=64).a


@pytest.fixture(scope="module", params=[False, True])
def subject(request: pytest.FixtureRequest, clip: Clip) -> Subject:
    return Subject.from_clip(clip, (32, 48), 0.1, flip=request.param)


def test_a_cutout_has_the_clips_own_silhouette_pixel_by_pixel(clip: Clip, subject: Subject) -> None:
    frames = ReferenceFrames.from_clip(clip, subject)
    shown = clip.mirror() if subject.flip else clip
    matte = frames.pictures([2])[0, 3]

    assert shown.mattes is not None
    assert int(matte.long().sum()) == int(shown.mattes[2].long().sum())


def test_what_is_seen_of_a_frame_in_its_own_box_goes_back_to_where_it_was(clip: Clip, subject: Subject) -> None:
    frames = ReferenceFrames.from_clip(clip, subject)
    shown = clip.mirror() if subject.flip else clip
    x, y = (frames._pixels()[:2] - frames._pixels()[2:] / 2).int().tolist()
    height, width = frames.size
    whole = torch.cat((shown.pixels[1], shown.mattes[1]))  # type: ignore[index]
    padded = torch.nn.functional.pad(whole, (width, width, height, height))
    cut = padded[:, y + height : y + 2 * height, x + width : x + 2 * width]

    back = frames.put_back(cut, subject)
    assert clip.mattes is not None
    seen = clip.mattes[1, 0] > 0
    assert torch.equal(back[:3, seen], clip.pixels[1][:, seen])
    assert torch.equal(back[3], clip.mattes[1, 0])


def test_a_result_of_a_clip_that_was_read_smaller_has_the_files_size(clip: Clip, subject: Subject) -> None:
    frames = ReferenceFrames.from_clip(clip, subject)
    larger = Subject(**{**vars(subject), "frame": (128, 128), "boxes": subject.boxes * 2})
    picture = torch.full((4, *frames.size), 255, dtype=torch.uint8)

    assert frames.put_back(picture, larger).shape == (4, 128, 128)


def test_the_view_spans_the_usual_box(clip: Clip, subject: Subject) -> None:
    frames = ReferenceFrames.from_clip(clip, subject)
    view = frames.view()[0]
    pixel = 2 / frames.usual[2:]

    torch.testing.assert_close(view[0, 1] - view[0, 0], torch.stack((pixel[0], torch.tensor(0.0))))
    assert bool((view.amin((0, 1)) < -1 + pixel).all())
    assert bool((view.amax((0, 1)) > 1 - pixel).all())


def test_stored_and_restored_they_are_the_same(clip: Clip, subject: Subject) -> None:
    frames = ReferenceFrames.from_clip(clip, subject)
    again = ReferenceFrames.restore(frames.tensors("a"), "a")

    assert torch.equal(again.pictures([0, 3]), frames.pictures([0, 3]))
    assert torch.equal(again.view(), frames.view())
    assert again.compressed_bytes == frames.compressed_bytes
    assert again.clip == frames.clip


def test_frames_are_chosen_evenly() -> None:
    assert choose_evenly(torch.arange(10), 4).tolist() == [0, 3, 6, 9]
    assert choose_evenly(torch.arange(3), 4).tolist() == [0, 1, 2]


def test_a_rim_is_taken_off_and_thin_parts_stay() -> None:
    masks = torch.zeros(1, 1, 40, 40)
    masks[..., 5:25, 5:25] = 1
    masks[..., 32, 5:35] = 1

    kept = trim_rim(masks.expand(1, 3, 40, 40), masks, 3)[1]
    assert float(kept[..., 8:22, 8:22].min()) == 1
    assert float(kept[..., 5, 10:20].max()) == 0
    assert float(kept[..., 32, 5:35].min()) == 1


def square_on_ground(rim: int, rim_colour: tuple[float, float, float]) -> torch.Tensor:
    """[2, 4, 384, 384]: a red square on green ground, whose silhouette reaches `rim` pixels beyond the red."""
    layers = torch.zeros(2, 4, 384, 384)
    layers[:, 1] = 0.8
    outer = slice(100 - rim, 280 + rim)
    layers[:, :3, outer, outer] = torch.tensor(rim_colour)[:, None, None]
    layers[:, 3, outer, outer] = 1
    layers[:, :3, 100:280, 100:280] = torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    return layers


@pytest.mark.parametrize(
    ("colour", "found"),
    [((0.0, 0.8, 0.0), 2), ((0.3, 0.5, 0.05), 2), ((0.8, 0.1, 0.1), 0), ((0.05, 0.05, 0.2), 0)],
)
def test_a_rim_that_shows_the_ground_is_told_from_an_outline(colour: tuple[float, float, float], found: int) -> None:
    assert measure_rim(square_on_ground(2, colour)) == found


def test_a_black_outline_of_a_white_subject_before_grey_is_no_ground() -> None:
    """It lies on the way from white to grey, and farther."""
    layers = square_on_ground(2, (0.0, 0.0, 0.0))
    layers[:, :3, 100:280, 100:280] = 1.0
    ground = (layers[:, 3:] == 0).expand(-1, 3, -1, -1)
    layers[:, :3][ground] = 0.5
    assert measure_rim(layers) == 0


def test_no_rim_is_looked_for_where_it_cannot_be_seen() -> None:
    small = square_on_ground(2, (0.0, 0.8, 0.0))[..., 90:190, 90:190]
    assert measure_rim(small) == 0
    cut_out = square_on_ground(2, (0.0, 0.8, 0.0))
    cut_out[:, :3] *= cut_out[:, 3:]
    assert measure_rim(cut_out) == 1
