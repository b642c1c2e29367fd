"""The energy distance between sets of keypoints."""

import torch

from muybridge.losses import energy_distance


def test_energy_distance_of_two_single_keypoints_is_twice_their_distance() -> None:
    a, b = torch.tensor([[[0.0, 0.0]]]), torch.tensor([[[0.3, 0.4]]])
    # Both halves are 2 x 0.5 less the root of 1e-6 within each set, twice.
    assert abs(float(energy_distance(a, b, a, b)) - (1.0 - 2e-3)) < 1e-5


def test_energy_distance_of_equal_sets_is_zero_and_grows_with_a_shift() -> None:
    points = torch.rand(32, 5, 2, generator=torch.Generator().manual_seed(0))
    same = energy_distance(points, points, points, points)
    near = energy_distance(points, points + 0.1, points, points + 0.1)
    far = energy_distance(points, points + 0.5, points, points + 0.5)
    assert abs(float(same)) < 1e-6
    assert 0 < float(near) < float(far)


def test_energy_distance_moves_one_set_onto_the_other() -> None:
    generator = torch.Generator().manual_seed(1)
    a = torch.randn(64, 3, 2, generator=generator) * 0.2
    b = torch.randn(64, 3, 2, generator=generator) * 0.2 + 0.8
    shift = torch.zeros(2, requires_grad=True)
    descent = torch.optim.Adam([shift], lr=0.05)
    for _ in range(100):
        descent.zero_grad()
        energy_distance(a, b + shift, a, b + shift).backward()
        descent.step()
    torch.testing.assert_close(shift.detach(), torch.full((2,), -0.8), atol=0.08, rtol=0)


def test_a_set_of_coinciding_keypoints_has_a_finite_gradient() -> None:
    points = torch.zeros(2, 3, 2, requires_grad=True)
    energy_distance(points, points, points, points).backward()
    assert points.grad is not None
    assert bool(points.grad.isfinite().all())
