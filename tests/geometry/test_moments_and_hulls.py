"""Gaussians fitted to maps and drawn again, hulls, poses."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge import geometry as g

FEW = settings(max_examples=15, deadline=None)


def covariance(long: float, short: float, angle: float) -> torch.Tensor:
    c, s = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[c, -s], [s, c]])
    return turn @ torch.diag(torch.tensor([long, short])) @ turn.T


@FEW
@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(0.01, 0.03), st.floats(0, math.pi))
def test_what_is_drawn_is_found_again(x: float, y: float, long: float, angle: float) -> None:
    means, wanted = torch.tensor([[[x, y]]]), covariance(long, 0.006, angle)[None, None]
    maps = g.moment_gaussians(means, wanted, (96, 64))
    assert maps.max() <= 1
    maps = maps / maps.sum((2, 3), keepdim=True)
    found = g.soft_argmax(maps)
    torch.testing.assert_close(found, means, atol=1e-3, rtol=0)
    torch.testing.assert_close(g.second_moments(maps, found), wanted, atol=2e-4, rtol=0)


def test_a_bump_has_the_published_height() -> None:
    cov = torch.tensor([[[[0.5, 0.0], [0.0, 0.125]]]])
    maps = g.moment_gaussians(torch.zeros(1, 1, 2), cov, (3, 3))[0, 0]
    torch.testing.assert_close(maps[1], torch.tensor([math.exp(-1), 1.0, math.exp(-1)]))
    torch.testing.assert_close(maps[:, 1], torch.tensor([math.exp(-4), 1.0, math.exp(-4)]))


@FEW
@given(st.floats(1e-3, 1), st.floats(1e-3, 1), st.floats(0, math.pi))
def test_eigenvalues_in_closed_form(a: float, b: float, angle: float) -> None:
    cov = covariance(a, b, angle)[None, None].double()
    torch.testing.assert_close(g.smallest_eigenvalue(cov), torch.linalg.eigvalsh(cov)[..., 0], atol=1e-6, rtol=0)
    torch.testing.assert_close(g.inverse_2x2(cov), torch.linalg.inv(cov), rtol=1e-4, atol=1e-6)
    wide = g.widen_covariances(cov, 0.5)
    assert g.smallest_eigenvalue(wide).item() == pytest.approx(max(0.5, min(a, b)), rel=1e-3)
    torch.testing.assert_close(wide / wide[..., :1, :1], cov / cov[..., :1, :1])


def test_a_round_bump_has_a_finite_gradient() -> None:
    cov = (0.0004 * torch.eye(2))[None, None].requires_grad_()
    g.widen_covariances(cov, 0.001).sum().backward()
    assert cov.grad is not None
    assert bool(cov.grad.isfinite().all())


@FEW
@given(st.floats(1e-3, 1), st.floats(1e-3, 1), st.floats(0, math.pi))
def test_what_is_wide_enough_is_not_lifted(a: float, b: float, angle: float) -> None:
    cov = covariance(a, b, angle)[None, None].double()
    assert torch.equal(g.raise_covariances(cov, 5e-4), cov)
    assert g.smallest_eigenvalue(g.raise_covariances(cov, 0.5)).item() == pytest.approx(max(0.5, min(a, b)), rel=1e-3)


@pytest.mark.parametrize("other", [-40.0, 0.0], ids=["one pixel", "two pixels"])
def test_a_spike_has_finite_axes_bumps_and_gradients(other: float) -> None:
    logits = torch.full((1, 1, 8, 8), -40.0)
    logits[0, 0, 3, 3], logits[0, 0, 3, 4] = 0.0, other
    logits.requires_grad_()
    maps = g.spatial_softmax(logits)
    means = g.soft_argmax(maps)
    cov = g.raise_covariances(g.second_moments(maps, means), 1e-4)
    affine = g.principal_axes(cov).affine
    bumps = g.moment_gaussians(means, cov, (8, 8))
    told = g.relative_linear(affine.detach(), affine).sum() + bumps.sum()
    told.backward()
    assert bool(told.isfinite())
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


@FEW
@given(st.floats(0.1, 3), st.floats(0.1, 3), st.floats(0, math.pi), st.randoms(use_true_random=False))
def test_hull_of_a_turned_rectangle(w: float, h: float, angle: float, random) -> None:
    corners = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)]
    inside = [(random.random() * w, random.random() * h) for _ in range(5)]
    points = corners + inside
    random.shuffle(points)
    c, s = math.cos(angle), math.sin(angle)
    turned = torch.tensor(points, dtype=torch.float64) @ torch.tensor([[c, s], [-s, c]], dtype=torch.float64)
    assert g.hull_area(turned[None]).item() == pytest.approx(w * h, rel=1e-9)


def test_points_on_a_line_have_no_area() -> None:
    lines = torch.tensor([[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], [[3.0, 1.0]] * 3])
    assert g.hull_area(lines).tolist() == [0.0, 0.0]


def test_the_scale_of_a_relative_movement() -> None:
    square = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]])
    torch.testing.assert_close(g.relative_scale(3 * square, square), torch.tensor([3.0]))
    torch.testing.assert_close(g.relative_scale(0.1 * square, square), torch.tensor([0.1]))


@pytest.mark.parametrize("flat", [[[0.3, 0.1]], [[0.0, 0.0], [1.0, 0.5]], [[-0.9, -0.3], [0.1, 0.03333], [0.6, 0.2]]])
def test_a_flat_hull_says_nothing_of_a_size(flat: list[list[float]]) -> None:
    line = torch.tensor([flat])
    for k in (line.shape[1], line.shape[1] + 3):
        wide = torch.rand(1, k, 2, generator=torch.Generator().manual_seed(0))
        padded = torch.cat((line, line[:, :1].expand(-1, k - line.shape[1], -1)), 1)
        for source, reference in ((padded, wide), (wide, padded), (padded, padded)):
            assert g.relative_scale(source, reference).tolist() == [1.0]


def test_the_closest_pose_whatever_its_place_and_size() -> None:
    generator = torch.Generator().manual_seed(0)
    poses = torch.randn(6, 5, 2, generator=generator)
    moved = poses * torch.linspace(0.2, 3, 6)[:, None, None] + torch.randn(6, 1, 2, generator=generator)
    assert [int(g.pose_distances(p[None], moved).argmin()) for p in poses] == list(range(6))
