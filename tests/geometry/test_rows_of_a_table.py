"""One picture laid out pixel by pixel is looked up by a shorter way, which gives the same."""

import pytest
import torch

from muybridge.geometry import sample


def grids() -> torch.Tensor:
    torch.manual_seed(0)
    grid = 1.4 * (2 * torch.rand(3, 6, 4, 2) - 1)
    grid[0, 0, 0], grid[0, 0, 1] = 1e30, -1e30
    grid[1, :2, :2] = torch.tensor([[[-1.0, -1.0], [1.0, -1.0]], [[-1.0, 1.0], [1.0, 1.0]]])
    return grid


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("count", [1, 3])
def test_the_short_way_gives_the_same(align_corners: bool, count: int) -> None:
    plain, grid = torch.randn(1, 40, 5, 7), grids()[:count]
    by_pixel = plain.contiguous(memory_format=torch.channels_last).expand(count, -1, -1, -1)
    want = sample(plain.expand(count, -1, -1, -1), grid, align_corners=align_corners)
    got = sample(by_pixel, grid, align_corners=align_corners)
    assert got.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)
    half = sample(by_pixel.bfloat16(), grid, align_corners=align_corners)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), want, atol=0.05, rtol=0.02)


def test_a_number_that_is_none_spoils_its_own_pixel_at_most() -> None:
    picture, grid = torch.rand(1, 40, 5, 7).contiguous(memory_format=torch.channels_last), grids()[2:]
    want = sample(picture, grid)
    broken = grid.clone()
    broken[0, 2, 3] = torch.nan
    got = sample(picture, broken)
    others = torch.ones(6, 4, dtype=torch.bool)
    others[2, 3] = False
    torch.testing.assert_close(got[..., others], want[..., others])


def test_gradients_take_the_long_way() -> None:
    picture = torch.rand(1, 40, 5, 7).contiguous(memory_format=torch.channels_last).requires_grad_()
    grid = grids()[1:2].requires_grad_()
    sample(picture, grid).sum().backward()
    assert picture.grad is not None
    assert grid.grad is not None
    assert float(grid.grad.abs().sum()) > 0
