from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from muybridge.errors import InputError, MissingSilhouettesError, MuybridgeWarning, UsageError
from muybridge.masks import (
    FaultCounts,
    Report,
    check_usable,
    correct,
    count_faults,
    find,
    find_doubtful,
    overlay,
    sheet,
    way_of,
)
from muybridge.masks.threshold import flat_background
from muybridge.video import Clip, Timing, read, write

H, W, T = 60, 84, 6


def discs(radius: float = 14, speed: float = 4) -> np.ndarray:
    rows, columns = np.mgrid[:H, :W]
    return np.stack([(rows - 30) ** 2 + (columns - 30 - speed * t) ** 2 <= radius**2 for t in range(T)])


def clip_of(truth: np.ndarray, background: np.ndarray, front: np.ndarray) -> Clip:
    frames = np.where(truth[..., None], front, background).astype(np.uint8)
    return Clip(torch.from_numpy(frames).permute(0, 3, 1, 2).contiguous(), Timing.constant(len(frames), 10))


def noise(level: float, spread: float, seed: int) -> np.ndarray:
    field = np.random.default_rng(seed).normal(0, 1, (H, W, 3)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), 1.2)
    return np.clip(np.array([level, level * 0.9, level * 0.8]) + field / field.std() * spread, 0, 255)


@pytest.fixture
def drawing() -> tuple[Clip, np.ndarray]:
    """A disc before a flat white background."""
    truth = discs()
    return clip_of(truth, np.full((H, W, 3), 250), np.array([30, 120, 60])), truth


@pytest.fixture
def photo() -> tuple[Clip, np.ndarray]:
    """A bright disc before a textured background."""
    truth = discs(speed=2)
    return clip_of(truth, noise(90, 18, 0), noise(200, 12, 1)), truth


def iou(clip: Clip, truth: np.ndarray) -> float:
    assert clip.mattes is not None
    found = clip.mattes[:, 0].numpy() > 127
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in zip(found, truth, strict=True)]))


def as_clip(masks: np.ndarray) -> Clip:
    levels = torch.from_numpy(masks.astype(np.uint8) * 255)[:, None].expand(-1, 3, -1, -1).contiguous()
    return Clip(levels, Timing.constant(len(masks), 10))


def test_a_flat_background_is_recognised_and_cut(drawing: tuple[Clip, np.ndarray]) -> None:
    found, report = find(drawing[0])
    assert report.how == "threshold"
    assert iou(found, drawing[1]) > 0.99
    assert len(report.confidence) == T
    assert min(report.confidence) > 0.8
    assert report.warnings == ()


def test_a_textured_background_is_not_flat(photo: tuple[Clip, np.ndarray]) -> None:
    assert flat_background(photo[0]) is None
    with pytest.raises(InputError, match="not one flat colour"):
        find(photo[0], how="threshold")


def test_colour_and_motion_needs_no_hint(photo: tuple[Clip, np.ndarray]) -> None:
    found, report = find(photo[0])
    assert report.how == "colour"
    assert "middle" in report.detail
    assert iou(found, photo[1]) > 0.85
    assert all(0 <= c <= 1 for c in report.confidence)


def test_the_old_name_of_a_way_still_works_and_is_told(drawing: tuple[Clip, np.ndarray]) -> None:
    with pytest.warns(MuybridgeWarning, match="'grabcut' is called 'colour' now"):
        assert find(drawing[0], how="grabcut")[1].how == "colour"
    assert way_of("grabcut: from a box") == way_of("colour: from a box") == "colour"
    assert way_of("given: masks") == "given"


def test_colour_and_motion_takes_a_box_and_a_rough_mask(photo: tuple[Clip, np.ndarray]) -> None:
    boxed, report = find(photo[0], box=(14, 14, 48, 47))
    assert "box on frame 0" in report.detail
    assert iou(boxed, photo[1]) > 0.85
    rough = cv2.dilate(photo[1][3].astype(np.uint8), np.ones((9, 9), np.uint8))
    masked, report = find(photo[0], rough=(3, torch.from_numpy(rough)))
    assert "rough mask on frame 3" in report.detail
    assert iou(masked, photo[1]) > 0.85


