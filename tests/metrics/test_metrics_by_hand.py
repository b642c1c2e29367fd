"""Each metric against a value that was computed by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge import metrics
from muybridge.errors import InputError
from muybridge.metrics.pictures import scales_of
from muybridge.metrics.silhouettes import outline
from muybridge.networks import Lpips, Vgg16
from muybridge.networks.pretrained.vgg import LEVELS


def square(side: int, left: int, top: int, size: int = 32) -> torch.Tensor:
    """A silhouette [1, 1, size, size] with one square."""
    mask = torch.zeros(1, 1, size, size)
    mask[..., top : top + side, left : left + side] = 1
    return mask


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


# -- pictures --------------------------------------------------------------------------------------------------------


def test_l1_and_psnr_of_even_pictures() -> None:
    dark, light = torch.full((2, 3, 16, 16), 0.25), torch.full((2, 3, 16, 16), 0.35)
    assert metrics.l1(dark, light).tolist() == pytest.approx([0.1, 0.1])
    # 10 log10(1 / 0.1^2)
    assert metrics.psnr(dark, light).tolist() == pytest.approx([20.0, 20.0], abs=1e-4)
    assert metrics.psnr(dark, dark).tolist() == [100.0, 100.0]


def test_l1_counts_only_where_it_is_told() -> None:
    one, other = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    other[..., :2, :] = 0.6
    where = torch.zeros(1, 1, 8, 8)
    where[..., :4, :] = 1
    assert metrics.l1(one, other).item() == pytest.approx(0.15)
    assert metrics.l1(one, other, where).item() == pytest.approx(0.3)


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    dark, light = torch.full((1, 3, 24, 24), 0.2), torch.full((1, 3, 24, 24), 0.6)
    by_hand = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert metrics.ssim(dark, light).item() == pytest.approx(by_hand, abs=2e-4)
    # Contrast and structure of flat pictures agree: only the coarsest size has the luminance, to its exponent.
    exponent = 0.2856 / (0.0448 + 0.2856)
    assert scales_of(24) == 2
    assert metrics.ms_ssim(dark, light).item() == pytest.approx(by_hand**exponent, abs=2e-4)


def test_every_picture_has_its_own_value() -> None:
    pictures, other = noise(3, 3, 48, 48), noise(3, 3, 48, 48, seed=1)
    other[1] = pictures[1]
    for measure in (metrics.psnr, metrics.ssim, metrics.ms_ssim):
        alone = torch.cat([measure(a[None], b[None]) for a, b in zip(pictures, other, strict=True)])
        assert measure(pictures, other).tolist() == pytest.approx(alone.tolist(), abs=1e-5)
        assert measure(pictures, other).argmax() == 1


def test_ms_ssim_has_as_many_sizes_as_fit() -> None:
    assert [scales_of(side) for side in (11, 43, 44, 99, 128, 175, 176, 512)] == [2, 2, 3, 4, 4, 4, 5, 5]


def test_pictures_of_different_sizes_or_too_small() -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        metrics.psnr(noise(1, 3, 16, 16), noise(1, 3, 16, 17))
    with pytest.raises(InputError, match="windows of 11"):
        metrics.ssim(noise(1, 3, 8, 8), noise(1, 3, 8, 8))


def test_lpips_counts_what_its_weights_say() -> None:
    """One channel of the first level counts, and the trunk passes the red channel there: unit vectors, so the distance
    of two different pictures is known."""
    vgg = Vgg16()
    for p in vgg.parameters():
        torch.nn.init.zeros_(p)
    first, second = vgg.features[0], vgg.features[2]
    first.weight.data[0, 0, 1, 1] = first.weight.data[1, 1, 1, 1] = 1
    second.weight.data[0, 0, 1, 1] = second.weight.data[1, 1, 1, 1] = 1
    weights = [torch.zeros(1, c, 1, 1) for c in LEVELS]
    weights[0][0, 0] = 0.5
    network = Lpips(vgg, weights)
    network.mean.zero_()
    network.std.fill_(1)
    red, green = torch.full((1, 3, 16, 16), 0.5), torch.full((1, 3, 16, 16), 0.5)
    red[:, 0], green[:, 1] = 1.0, 1.0
    # Features (1, 0) and (0, 1), of which only the first counts, with weight a half.
    assert metrics.lpips(red, green, network).item() == pytest.approx(0.5, abs=1e-5)
    assert metrics.lpips(red, red, network).item() == 0


# -- silhouettes -----------------------------------------------------------------------------------------------------


def test_iou_of_squares() -> None:
    a, b = square(8, 4, 4), square(8, 8, 4)
    assert metrics.iou(a, b).item() == pytest.approx(32 / 96)
    nothing = torch.zeros_like(a)
    assert metrics.iou(torch.cat((a, nothing)), torch.cat((nothing, nothing))).tolist() == [0, 1]


def test_boundary_f_of_squares() -> None:
    a = square(10, 4, 4)
    assert outline(a > 0.5).sum() == 36
    assert metrics.boundary_f(a, a).item() == 1
    # Within one pixel a square moved by one still meets; moved by far it does not.
    assert metrics.boundary_f(a, square(10, 5, 4)).item() == 1
    assert metrics.boundary_f(a, square(10, 20, 20)).item() == 0
    # Moved by three: of the 36 pixels of the first outline, the top and the bottom have eight each within one of the
    # other's (columns 6 to 13), and the right side the two beside those.
    assert metrics.boundary_f(a, square(10, 7, 4)).item() == pytest.approx(18 / 36)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 12), st.integers(0, 18), st.integers(0, 18))
def test_overlaps_are_symmetric_and_bounded(side: int, left: int, top: int) -> None:
    a, b = square(9, 6, 7), square(side, left, top)
    for measure in (metrics.iou, metrics.boundary_f):
        value = measure(a, b).item()
        assert 0 <= value <= 1
        assert value == pytest.approx(measure(b, a).item())


# -- keypoints -------------------------------------------------------------------------------------------------------


def test_keypoint_step() -> None:
    points = torch.zeros(4, 2, 2)
    points[1, 0] = torch.tensor([0.3, 0.4])
    points[2:] = points[1]
    # Steps 0.5 and 0, then none: the mean over 3 x 2.
    assert metrics.keypoint_step(points).item() == pytest.approx(0.5 / 6)
    follows = torch.tensor([True, True, False])
    assert metrics.keypoint_step(points, follows).item() == pytest.approx(0.5 / 4)
    with pytest.raises(InputError):
        metrics.keypoint_step(points[:1])


def test_akd_and_mkr() -> None:
    truth = torch.zeros(2, 2, 2)
    made = truth.clone()
    made[0, 0] = torch.tensor([3.0, 4.0])
    made[1, 1] = 100.0
    found, true = torch.tensor([[True, True], [True, False]]), torch.tensor([[True, True], [False, True]])
    akd, mkr = metrics.average_keypoint_distance(made, truth, found, true)
    # Found in both: frame 0 alone, distances 5 and 0. Found in the truth: three, of which one is missing.
    assert akd.item() == pytest.approx(2.5)
    assert mkr.item() == pytest.approx(1 / 3)
    nothing = torch.zeros(2, 2, dtype=torch.bool)
    akd, mkr = metrics.average_keypoint_distance(made, truth, nothing, nothing)
    assert math.isnan(akd.item())
    assert mkr.item() == 0


def test_aed() -> None:
    made, truth = torch.tensor([[3.0, 4.0], [1.0, 1.0]]), torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert metrics.average_euclidean_distance(made, truth).item() == pytest.approx(2.5)
    with pytest.raises(InputError):
        metrics.average_euclidean_distance(made, truth[:1])


def test_limb_identity() -> None:
    joints = torch.tensor([[-0.5, 0.8], [0.5, 0.8], [0.0, -0.8]]).expand(10, 3, 2)
    points = torch.stack((joints[:, 0], joints[:, 2]), 1).clone()
    points[7:, 0] = joints[7:, 1]
    # The first keypoint is on the left leg in seven frames of ten; the second on none of the legs.
    assert metrics.limb_identity(points, joints, [[0], [1]]).item() == pytest.approx(0.7)
    assert math.isnan(metrics.limb_identity(points[:, 1:], joints, [[0], [1]]).item())


# -- sets ------------------------------------------------------------------------------------------------------------


def test_frechet_distance_of_known_moments() -> None:
    # Mean (0, 0), covariance diag(2, 2); the other mean (3, 4), covariance diag(8, 0).
    first = torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]]) * math.sqrt(1.5)
    second = torch.tensor([[5.0, 4.0], [1.0, 4.0]])
    # 25 + 4 + 8 - 2 (sqrt(2 x 8) + 0)
    assert metrics.frechet_distance(first, second).item() == pytest.approx(29, abs=1e-4)
    assert metrics.frechet_distance(first, first).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError):
        metrics.frechet_distance(first, second[:1])
    with pytest.raises(InputError):
        metrics.frechet_distance(first, second[:, :1])


def test_frechet_distance_of_covariances_that_do_not_commute() -> None:
    a, b = noise(40, 3).double(), noise(40, 3, seed=2).double() @ noise(3, 3, seed=3).double()
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(ca @ cb).real.clamp_min(0).sqrt().sum()
    by_hand = (a.mean(0) - b.mean(0)).square().sum() + ca.trace() + cb.trace() - 2 * root
    assert metrics.frechet_distance(a, b).item() == pytest.approx(by_hand.item(), rel=1e-9)


def test_energy_distance() -> None:
    # 2 x 1 - 0 - 0 for two points at distance 1, twice each.
    assert metrics.energy_distance(torch.zeros(2, 1), torch.ones(2, 1)).item() == pytest.approx(2)
    same = noise(200, 2)
    assert abs(metrics.energy_distance(same[::2], same[1::2]).item()) < 0.03


def walk(frames: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    """Keypoints [T, 3, 2] of a gait with a slow wander."""
    t = torch.arange(frames)[:, None] * 0.4
    phase = noise(1, 6, seed=7) * 6
    wander = noise(frames, 6, seed=seed) * 0.2
    return (torch.sin(t + phase) * 0.3 + wander + shift).reshape(frames, 3, 2)


def test_the_probe_tells_apart_what_differs_and_nothing_else() -> None:
    alike = metrics.measure_separability(walk(120, 1), walk(120, 2))
    apart = metrics.measure_separability(walk(120, 1), walk(120, 2, shift=0.4))
    assert 0.3 < alike.balanced_accuracy < 0.7
    assert apart.balanced_accuracy > 0.95
    assert apart.energy > 5 * apart.energy_within
    assert alike.energy < 3 * abs(alike.energy_within) + 0.02
    assert metrics.measure_separability(walk(120, 1), walk(120, 2)) == alike
    with pytest.raises(InputError):
        metrics.measure_separability(walk(20, 1), walk(120, 2))


def test_the_probe_cannot_win_by_counting() -> None:
    """Sets of unequal size: always saying the larger one is worth a half."""
    found = metrics.measure_separability(walk(200, 1), walk(64, 2))
    assert 0.3 < found.balanced_accuracy < 0.7


def test_random_features_keep_colour_and_do_not_change() -> None:
    frames, masks = noise(6, 3, 32, 32), torch.ones(6, 1, 32, 32)
    assert metrics.random_features(frames, masks).shape == (6, 72)
    same = metrics.random_feature_distance(frames, masks, frames, masks).item()
    green = frames * torch.tensor([0.3, 1.0, 0.3]).view(1, 3, 1, 1)
    assert same == pytest.approx(0, abs=1e-6)
    assert metrics.random_feature_distance(green, masks, frames, masks).item() > 0.05
    # Of a flat grey subject the first layer's means are sums of the weights: the same numbers on every machine.
    flat = metrics.random_features(torch.full((1, 3, 16, 16), 1.0), torch.ones(1, 1, 16, 16))
    again = metrics.random_features(torch.full((1, 3, 16, 16), 1.0), torch.ones(1, 1, 16, 16))
    assert torch.equal(flat, again)


# -- time ------------------------------------------------------------------------------------------------------------


def test_flicker_of_what_moves_evenly_and_of_what_blinks() -> None:
    masks = torch.ones(5, 1, 4, 4)
    ramp = torch.linspace(0, 1, 5)[:, None, None, None].expand(5, 3, 4, 4)
    assert metrics.flicker(ramp, masks).item() == pytest.approx(0, abs=1e-6)
    blink = (torch.arange(5) % 2).float()[:, None, None, None].expand(5, 3, 4, 4)
    assert metrics.flicker(blink, masks).item() == pytest.approx(1)
    # Only half of the picture is the subject, and the other half is not looked at.
    half = masks.clone()
    half[..., 2:] = 0
    assert metrics.flicker(blink, half).item() == pytest.approx(1)
    with pytest.raises(InputError):
        metrics.flicker(ramp[:2], masks[:2])


def test_tracking_follows_a_moved_picture() -> None:
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 3, 12, 12, generator=generator)
    picture = torch.nn.functional.interpolate(coarse, 64, mode="bicubic").clamp(0, 1)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 12:52, 12:52] = 1
    joints = torch.tensor([[[-0.3, -0.3], [0.2, 0.4]]])
    known = metrics.TrackedReference(torch.cat((picture, 1 - picture)), torch.cat((mask, mask)), joints.repeat(2, 1, 1))
    moved = metrics.track(picture.roll(3, -1), mask.roll(3, -1), known)
    want = joints + torch.tensor([3 / 63 * 2, 0.0])
    assert metrics.joint_error(moved, want).item() < 0.02
    assert metrics.joint_error(joints, want).item() == pytest.approx(3 / 63 * 2, abs=1e-6)
    with pytest.raises(InputError, match="no known frame"):
        metrics.track(picture, mask, known, torch.ones(1, 2, dtype=torch.bool))
    with pytest.raises(InputError):
        metrics.track(picture[..., :60, :60], mask[..., :60, :60], known)
