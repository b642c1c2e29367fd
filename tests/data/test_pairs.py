"""Pairs: windows whose frames all have silhouettes, one map a window, whom a request is about."""

from fractions import Fraction

import pytest
import torch

from muybridge.data.pair import Augment, Pair, augmenting_maps, crop_pair, restore_pair, windows
from muybridge.data.subject import Subject
from muybridge.data.translation import (
    cycle_figures,
    overlap,
    pictures_of,
    result_frames,
    to_pictures,
    to_rgba,
    translation_job,
)
from muybridge.errors import InputError, UsageError
from muybridge.geometry import identity_affine
from muybridge.puppets import scene
from muybridge.video import Clip, Timing

CPU = torch.device("cpu")
STILL = Augment(share=0.0)


@pytest.fixture(scope="module")
def clips() -> tuple[Clip, Clip]:
    drawn = scene("cat-horse", frames=5, size=64)
    return drawn.a, drawn.b


@pytest.fixture(scope="module")
def pair(clips: tuple[Clip, Clip]) -> Pair:
    return Pair(*crop_pair(clips, 64, 0.1, method="jokr"), STILL)


def subject(seen: list[bool]) -> Subject:
    """Frames whose every value is their index."""
    t = len(seen)
    pixels = torch.arange(t, dtype=torch.uint8).view(t, 1, 1, 1).expand(t, 3, 32, 32).contiguous()
    mattes = torch.full((t, 1, 32, 32), 255, dtype=torch.uint8)
    boxes = torch.tensor([[16.0, 16.0, 32.0, 32.0]]).repeat(t, 1)
    timing = Timing(tuple(range(t)), 1, Fraction(1, 25))
    plate = torch.zeros(3, 32, 32, dtype=torch.uint8)
    return Subject(pixels, mattes, boxes, torch.tensor(seen), (32, 32), plate, timing)


def test_windows_have_a_silhouette_in_every_frame() -> None:
    gaps = subject([True, True, False, True, True, True, True])
    assert windows(gaps, 1).tolist() == [0, 1, 3, 4, 5, 6]
    assert windows(gaps, 2).tolist() == gaps.neighbours().tolist() == [0, 3, 4, 5]
    assert windows(gaps, 3).tolist() == [3, 4]
    assert windows(gaps, 8).tolist() == []


def test_a_window_is_frames_in_their_order() -> None:
    counted = subject([True] * 6)
    drawn = Pair(counted, counted, STILL).draw("a", 4, 3, torch.Generator().manual_seed(0))
    first, second, third = ((x[:, 0, 0, 0] * 255).round() for x in drawn)
    assert torch.equal(second, first + 1)
    assert torch.equal(third, first + 2)


def test_one_map_moves_a_whole_window(pair: Pair) -> None:
    same = pair.a.pixels[:1].repeat(5, 1, 1, 1)
    still = Subject(
        same, pair.a.mattes[:1].repeat(5, 1, 1, 1), pair.a.boxes, pair.a.seen, pair.a.frame, pair.a.plate, pair.a.timing
    )
    moved = Pair(still, still, Augment(share=1.0)).draw("b", 2, 3, torch.Generator().manual_seed(0))
    assert torch.equal(moved[0], moved[2])
    assert not torch.equal(moved[0][0], moved[0][1])


def test_a_share_of_the_maps_is_the_identity() -> None:
    ranges = {"degrees": 20.0, "scale": (0.8, 1.2), "shear": 10.0, "shift": 0.1}
    maps = augmenting_maps(200, torch.Generator().manual_seed(0), (64, 64), share=0.25, **ranges)
    moved = (maps != identity_affine(200)).flatten(1).any(1).float().mean()
    assert 0.15 < float(moved) < 0.35


def test_a_pair_comes_back_from_its_tensors(pair: Pair) -> None:
    a, b, augment = restore_pair(Pair(pair.a, pair.b, Augment(degrees=7.0)).tensors())
    assert augment == Augment(degrees=7.0)
    assert torch.equal(a.pixels, pair.a.pixels)
    assert torch.equal(b.mattes, pair.b.mattes)


def test_too_few_frames_in_a_row_are_refused(clips: tuple[Clip, Clip]) -> None:
    a, b = clips
    with pytest.raises(InputError, match=r"has 2 frames: recyclegan needs at least three"):
        crop_pair([a[:2], b], 64, 0.1, method="recyclegan", length=3)
    assert a.mattes is not None
    mattes = a.mattes.clone()
    mattes[1], mattes[3] = 0, 0
    with pytest.warns(match="2 frames have no silhouette"), pytest.raises(InputError, match="no three neighbouring"):
        crop_pair([a.with_masks(mattes), b], 64, 0.1, method="recyclegan", length=3)


def test_pictures_and_bytes_are_inverse() -> None:
    mask = torch.tensor([1.0, 0.75, 0.5, 0.0]).view(1, 1, 1, 4)
    colour = torch.tensor([0.2, 0.4, 0.6]).view(1, 3, 1, 1)
    pictures = to_pictures(torch.cat((colour * mask, mask), 1))
    assert pictures[0, :, 0, 0].tolist() == pytest.approx([-0.6, -0.2, 0.2, 1.0])
    assert pictures[0, :, 0, 3].tolist() == [0.0, 0.0, 0.0, -1.0]
    rgba = to_rgba(pictures)
    # Wherever the subject is seen at all, its own colour, not one mixed with what is around it.
    assert all(rgba[0, :3, 0, i].tolist() == [51, 102, 153] for i in range(3))
    assert rgba[0, 3, 0].tolist() == [255, 255, 128, 0]


def test_a_request_finds_its_subjects(pair: Pair, clips: tuple[Clip, Clip]) -> None:
    ask = {"method": "cyclegan", "margin": 0.1, "follow_size": True}
    way = translation_job(pair, None, "a", **ask)
    assert (way.look, way.motion, way.timing, way.notes) == (pair.a, [pair.b], pair.b.timing, ())
    way = translation_job(pair, clips[0], None, affine=False, **ask)
    assert way.source == "b"
    assert [note.split(",")[0] for note in way.notes] == [
        "the driving clip looks like subject a",
        "cyclegan has no map between the two subjects",
    ]
    assert [len(part) for part in way.motion] == [5]
    for wrong in (None, "c", clips[0]):
        with pytest.raises(UsageError):
            translation_job(pair, None, wrong, **ask)


def test_figures_and_frames_of_known_translators(pair: Pair) -> None:
    def same(x: torch.Tensor) -> torch.Tensor:
        return x

    def inverted(x: torch.Tensor) -> torch.Tensor:
        return -x

    figures = cycle_figures(same, same, pair, CPU)
    assert figures == {
        f"{name}_{side}": value
        for side in "ab"
        for name, value in (("cycle_iou", 1.0), ("cycle_l1", 0.0), ("kept_iou", 1.0))
    }
    figures = cycle_figures(inverted, same, pair, CPU)
    shown = pictures_of(pair.a)
    assert figures["cycle_l1_a"] == pytest.approx(float(shown.abs().mean()))
    assert figures["kept_iou_a"] == 1.0
    assert figures["cycle_iou_a"] == 0.0
    assert overlap(shown, -shown) == 0.0
    way = translation_job(pair, None, "a", method="cyclegan", margin=0.1, follow_size=True)
    frames = list(result_frames(same, way, False, CPU))
    assert torch.equal(torch.stack(frames), to_rgba(pictures_of(pair.b)))
    full = list(result_frames(same, way, True, CPU))
    assert all(frame.shape == (4, *pair.a.frame) for frame in full)