def test_colour_and_motion_is_the_same_each_time(photo: tuple[Clip, np.ndarray]) -> None:
    first, second = find(photo[0], how="colour")[0], find(photo[0], how="colour")[0]
    assert first.mattes is not None
    assert second.mattes is not None
    assert torch.equal(first.mattes, second.mattes)


def test_one_frame_is_enough_and_tiny_frames_do_not_crash() -> None:
    truth = discs()[:1]
    single = clip_of(truth, noise(90, 18, 0), noise(200, 12, 1))
    assert iou(find(single, how="colour")[0], truth) > 0.7
    with pytest.raises(InputError):
        find(Clip(torch.zeros(2, 3, 1, 1, dtype=torch.uint8), Timing.constant(2)))


def test_frames_of_unequal_size_keep_their_padding_empty(photo: tuple[Clip, np.ndarray]) -> None:
    clip = photo[0]
    pixels = clip.pixels.clone()
    sizes = tuple((H - 4 * (t % 2), W - 6 * (t % 2)) for t in range(T))
    for t, (h, w) in enumerate(sizes):
        pixels[t, :, h:] = 0
        pixels[t, :, :, w:] = 0
    found, _ = find(Clip(pixels, clip.timing, sizes=sizes), how="colour")
    assert found.mattes is not None
    for t, (h, w) in enumerate(sizes):
        assert found.mattes[t, 0, h:].sum() == 0
        assert found.mattes[t, 0, :, w:].sum() == 0
    assert iou(found, photo[1]) > 0.8


def test_given_masks_of_a_clip_and_of_a_folder(photo: tuple[Clip, np.ndarray], tmp_path: Path) -> None:
    found, report = find(photo[0], masks=as_clip(photo[1]))
    assert report.how == "given"
    assert iou(found, photo[1]) == 1.0
    for t, mask in enumerate(photo[1]):
        assert cv2.imwrite(str(tmp_path / f"{t + 5}.jpg"), mask.astype(np.uint8) * 255)
    found, report = find(photo[0], masks=tmp_path)
    assert found.mattes is not None
    assert set(found.mattes.unique().tolist()) == {0, 255}
    assert iou(found, photo[1]) > 0.97


def test_given_masks_have_the_size_of_their_frames(photo: tuple[Clip, np.ndarray]) -> None:
    truth = photo[1]
    for other in (truth[:, ::2, ::2], truth[:, ::2]):
        h, w = other.shape[1:]
        with pytest.raises(InputError, match=f"is {w}x{h} px and its frame 84x60"):
            find(photo[0], masks=as_clip(other))
    with pytest.raises(InputError, match="5 silhouettes, and clip has 6 frames"):
        find(photo[0], masks=as_clip(truth[:5]))
    odd = np.pad(truth, ((0, 0), (0, 1), (0, 1)))  # as a codec that wants even sides leaves them
    assert iou(find(photo[0], masks=as_clip(odd))[0], truth) == 1.0


def test_frames_that_were_read_smaller_take_masks_of_their_file(photo: tuple[Clip, np.ndarray], tmp_path: Path) -> None:
    clip, truth = photo
    write(tmp_path / "frames", clip.pixels, clip.timing)
    write(tmp_path / "masks", as_clip(truth).pixels, clip.timing)
    write(tmp_path / "halves", as_clip(truth[:, ::2, ::2]).pixels, clip.timing)
    small = read(tmp_path / "frames", max_side=42)
    halves = truth[:, ::2, ::2]
    for masks in (tmp_path / "masks", as_clip(truth), as_clip(halves), read(tmp_path / "masks", max_side=42)):
        found, report = find(small, masks=masks)
        assert iou(found, halves) > 0.9
        assert report.warnings == ()
    with pytest.raises(InputError, match="is 42x30 px and its frame 84x60"):
        find(small, masks=tmp_path / "halves")


def test_alpha_is_taken_unless_it_says_nothing(drawing: tuple[Clip, np.ndarray]) -> None:
    clip, truth = drawing
    found, report = find(clip.with_masks(torch.from_numpy(truth)[:, None]))
    assert report.how == "alpha"
    assert iou(found, truth) == 1.0
    opaque = clip.with_masks(torch.full((T, 1, H, W), 255, dtype=torch.uint8))
    assert find(opaque)[1].how == "threshold"
    with pytest.raises(InputError, match="no alpha"):
        find(clip, how="alpha")


