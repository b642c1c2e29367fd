import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge import geometry as g

seeds = st.integers(0, 10_000)


def affines(seed: int, batch: int = 3, sigma: float = 0.2) -> torch.Tensor:
    return g.noisy_affines(batch, sigma, torch.Generator().manual_seed(seed), torch.zeros((), dtype=torch.float64))


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_inverse_and_composition_are_those_of_maps(seed: int) -> None:
    a, b = affines(seed), affines(seed + 1)
    points = torch.randn(3, 7, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    there = g.apply_affine(a, points)
    torch.testing.assert_close(g.apply_affine(g.invert_affine(a), there), points)
    torch.testing.assert_close(g.apply_affine(g.compose_affines(b, a), points), g.apply_affine(b, there))
    eye = g.compose_affines(a, g.invert_affine(a))
    torch.testing.assert_close(eye, g.identity_affine(3, a), atol=1e-9, rtol=0)


def test_one_map_serves_a_whole_batch() -> None:
    quarter_turn = torch.tensor([[[0.0, -1.0, 0.5], [1.0, 0.0, 0.0]]])
    points = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    assert g.apply_affine(quarter_turn, points).tolist() == [[[0.5, 1.0]], [[-0.5, 0.0]]]


def test_gradients_are_right() -> None:
    a = affines(0, 2).requires_grad_()
    points = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda m, p: g.apply_affine(g.invert_affine(m), p), (a, points))
    picture = torch.rand(2, 1, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, m: g.warp_affine(x, m, padding="border"), (picture, a))


def test_products_are_not_rounded_by_autocast() -> None:
    a, points = affines(0).float(), torch.rand(3, 5, 2)
    with torch.autocast("cpu", torch.bfloat16):
        low = g.apply_affine(g.compose_affines(a, g.invert_affine(a)), points)
    torch.testing.assert_close(low, points, atol=1e-5, rtol=0)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_identity_keeps_a_rectangular_picture(padding: g.Padding) -> None:
    picture = torch.rand(2, 3, 6, 11)
    same = g.warp_affine(picture, g.identity_affine(2), padding=padding)
    torch.testing.assert_close(same, picture, atol=1e-5, rtol=1e-5)


def test_warp_shows_at_p_what_was_at_the_image_of_p() -> None:
    points = torch.tensor([[[0.3, -0.2], [-0.4, 0.5]]])
    maps = g.normal_gaussians(points, (65, 97), 0.004)
    m = g.random_affines(1, degrees=25.0, scale=(0.8, 1.2), shift=0.1, generator=torch.Generator().manual_seed(3))
    warped = g.warp_affine(maps, m)
    found = g.soft_argmax(warped / warped.sum((2, 3), keepdim=True))
    torch.testing.assert_close(g.apply_affine(m, found), points, atol=2e-3, rtol=0)


@given(seeds, st.sampled_from([0.5, 1.0, 1.7]))
@settings(max_examples=20, deadline=None)
def test_rotation_keeps_lengths_in_pixels(seed: int, aspect: float) -> None:
    m = g.random_affines(1, degrees=180.0, aspect=aspect, generator=torch.Generator().manual_seed(seed))
    to_square = torch.tensor([aspect, 1.0])
    vector = torch.tensor([[[0.6, -0.3]]])
    length = (g.apply_affine(m, vector) * to_square).norm()
    assert length.item() == pytest.approx((vector * to_square).norm().item(), rel=1e-5)


def test_random_affines_stay_in_their_ranges_and_follow_the_seed() -> None:
    def draw() -> torch.Tensor:
        seed = torch.Generator().manual_seed(5)
        return g.random_affines(200, scale=(0.5, 2.0), shift=0.25, generator=seed)

    m = draw()
    assert torch.equal(m, draw())
    assert m[:, :, 2].abs().max() <= 0.25
    assert m[:, :, 2].abs().max() > 0.2
    area = m[:, 0, 0] * m[:, 1, 1] - m[:, 0, 1] * m[:, 1, 0]
    assert math.isclose(area.sqrt().min().item(), 0.5, abs_tol=0.1)
    assert math.isclose(area.sqrt().max().item(), 2.0, abs_tol=0.1)


def test_noisy_affines_have_the_asked_spread() -> None:
    m = g.noisy_affines(2000, 0.1, torch.Generator().manual_seed(0))
    assert (m - g.identity_affine()).std().item() == pytest.approx(0.1, rel=0.05)
