import pytest
import torch

from muybridge.losses import feature_distance, gradient_difference


def test_feature_distance_by_hand() -> None:
    found = [torch.full((1, 2, 2, 2), 3.0, requires_grad=True), torch.zeros(1, 1, 1, 1, requires_grad=True)]
    wanted = [torch.full((1, 2, 2, 2), 1.0, requires_grad=True), torch.full((1, 1, 1, 1), 4.0, requires_grad=True)]
    distance = feature_distance(found, wanted, (0.5, 2.0))
    assert distance.item() == pytest.approx(0.5 * 2 + 2 * 4)
    distance.backward()
    assert all(x.grad is not None for x in found)
    assert all(x.grad is None for x in wanted)


def test_gradient_difference_by_hand() -> None:
    ramp = torch.arange(4.0).expand(1, 1, 4, 4)
    # Slopes of 1 against 0 along x, and none along y; a mirror image has the same slopes.
    assert gradient_difference(ramp, torch.zeros_like(ramp)).item() == pytest.approx(1.0)
    assert gradient_difference(ramp, ramp.flip(-1)).item() == 0.0