def test_empty_silhouettes_are_counted_and_all_empty_is_an_error(photo: tuple[Clip, np.ndarray]) -> None:
    some = photo[1].copy()
    some[[1, 4]] = False
    report = find(photo[0], masks=as_clip(some))[1]
    assert report.empty == (1, 4)
    assert "2 of 6" in report.warnings[0]
    with pytest.raises(InputError, match="no subject on any"):
        find(photo[0], masks=as_clip(some & False))
    with pytest.raises(InputError, match="covers every frame"):
        find(photo[0], masks=as_clip(some | True))


def test_touching_all_borders_is_said_and_the_whole_border_refused(photo: tuple[Clip, np.ndarray]) -> None:
    cross = photo[1].copy()
    cross[:, 30] = cross[:, :, 40] = True  # as a subject that the clip was cropped to
    report = find(photo[0], masks=as_clip(cross))[1]
    assert isinstance(report, Report)
    assert any("four borders on 6 of 6" in w for w in report.warnings)
    ring = photo[1].copy()
    ring[:5, [0, -1]] = ring[:5, :, [0, -1]] = True
    assert any("four borders on 5 of 6" in w for w in find(photo[0], masks=as_clip(ring))[1].warnings)
    ring[5] = False  # none there, so the other five are all
    with pytest.raises(InputError, match="takes the whole border on 5 of 6 frames"):
        find(photo[0], masks=as_clip(ring))


def test_a_silhouette_that_takes_most_of_the_picture_is_doubted(photo: tuple[Clip, np.ndarray]) -> None:
    most = np.zeros_like(photo[1])
    most[:, :50, :70] = True  # 69 %
    report = find(photo[0], masks=as_clip(most))[1]
    assert any("more than 60% of the picture on 6 of 6 frames" in w for w in report.warnings)
    assert find(photo[0], masks=as_clip(photo[1]))[1].warnings == ()


def test_parts_that_are_lost_now_and_then_are_doubted() -> None:
    body = torch.zeros(8, 1, 40, 60, dtype=torch.uint8)
    body[:, :, 10:30, 10:50] = 255
    assert check_usable(count_faults(body), "clip") == ()
    # A cut in the film: the subject is seen from nearer then.
    cut = body.clone()
    cut[4:, :, 5:35, 2:58] = 255
    assert check_usable(count_faults(cut), "clip") == ()
    lost = body.clone()
    lost[3, :, 10:30, 20:] = 0
    assert any(
        "doubles or halves from one frame to the next 2 times" in w for w in check_usable(count_faults(lost), "clip")
    )


def test_a_ground_that_was_taken_for_the_subject_is_doubted() -> None:
    """A subject walks over it before a wall of other colours; one that stands on the lower border is none."""
    ground = torch.zeros(6, 1, 40, 60, dtype=torch.uint8)
    ground[:, :, 25:] = 255
    said = check_usable(count_faults(ground), "clip")
    assert any("from one side to the other on 6 of 6 frames" in w for w in said)
    bust = torch.zeros_like(ground)
    bust[:, :, 10:, 10:50] = 255
    assert check_usable(count_faults(bust), "clip") == ()


def test_pieces_are_judged_together() -> None:
    nobody, whole = np.zeros((2, H, W), bool), np.ones((3, H, W), bool)
    mattes = [as_clip(m).pixels[:, :1] for m in (nobody, discs(), whole, nobody)]
    counts = sum((count_faults(m) for m in mattes), FaultCounts())
    assert counts == FaultCounts(13, (0, 1, 11, 12), full=3, touching=3, framing=3, large=3, across=3)
    assert len(check_usable(counts, "clip")) == 3
    with pytest.raises(InputError, match="no subject on any of the 4 frames"):
        check_usable(count_faults(mattes[0]) + count_faults(mattes[3]), "clip")


