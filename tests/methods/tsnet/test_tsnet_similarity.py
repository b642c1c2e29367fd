import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from muybridge.geometry import make_grid
from muybridge.methods.tsnet.similarity import dense_grid, sampling_grid, warp_patches

SIDE = 8


def box(top: int, bottom: int, left: int, right: int) -> Tensor:
    """1 between two rows and two columns, in whichever order they come; empty where they are equal."""
    found = torch.zeros(1, 1, SIDE, SIDE)
    found[:, :, min(top, bottom) : max(top, bottom), min(left, right) : max(left, right)] = 1
    return found


edges = st.tuples(*[st.integers(0, SIDE)] * 4)


@settings(max_examples=25, deadline=None)
@given(edges, edges, st.integers(1, 200), st.sampled_from([5.0, 100.0]), st.integers(0, 99))
def test_blocks_give_the_dense_grid(
    first: tuple[int, ...], second: tuple[int, ...], pairs: int, sharpness: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    driving, subject = torch.randn(2, 2, 6, SIDE, SIDE, dtype=torch.float64, generator=generator).unbind()
    own, other = torch.cat((box(*first), box(*second))), torch.cat((box(*second), box(*first)))
    inputs = [driving.clone().requires_grad_(), subject.clone().requires_grad_()]
    again = [driving.clone().requires_grad_(), subject.clone().requires_grad_()]
    dense = dense_grid(*inputs, own, other, sharpness)
    blocks = sampling_grid(*again, own, other, sharpness, pairs)
    torch.testing.assert_close(blocks, dense, rtol=1e-9, atol=1e-12)
    weights = torch.randn(dense.shape, dtype=torch.float64, generator=generator)
    (dense * weights).sum().backward()
    (blocks * weights).sum().backward()
    for a, b in zip(again, inputs, strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-7, atol=1e-10)


def test_by_hand() -> None:
    # Two cells in a row, the left one inside both boxes. Its weights are exp(tau) for itself, exp(0) for the other.
    features = torch.ones(1, 3, 1, 2, dtype=torch.float64)
    inside = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    e = torch.tensor(2.0, dtype=torch.float64).exp()
    wanted = (-1 * e + 1 * 1) / (e + 1)
    for form in (dense_grid, sampling_grid):
        x = form(features, features, inside, inside, 2.0)[0, 0, :, 0]
        torch.testing.assert_close(x, torch.stack((wanted, -wanted)))


@pytest.mark.parametrize("inside", [0.0, 1.0])
def test_without_a_side_nothing_is_ruled_out(inside: float) -> None:
    torch.manual_seed(0)
    features = torch.randn(1, 4, SIDE, SIDE)
    boxes = torch.full((1, 1, SIDE, SIDE), inside)
    found = sampling_grid(features, features, boxes, boxes, 1000.0, pairs=SIDE)
    torch.testing.assert_close(found, make_grid((SIDE, SIDE), features)[None], atol=1e-4, rtol=0)


def test_patches_follow_the_grid() -> None:
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 8 * SIDE, 8 * SIDE)
    # Cell centres of the lookup, which has its corners at outer edges; every cell looks one cell to its right.
    centres = (torch.arange(SIDE) + 0.5) / SIDE * 2 - 1
    y, x = torch.meshgrid(centres, centres + 2 / SIDE, indexing="ij")
    moved = warp_patches(picture, torch.stack((x, y), -1)[None])
    torch.testing.assert_close(moved[..., :-8], picture[..., 8:], atol=1e-5, rtol=0)
    assert moved[..., -8:].abs().max() < 1e-5


def test_eight_bits_do_not_reach_the_grid() -> None:
    torch.manual_seed(0)
    features = torch.randn(2, 1, 16, SIDE, SIDE)
    inside = box(1, 6, 2, 7)
    wanted = sampling_grid(*features, inside, inside)
    with torch.autocast("cpu", torch.bfloat16):
        found = sampling_grid(*features, inside, inside)
    assert found.dtype == torch.float32
    assert torch.equal(found, wanted)
