"""Each loss against a value computed by hand, and its gradient where that is delicate."""

import math

import pytest
import torch
from torch.nn import functional as F
from torchmetrics.functional.image import structural_similarity_index_measure

from muybridge import losses
from muybridge.errors import InputError
from muybridge.networks import LEVELS, Lpips, Vgg16


def picture(*rows: list[float]) -> torch.Tensor:
    return torch.tensor([[list(rows)]])


def test_mse_and_l1() -> None:
    a, b = picture([0.0, 1.0], [2.0, 3.0]), picture([0.0, 0.0], [0.0, 1.0])
    assert losses.mse(a, b).item() == pytest.approx((1 + 4 + 4) / 4)
    assert losses.l1(a, b).item() == pytest.approx((1 + 2 + 2) / 4)


def test_multiscale_l1() -> None:
    a, b = picture([1.0, -1.0], [1.0, 1.0]), torch.zeros(1, 1, 2, 2)
    assert losses.multiscale_l1(a, b, scales=1).item() == pytest.approx(1.0)
    assert losses.multiscale_l1(a, b, scales=2).item() == pytest.approx((1.0 + 0.5) / 2)


def test_ssim_of_flat_pictures() -> None:
    a, b = torch.full((1, 1, 11, 11), 0.25), torch.full((1, 1, 11, 11), 0.75)
    luminance = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert losses.ssim_loss(a, b).item() == pytest.approx(1 - luminance, abs=5e-4)
    assert losses.ssim_loss(a, a).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("span", [1.0, 2.0])
def test_ssim_is_that_of_torchmetrics(span: float) -> None:
    draw = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 3, 24, 31, generator=draw), torch.rand(2, 3, 24, 31, generator=draw)
    # torchmetrics pads by reflection; ours takes whole windows only.
    theirs = structural_similarity_index_measure(a, b, data_range=span, gaussian_kernel=True, sigma=1.5, kernel_size=11)
    padded = [F.pad(x, (5, 5, 5, 5), mode="reflect") for x in (a, b)]
    assert losses.ssim_loss(*padded, span).item() == pytest.approx(1 - float(theirs), abs=1e-4)


def test_ssim_refuses_pictures_smaller_than_its_window() -> None:
    with pytest.raises(InputError, match="11x11"):
        losses.ssim_loss(torch.zeros(1, 1, 10, 40), torch.zeros(1, 1, 10, 40))


def test_bce() -> None:
    p = torch.tensor([0.5, 0.25])
    assert losses.bce(p, 1.0).item() == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert losses.bce(p, 0.0).item() == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)


def test_bce_stays_finite_at_certainty_and_under_autocast() -> None:
    p = torch.tensor([0.0, 1.0], requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        loss = losses.bce(p, 1.0)
    loss.backward()
    assert loss.item() == pytest.approx(50.0)
    assert p.grad is not None
    assert torch.isfinite(p.grad).all()


def test_lsgan_and_feature_matching() -> None:
    real = [[torch.tensor([[[[1.0, 3.0]]]]), torch.tensor([[[[0.5]]]])]]
    fake = [[torch.tensor([[[[2.0, 0.0]]]]), torch.tensor([[[[0.25]]]])]]
    assert losses.lsgan_discriminator(real, fake).item() == pytest.approx((0.5**2 + 0.25**2) / 2)
    assert losses.lsgan_generator(fake).item() == pytest.approx(0.75**2)
    assert losses.feature_matching(real, fake).item() == pytest.approx((1 + 3) / 2)


def test_feature_matching_does_not_pull_the_real_side() -> None:
    real = [[torch.ones(1, 1, 1, 1, requires_grad=True), torch.zeros(1, 1, 1, 1)]]
    fake = [[torch.zeros(1, 1, 1, 1, requires_grad=True), torch.zeros(1, 1, 1, 1)]]
    losses.feature_matching(real, fake).backward()
    assert real[0][0].grad is None
    assert fake[0][0].grad is not None


def test_equivariance() -> None:
    shift = torch.tensor([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]])
    points, warped = torch.tensor([[[0.5, 0.0]]]), torch.tensor([[[0.25, 0.25]]])
    assert losses.equivariance(points, warped, shift).item() == pytest.approx((0.25 + 0.5) / 2)