@pytest.mark.parametrize(
    "options",
    [
        {"how": "magic"},
        {"how": "given"},
        {"how": "threshold", "box": (0.0, 0.0, 9.0, 9.0)},
        {"how": "colour", "box": (90.0, 0.0, 99.0, 9.0)},
        {"box": (0.0, 0.0, 9.0, 9.0), "rough": (0, torch.ones(H, W))},
        {"box": (0.0, 0.0, 9.0, 9.0), "frame": 6},
        {"how": "colour", "masks": "folder"},
    ],
)
def test_wrong_use_is_refused(drawing: tuple[Clip, np.ndarray], options: dict) -> None:
    with pytest.raises(UsageError):
        find(drawing[0], **options)


def test_a_rough_mask_must_fit_and_show_something(photo: tuple[Clip, np.ndarray]) -> None:
    with pytest.raises(InputError, match="rough mask is 9x9"):
        find(photo[0], rough=(0, torch.ones(9, 9)))
    with pytest.raises(InputError, match="empty"):
        find(photo[0], rough=(0, torch.zeros(H, W)))


def test_a_correction_spreads_to_neighbours_and_stops_at_the_next(photo: tuple[Clip, np.ndarray]) -> None:
    clip, truth = photo
    wrong = truth.copy()
    wrong[:, :30] = False  # the upper half is missing everywhere
    start = clip.with_masks(torch.from_numpy(wrong)[:, None])
    fixed, report = correct(start, 2, torch.from_numpy(truth[2]), corrected=(4,))
    assert fixed.mattes is not None
    got = fixed.mattes[:, 0].numpy() > 127
    assert np.array_equal(got[2], truth[2])
    assert np.array_equal(got[4:], wrong[4:])
    for t in (1, 3):
        assert (got[t] & truth[t]).sum() / (got[t] | truth[t]).sum() > 0.85
    assert report.how == "corrected"
    with pytest.raises(UsageError):
        correct(start, 6, torch.from_numpy(truth[2]))
    with pytest.raises(InputError, match="no silhouettes"):
        correct(clip, 0, torch.from_numpy(truth[0]))
    with pytest.raises(InputError, match="empty"):
        correct(start, 0, torch.zeros(H, W))


def test_the_sheet_shows_the_outline(photo: tuple[Clip, np.ndarray]) -> None:
    clip = photo[0].with_masks(torch.from_numpy(photo[1])[:, None])
    shown = overlay(clip)
    assert shown.shape == clip.pixels.shape
    inside = torch.from_numpy(photo[1])[:, None].expand_as(shown)
    assert torch.equal(shown[inside], clip.pixels[inside])
    assert (shown[0, 0] == 255).sum() >= 60
    assert sheet(clip, columns=3, rows=2, height=60).shape[0] == 3
    with pytest.raises(MissingSilhouettesError):
        overlay(photo[0])


def test_the_sheet_shows_a_small_subject_from_nearby_too() -> None:
    pixels = torch.full((3, 3, 90, 120), 80, dtype=torch.uint8)
    mattes = torch.zeros(3, 1, 90, 120, dtype=torch.uint8)
    for t in (0, 2):
        mattes[t, :, 40:60, 10 + 20 * t : 30 + 20 * t] = 255
    pixels[mattes.expand_as(pixels) > 0] = 200
    small = sheet(Clip(pixels, Timing.constant(3), mattes=mattes), columns=3, rows=1, height=60)
    large = torch.nn.functional.interpolate(mattes[:, :, 35:65, 5:50].float(), (90, 120)).byte()
    whole = sheet(Clip(pixels, Timing.constant(3), mattes=large), columns=3, rows=1, height=60)
    assert small.shape[1] > 1.8 * whole.shape[1]
    # Nearly four times as large as in the row above it, which is 60 pixels high.
    assert (small == 200).all(0).sum() > 2000


def test_frames_in_doubt_are_those_that_the_warnings_count() -> None:
    mattes = torch.zeros(5, 1, 20, 20, dtype=torch.uint8)
    mattes[0, 0, 5:12, 5:12] = 255
    mattes[2] = 255
    mattes[3, 0, 10] = 255
    mattes[3, 0, :, 10] = 255
    mattes[4, 0, 1:, 1:] = 255
    assert find_doubtful(mattes) == (1, 2, 3, 4)
