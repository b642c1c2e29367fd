"""Equivariance and the perceptual pyramid, against values worked out by hand."""

import torch
from torch import nn

from muybridge import losses
from muybridge.geometry import ThinPlate
from muybridge.networks import Vgg19


def turned() -> ThinPlate:
    """A quarter turn and a shift, without bends."""
    return ThinPlate(torch.tensor([[[0.0, -1.0, 0.1], [1.0, 0.0, 0.0]]]), torch.zeros(1, 1, 25))


def test_points_that_follow_cost_nothing() -> None:
    bent = torch.rand(1, 4, 2)
    points = turned()(bent)
    assert losses.point_equivariance(points, bent, turned()).item() < 1e-6
    assert abs(losses.point_equivariance(points + 0.25, bent, turned()).item() - 0.25) < 1e-6


def test_frames_that_follow_cost_nothing() -> None:
    bent = torch.eye(2).expand(1, 4, 2, 2) + 0.1 * torch.rand(1, 4, 2, 2)
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    points = torch.rand(1, 4, 2)
    assert losses.frame_equivariance(turn @ bent, bent, points, turned()).item() < 1e-6
    # Both axes the other way round: I - (-I) has two entries of 2 among its four.
    assert abs(losses.frame_equivariance(-turn @ bent, bent, points, turned()).item() - 1) < 1e-5
    assert losses.frame_equivariance(-turn @ bent, bent, points, turned(), swaps=True).item() < 1e-6


def test_the_pyramid_sums_its_terms() -> None:
    torch.manual_seed(0)
    vgg = Vgg19().requires_grad_(False)
    a, b = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    parts = [
        losses.PerceptualPyramid(vgg, w, s)(a, b)
        for w in ((2.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 3.0))
        for s in ((1.0,), (0.5,))
    ]
    whole = losses.PerceptualPyramid(vgg, (2.0, 0.0, 0.0, 0.0, 3.0), (1.0, 0.5))(a, b)
    torch.testing.assert_close(whole, torch.stack(parts).sum())
    assert losses.PerceptualPyramid(vgg, (1.0,) * 5, (1.0,))(a, a).item() == 0
    mean, deviation = (torch.tensor(x).view(1, 3, 1, 1) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    first = nn.Sequential(*vgg.features[:2])
    by_hand = (first((a - mean) / deviation) - first((b - mean) / deviation)).abs().mean()
    torch.testing.assert_close(losses.PerceptualPyramid(vgg, (1.0, 0.0, 0.0, 0.0, 0.0), (1.0,))(a, b), by_hand)


def test_the_plain_pyramid() -> None:
    a = torch.rand(1, 3, 16, 16)
    assert losses.plain_pyramid(a, a).item() < 1e-4
    assert losses.plain_pyramid(a, (a + 0.1)).item() > 20
