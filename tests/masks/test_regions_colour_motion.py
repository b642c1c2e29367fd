import cv2
import numpy as np
import pytest
import torch
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from muybridge.masks.colour import colour_bins, colour_evidence, colour_range, level_evidence, nearby_evidence, to_lab
from muybridge.masks.colour_and_motion import find_by_colour_and_motion
from muybridge.masks.motion import FlowWarp, estimate_camera, motion_residual
from muybridge.masks.regions import fill_holes, guided_filter, keep_main_parts, snap_to_edges, stray_parts
from muybridge.puppets import scene
from muybridge.video import Clip, Timing


def disc(h: int, w: int, y: float, x: float, r: float) -> np.ndarray:
    rows, columns = np.mgrid[:h, :w]
    return (rows - y) ** 2 + (columns - x) ** 2 <= r * r


def test_holes_are_filled_and_bays_are_not() -> None:
    ring = disc(40, 50, 20, 25, 12) & ~disc(40, 50, 20, 25, 5)
    assert np.array_equal(fill_holes(ring), disc(40, 50, 20, 25, 12))
    bay = np.zeros((10, 10), bool)
    bay[2:8, 2] = bay[2:8, 7] = bay[2, 2:8] = True
    assert np.array_equal(fill_holes(bay), bay)


def test_a_large_hole_may_stay() -> None:
    ring = disc(40, 50, 20, 25, 12) & ~disc(40, 50, 20, 25, 9)
    assert np.array_equal(fill_holes(ring, largest=0.1), ring)


def test_main_parts_drops_specks() -> None:
    mask = disc(40, 60, 20, 15, 10) | disc(40, 60, 20, 45, 8)
    speck = mask.copy()
    speck[0, 0] = True
    assert np.array_equal(keep_main_parts(speck), mask)
    assert not keep_main_parts(np.zeros((5, 5), bool)).any()


@settings(max_examples=10, deadline=None)
@over(st.integers(0, 1000))
def test_guided_filter_keeps_what_is_linear_in_the_colours(seed: int) -> None:
    picture = np.random.default_rng(seed).random((20, 24, 3)).astype(np.float32)
    value = (picture @ np.array([0.5, -0.2, 0.3], np.float32) + 0.1).astype(np.float32)
    slope, offset = guided_filter(picture, value, radius=4, softness=1e-7)
    assert np.allclose((slope * picture).sum(-1) + offset, value, atol=1e-3)


def test_a_blurred_edge_snaps_to_the_picture() -> None:
    truth = disc(48, 64, 24, 32, 14)
    picture = np.where(truth[..., None], [0.9, 0.8, 0.2], [0.1, 0.3, 0.2]).astype(np.float32)
    off = np.roll(truth, 2, axis=1).astype(np.float32)
    assert ((snap_to_edges(picture, off) > 0.5) != truth).sum() < 0.5 * ((off > 0.5) != truth).sum()


def test_evidence_has_the_sign_of_the_colours() -> None:
    truth = disc(40, 40, 20, 20, 10)
    picture = np.where(truth[..., None], [200, 30, 30], [30, 30, 200]).astype(np.uint8)
    colours = to_lab(picture[None])
    cells = colour_bins(colours, colour_range(colours))
    score = colour_evidence(cells, truth[None].astype(float), 1 - truth[None].astype(float))[cells][0]
    assert (score[truth] > 1).all()
    assert (score[~truth] < -1).all()
    assert to_lab(np.full((1, 1, 3), 255, np.uint8))[0, 0] == pytest.approx([100, 0, 0], abs=0.1)


