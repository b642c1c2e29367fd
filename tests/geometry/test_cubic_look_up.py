"""Pictures looked up between their pixels, without the blur of bilinear means."""

import torch

from muybridge.geometry import sample, sample_cubic


def places(count: int, shift: float = 0.0) -> torch.Tensor:
    """Where `count` pixels in a row of as many lie, moved by a share of a pixel, as [1, 1, N, 2]."""
    x = (2 * (torch.arange(count) + shift) + 1) / count - 1
    return torch.stack((x, torch.zeros(count)), -1)[None, None]


def test_cubic_convolution_keeps_pixels_and_ramps() -> None:
    ramp = torch.linspace(0.1, 0.9, 32).expand(1, 3, 1, 32)
    assert torch.allclose(sample_cubic(ramp, places(32)), ramp, atol=1e-5)
    between = sample_cubic(ramp, places(32, 0.5))[..., 2:-3]
    assert torch.allclose(between, (ramp[..., 2:-3] + ramp[..., 3:-2]) / 2, atol=1e-5)


def test_cubic_convolution_keeps_detail_that_a_mean_of_neighbours_blurs() -> None:
    wave = (0.5 + 0.3 * torch.sin(2 * torch.pi * torch.arange(64) / 5)).expand(1, 1, 1, 64)
    energy = [
        looked_up[..., 4:-4].diff().square().mean() / wave.diff().square().mean()
        for looked_up in (
            sample(wave, places(64, 0.5), padding="border", align_corners=False),
            sample_cubic(wave, places(64, 0.5)),
        )
    ]
    assert energy[0] < 0.7
    assert 0.85 < energy[1] < 1.15


def test_what_swings_over_is_cut() -> None:
    edge = torch.tensor([0.0, 0, 0, 1, 1, 1]).expand(1, 1, 1, 6)
    found = sample_cubic(edge, places(6, 0.4))
    assert found.min() == 0
    assert found.max() == 1
