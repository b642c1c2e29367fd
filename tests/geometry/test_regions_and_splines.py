"""Principal axes, local motion, homographies and thin-plate splines, by identities and by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd.functional import jacobian

from muybridge import geometry as g

few = settings(max_examples=15, deadline=None)
angles = st.floats(-math.pi, math.pi)


def covariance(angle: float, long: float, short: float) -> torch.Tensor:
    """[1, 1, 2, 2] with axes of these variances, the long one turned by the angle."""
    u = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    return (u @ torch.diag(torch.tensor([long, short], dtype=torch.float64)) @ u.T)[None, None]


@few
@given(angles, st.floats(0.05, 2), st.floats(0.001, 0.04))
def test_axes_of_a_known_ellipse(angle: float, long: float, short: float) -> None:
    axes = g.principal_axes(covariance(angle, long, short))
    torch.testing.assert_close(axes.lengths[0, 0], torch.tensor([long, short], dtype=torch.float64).sqrt())
    along = axes.directions[0, 0, :, 0] @ torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    assert abs(along.item()) == pytest.approx(1, abs=1e-9)
    whole = axes.affine @ axes.affine.transpose(-1, -2)
    torch.testing.assert_close(whole, covariance(angle, long, short))


def test_the_formula_gives_lapacks_signs() -> None:
    draws = torch.randn(200, 10, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    matrices = draws @ draws.transpose(-1, -2) + 1e-4 * torch.eye(2)
    closed, svd = g.principal_axes(matrices), g.principal_axes(matrices, "svd")
    torch.testing.assert_close(closed.directions, svd.directions)
    torch.testing.assert_close(closed.lengths, svd.lengths)
    assert set(closed.directions[..., 0, 0].sign().unique().tolist()) == {-1.0, 1.0}, "both signs occur"


def test_round_regions_have_finite_gradients() -> None:
    round_one = (0.1 * torch.eye(2))[None, None].requires_grad_()
    g.principal_axes(round_one).affine.square().sum().backward()
    assert bool(round_one.grad.isfinite().all())


def test_regression_and_closed_gradients_agree() -> None:
    matrix = torch.tensor([[[[0.3, 0.1], [0.1, 0.2]]]], dtype=torch.float64)

    def affine(m: torch.Tensor, solver: str) -> torch.Tensor:
        return g.principal_axes((m + m.transpose(-1, -2)) / 2, solver).affine

    closed, svd = (jacobian(lambda m, s=s: affine(m, s), matrix) for s in ("closed", "svd"))
    torch.testing.assert_close(closed, svd)


def test_a_joint_flip_is_undone() -> None:
    frame = torch.tensor([[[[0.5, 0.1], [0.0, 0.3]]]])
    motion = g.relative_linear(-frame, frame)
    torch.testing.assert_close(motion * g.axis_swap(motion), torch.eye(2)[None, None])


def test_local_motions_by_hand() -> None:
    driving, source = torch.tensor([[[0.5, 0.0]]]), torch.tensor([[[-0.5, 0.5]]])
    linear = torch.tensor([[[[0.0, -1.0], [1.0, 0.0]]]])
    where = g.local_motions((3, 3), driving, source, linear)
    # The pixel (1, -1): offset (0.5, -1), turned to (1, 0.5), from (-0.5, 0.5).
    torch.testing.assert_close(where[0, 0, 0, 2], torch.tensor([0.5, 1.0]))
    still = g.local_motions((3, 3), source, source)
    torch.testing.assert_close(still[0, 0], g.make_grid((3, 3), source))


def test_relative_transfer_of_the_reference_is_the_source() -> None:
    source, start = torch.rand(1, 4, 2), torch.rand(1, 4, 2)
    torch.testing.assert_close(g.relative_points(source, start, start, 3.0), source)
    frames = torch.eye(2) + 0.2 * torch.rand(1, 4, 2, 2)
    own = torch.eye(2) + 0.2 * torch.rand(1, 4, 2, 2)
    torch.testing.assert_close(g.relative_affines(own, frames, frames), own)


def test_homographies_of_two_six_and_eight_numbers() -> None:
    points = torch.tensor([[[0.5, -1.0]]])
    shifted = g.apply_homography(g.make_homography(torch.tensor([[0.1, 0.2]])), points)
    torch.testing.assert_close(shifted, torch.tensor([[[0.6, -0.8]]]))
    affine = g.make_homography(torch.tensor([[2.0, 0.0, 0.1, 0.0, 1.0, 0.0]]))
    torch.testing.assert_close(g.apply_homography(affine, points), torch.tensor([[[1.1, -1.0]]]))
    projective = g.make_homography(torch.tensor([[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.5]]))
    # The last coordinate: 0.5 - 0.5 + 1.
    torch.testing.assert_close(g.apply_homography(projective, points), points)


@few
@given(st.integers(2, 6), st.integers(0, 1000))
def test_the_splines_jacobian_is_its_derivative(side: int, seed: int) -> None:
    like = torch.zeros((), dtype=torch.float64)
    bend = g.random_thin_plate(1, 0.05, 0.05, side, like, torch.Generator().manual_seed(seed))
    point = torch.rand(1, 1, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 1.8 - 0.9
    derivative = jacobian(lambda p: bend(p[None, None])[0, 0], point[0, 0])
    torch.testing.assert_close(bend.jacobian(point)[0, 0], derivative)


def test_a_spline_without_bends_is_affine() -> None:
    affine = torch.tensor([[[1.0, 0.1, 0.2], [0.0, 0.9, -0.1]]])
    flat = g.ThinPlate(affine, torch.zeros(1, 1, 25))
    points = torch.rand(1, 5, 2)
    torch.testing.assert_close(flat(points), g.apply_affine(affine, points))
    picture = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(flat.warp(picture), g.warp_affine(picture, affine, padding="reflection"))