def test_a_colour_may_be_the_subjects_early_and_the_backgrounds_late() -> None:
    spot, count = disc(40, 40, 20, 20, 10), 60
    grey, red, blue = [120, 120, 120], [200, 30, 30], [30, 30, 200]
    early, late = np.where(spot[..., None], grey, blue), np.where(spot[..., None], red, grey)
    colours = to_lab(np.stack([early] * (count // 2) + [late] * (count // 2)).astype(np.uint8))
    cells, inside = colour_bins(colours, colour_range(colours)), np.repeat(spot[None], count, 0).astype(float)
    everywhere = colour_evidence(cells, inside, 1 - inside)[cells]
    nearby = nearby_evidence(cells, inside, 1 - inside)
    assert (everywhere[5][spot] < 0).all()  # there is more grey background than grey subject
    assert (nearby[5][spot] > 1).all()
    assert (nearby[5][~spot] < -1).all()
    assert (nearby[-5][spot] > 1).all()
    assert (nearby[-5][~spot] < -1).all()


def test_level_evidence_rises_with_what_the_subject_has_more_of() -> None:
    value = np.concatenate([np.full(500, 1.0), np.full(500, 9.0)])
    inside = np.concatenate([np.full(500, 0.1), np.full(500, 0.9)])
    score = level_evidence(value, inside)
    assert score[0] < 0 < score[-1]


def texture(h: int, w: int, seed: int = 0) -> np.ndarray:
    import cv2

    noise = np.random.default_rng(seed).random((h, w, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return np.clip(128 + (noise - noise.mean()) * 900, 0, 255).astype(np.uint8)


def test_the_camera_is_followed_and_a_moving_subject_sticks_out() -> None:
    wide, front = texture(80, 140), texture(80, 140, 1)
    spot = disc(80, 110, 40, 55, 16)
    frames = np.stack([np.where(spot[..., None], front[:, :110], wide[:, 3 * t : 3 * t + 110]) for t in range(4)])
    import cv2

    shades = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]
    matrix = estimate_camera(shades[0], shades[1], ~disc(80, 110, 40, 55, 22))
    assert matrix is not None
    assert matrix == pytest.approx(np.array([[1, 0, -3], [0, 1, 0]]), abs=0.15)
    left = motion_residual(frames, np.repeat(disc(80, 110, 40, 55, 20)[None], 4, 0).astype(np.float32))
    assert left[1][spot].mean() > 5 * left[1][~disc(80, 110, 40, 55, 22)][: 110 * 10].mean()


def test_background_that_is_hidden_on_one_side_is_seen_on_the_other() -> None:
    wide, front = texture(80, 110), texture(80, 110, 1)
    spots = np.stack([disc(80, 110, 40, 20 + 10 * t, 12) for t in range(8)])
    frames = np.where(spots[..., None], np.stack([np.roll(front, 10 * t, 1) for t in range(8)]), wide)
    left = motion_residual(frames, spots.astype(np.float32))
    # In the middle frame, what was hidden a frame ago and what will be hidden in a frame fits as well as the rest.
    uncovered, rest = (spots[3] | spots[5]) & ~spots[4], ~spots.any(0)
    assert left[4][spots[4]].mean() > 5 * left[4][uncovered].mean()
    assert left[4][uncovered].mean() < left[4][rest].mean() + 1


def test_a_single_frame_has_no_movement() -> None:
    assert motion_residual(texture(40, 40)[None], np.zeros((1, 40, 40), np.float32)).max() == 0


def test_flow_carries_a_mask_along() -> None:
    wide = texture(64, 120)
    frames = np.stack([wide[:, 10:90], wide[:, 7:87]])
    level = disc(64, 80, 32, 40, 10).astype(np.float32)
    moved = FlowWarp(frames)(level, 0, 1)
    want = disc(64, 80, 32, 43, 10)
    assert ((moved > 0.5) & want).sum() / ((moved > 0.5) | want).sum() > 0.9


def test_no_camera_where_there_is_nothing_to_follow() -> None:
    flat = np.full((40, 40), 128, np.uint8)
    assert estimate_camera(flat, flat, np.ones((40, 40), bool)) is None


def test_strays_stand_apart_and_are_small() -> None:
    mask = np.zeros((60, 80), bool)
    mask[20:50, 20:60] = True  # the subject
    mask[52:56, 30:33] = True  # a paw, two pixels below
    tail = (slice(5, 9), slice(5, 10))
    mask[tail] = True
    found = stray_parts(mask, 0.05, 2)
    assert found[tail].all()
    assert not found[mask].all()
    assert np.array_equal(mask & ~found, np.where(np.arange(60)[:, None] < 15, False, mask))
    assert not stray_parts(mask, 0.01, 2).any()  # 20 of 1212 pixels are more than that
    assert not stray_parts(np.zeros((9, 9), bool), 0.5, 2).any()


def test_a_subject_that_the_camera_follows_is_not_the_background() -> None:
    """The colours of the background, which moves through the middle of the picture, were taken for the subject's."""
    drawn = scene("panning", 6, 96).b
    assert drawn.mattes is not None
    found, _ = find_by_colour_and_motion(Clip(drawn.pixels, drawn.timing))
    both, either = (found > 127) & (drawn.mattes > 127), (found > 127) | (drawn.mattes > 127)
    assert both.sum() / either.sum() > 0.8


def test_a_small_subject_before_two_textures_is_not_one_of_them() -> None:
    """The large reading of the clip ran out into the upper texture, though movement had shown where the subject is."""
    h, w, count = 64, 112, 8
    rng = np.random.default_rng(0)
    wide = cv2.GaussianBlur(rng.normal(0, 60, (h, 2 * w, 3)).astype(np.float32), (0, 0), 1.5) * 2
    wide += np.where(np.arange(h)[:, None, None] < 40, np.float32([140, 140, 150]), np.float32([90, 110, 60]))
    frames, truth = [], []
    for t in range(count):
        frame = wide[:, 5 * t : 5 * t + w].copy()
        body = disc(h, w, 40, 40 + 2 * t, 8)
        frame[body] = np.float32([120, 70, 40]) + rng.normal(0, 6, (body.sum(), 3))
        frames.append(frame.clip(0, 255).astype(np.uint8))
        truth.append(body)
    clip = Clip(torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).contiguous(), Timing.constant(count))
    found, _ = find_by_colour_and_motion(clip)
    seen = found[:, 0].numpy() > 127
    assert (seen & np.stack(truth)).sum() / (seen | np.stack(truth)).sum() > 0.7


def test_somebody_who_walks_through_is_neither_the_wall_nor_the_ground() -> None:
    """A phone on the pavement: light legs and body on grey, before bricks, which were taken for the subject."""
    h, w, count = 96, 128, 12
    rng = np.random.default_rng(0)
    bricks = cv2.resize(rng.normal(0, 25, (24, 32, 3)), (w, h), interpolation=cv2.INTER_NEAREST)
    bricks += np.float64([150, 80, 60])
    ground = cv2.GaussianBlur(rng.normal(0, 40, (h, w, 3)), (0, 0), 1.2)
    ground += np.float64([120, 112, 104])
    street = np.where(np.arange(h)[:, None, None] < 58, bricks, ground)
    frames, truth = [], []
    for t in range(count):
        x, swing = 100 - 72 * t // (count - 1), round(5 * np.sin(1.3 * t))
        body = np.zeros((h, w), np.uint8)
        cv2.ellipse(body, (x, 64), (15, 8), 0, 0, 360, 1, -1)
        cv2.line(body, (x - 9, 68), (x - 9 - swing, 84), 1, 4)
        cv2.line(body, (x + 9, 68), (x + 9 + swing, 84), 1, 4)
        frame = np.where(body[..., None] > 0, (225, 222, 214), street) + rng.normal(0, 3, (h, w, 3))
        frames.append(frame.clip(0, 255).astype(np.uint8))
        truth.append(body > 0)
    clip = Clip(torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).contiguous(), Timing.constant(count))
    found, _ = find_by_colour_and_motion(clip)
    seen = found[:, 0].numpy() > 127
    assert (seen & np.stack(truth)).sum() / (seen | np.stack(truth)).sum() > 0.7
