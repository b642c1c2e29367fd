import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge import geometry as g


def test_grid_runs_from_centre_to_centre() -> None:
    grid = g.make_grid((3, 5), torch.zeros(()))
    assert grid[0, 0].tolist() == [-1, -1]
    assert grid[2, 4].tolist() == [1, 1]
    assert grid[1, 2].tolist() == [0, 0]
    assert grid[0, 1].tolist() == [-0.5, -1]
    assert g.make_grid((1, 1), torch.zeros(())).tolist() == [[[0, 0]]]


@given(st.integers(2, 40), st.integers(2, 40))
@settings(max_examples=15, deadline=None)
def test_pixels_there_and_back(height: int, width: int) -> None:
    points = torch.rand(2, 4, 2) * 2 - 1
    torch.testing.assert_close(g.from_pixels(g.to_pixels(points, (height, width)), (height, width)), points)
    corners = g.to_pixels(torch.tensor([[[-1.0, -1.0], [1.0, 1.0]]]), (height, width))
    assert corners.tolist() == [[[0, 0], [width - 1, height - 1]]]


def test_soft_argmax_of_one_pixel_is_that_pixel() -> None:
    maps = torch.zeros(1, 1, 5, 9)
    maps[0, 0, 1, 8] = 1
    assert g.soft_argmax(maps).tolist() == [[[1.0, -0.5]]]


def test_soft_argmax_by_hand() -> None:
    maps = torch.tensor([[[[0.25, 0.0, 0.25], [0.0, 0.0, 0.5]]]])
    assert g.soft_argmax(maps).tolist() == [[[0.5, 0.0]]]


def test_temperature_sharpens_and_maps_sum_to_one() -> None:
    logits = torch.tensor([[[[0.0, math.log(2.0) / 10]]]])
    maps = g.spatial_softmax(logits, 0.1)
    torch.testing.assert_close(maps, torch.tensor([[[[1 / 3, 2 / 3]]]]))
    assert g.spatial_softmax(torch.randn(1, 2, 4, 4).bfloat16()).dtype == torch.float32


@pytest.mark.parametrize(
    ("draw", "at_half"),
    [
        (lambda p, s: g.gaussians(p, s, 0.5), math.exp(-0.5 / 0.25)),
        (lambda p, s: g.released_gaussians(p, s, 0.5), math.exp(-0.5 / 0.25)),
        (lambda p, s: g.normal_gaussians(p, s, 0.125), math.exp(-0.25 / 0.25)),
    ],
)
def test_bumps_have_height_one_and_the_written_fall(draw, at_half: float) -> None:
    maps = draw(torch.tensor([[[0.5, -1.0]]]), (5, 9))
    assert maps.shape == (1, 1, 5, 9)
    assert maps[0, 0, 0, 6].item() == pytest.approx(1.0, abs=1e-6)
    assert maps[0, 0, 0, 4].item() == pytest.approx(at_half, rel=1e-5)
    assert maps[0, 0, 1, 6].item() == pytest.approx(at_half, rel=1e-5)


def test_distances_differ_on_the_diagonal() -> None:
    centre = torch.zeros(1, 1, 2)
    assert g.gaussians(centre, (3, 3), 1.0)[0, 0, 0, 0].item() == pytest.approx(math.exp(-math.sqrt(2)))
    assert g.released_gaussians(centre, (3, 3), 1.0)[0, 0, 0, 0].item() == pytest.approx(math.exp(-2))


def test_released_bumps_depend_on_the_batch() -> None:
    # 0.5 falls between the pixels of a 3-pixel row, so alone this map is stretched to reach 1.
    off, on = torch.tensor([[[0.5, 0.0]]]), torch.tensor([[[0.0, 0.0]]])
    alone = g.released_gaussians(off, (3, 3), 1.0)
    together = g.released_gaussians(torch.cat((off, on)), (3, 3), 1.0)[:1]
    assert alone.max() == 1
    torch.testing.assert_close(together, alone * math.exp(-0.5))


@pytest.mark.parametrize("draw", [g.gaussians, g.released_gaussians, g.normal_gaussians])
def test_bump_gradients(draw) -> None:
    points = (
        torch.rand(2, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) - 0.5
    ).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: draw(p, (4, 6), 0.7), (points,))


def test_gradient_exactly_on_a_pixel_is_finite() -> None:
    points = torch.zeros(1, 1, 2, requires_grad=True)
    g.gaussians(points, (3, 3), 0.1).sum().backward()
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()


@given(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))
@settings(max_examples=15, deadline=None)
def test_bump_and_soft_argmax_are_inverse(x: float, y: float) -> None:
    maps = g.normal_gaussians(torch.tensor([[[x, y]]]), (48, 64), 0.005)
    found = g.soft_argmax(maps / maps.sum((2, 3), keepdim=True))[0, 0]
    torch.testing.assert_close(found, torch.tensor([x, y]), atol=1e-3, rtol=0)