def test_temporal() -> None:
    a, b = torch.zeros(1, 2, 2, requires_grad=True), torch.tensor([[[0.3, 0.4], [0.0, 0.0]]])
    loss = losses.temporal(a, b)
    assert loss.item() == pytest.approx(0.25)
    loss.backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()


def test_separation() -> None:
    points = torch.tensor([[[0.0, 0.0], [0.2, 0.0], [1.0, 1.0]]])
    assert losses.separation(points, 0.1).item() == pytest.approx(2 * (0.1 - 0.04) / 9, rel=1e-5)
    assert losses.released_separation(points, 0.1).item() == pytest.approx((2 * 0.06 + 3 * 0.1) / 6, rel=1e-5)
    assert losses.released_separation(points, 0.1, first=2).item() == pytest.approx((2 * 0.06 + 2 * 0.1) / 4, rel=1e-5)
    assert losses.separation(points.repeat(3, 1, 1), 0.1).item() == pytest.approx(2 * 0.06 / 9, rel=1e-5)


def test_silhouette() -> None:
    maps = torch.tensor([[[[0.25, 0.75]], [[0.0, 1.0]]]])
    masks = picture([1.0, 0.0])
    assert losses.silhouette(maps, masks).item() == pytest.approx((math.log(4) - math.log(1e-12)) / 2, rel=1e-5)
    assert losses.silhouette(maps, torch.ones(1, 1, 1, 2)).item() == pytest.approx(0.0, abs=1e-6)


def test_perceptual_is_zero_for_equal_pictures_and_has_finite_gradients() -> None:
    torch.manual_seed(0)
    lpips = Lpips(Vgg16(), [torch.ones(1, c, 1, 1) for c in LEVELS])
    a = (torch.rand(2, 3, 32, 48) * 2 - 1).requires_grad_()
    assert losses.perceptual(a, a, lpips).item() == 0
    loss = losses.perceptual(a, torch.zeros(2, 3, 32, 48), lpips)
    loss.backward()
    assert loss > 0
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()


def test_coverage_counts_the_subject_that_is_far_from_every_keypoint() -> None:
    masks = torch.zeros(1, 1, 3, 3)
    masks[0, 0, 1] = 1  # the middle row: x = -1, 0 and 1 at y = 0
    points = torch.tensor([[[-1.0, 0.0], [0.0, 0.0]]])
    assert losses.coverage(points, masks).item() == pytest.approx((0 + 0 + 1) / 3)
    assert losses.coverage(points, torch.zeros_like(masks)).item() == 0


def test_coverage_pulls_the_nearest_keypoint_alone() -> None:
    masks = torch.zeros(1, 1, 3, 3)
    masks[0, 0, 1, 2] = 1
    points = torch.tensor([[[-1.0, 0.0], [0.0, 0.0]]], requires_grad=True)
    (gradient,) = torch.autograd.grad(losses.coverage(points, masks), points)
    torch.testing.assert_close(gradient, torch.tensor([[[0.0, 0.0], [-4.0, 0.0]]]))


def test_thin_parts_count_more_than_the_body() -> None:
    """A block of 24 pixels and a leg of three below it, on 64 pixels: what is thinner than seven counts."""
    silhouette = torch.zeros(1, 1, 64, 64)
    silhouette[..., 8:32, 8:56] = 1
    silhouette[..., 32:56, 20:23] = 1

    weights = losses.weigh_thin_parts(silhouette, 3.0)
    leg = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    leg[..., 32:58, 18:25] = True

    assert weights[leg].eq(4).all()
    assert weights[..., 8:30, 8:56].eq(1).all()
    assert weights[..., 40:, 30:].eq(1).all()

    missing = silhouette.clone()
    missing[..., 36:56, :] = 0
    assert float(losses.mse(missing, silhouette, weights)) == pytest.approx(4 * 20 * 3 / 64**2)
    assert float(losses.mse(missing, silhouette)) == pytest.approx(20 * 3 / 64**2)
