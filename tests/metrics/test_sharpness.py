"""Sharpness by known answers."""

import pytest
import torch

from muybridge.metrics import gradient_energy, sharpness


def test_stripes_have_the_energy_of_their_steps_and_a_flat_picture_none() -> None:
    stripes = (torch.arange(16) % 2).float().expand(1, 3, 16, 16)
    masks = torch.ones(1, 1, 16, 16)

    assert float(gradient_energy(stripes, masks)) == pytest.approx(3.0)
    assert float(gradient_energy(torch.full((1, 3, 16, 16), 0.4), masks)) == 0


def test_the_outline_does_not_count() -> None:
    masks = torch.zeros(1, 1, 32, 32)
    masks[..., 8:24, 8:24] = 1
    subject = 0.7 * masks.expand(1, 3, 32, 32)

    assert float(gradient_energy(subject, masks)) == 0


def test_half_the_contrast_is_a_quarter_of_the_energy() -> None:
    own = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    masks = torch.ones(2, 1, 24, 24)

    assert float(sharpness(own, masks, own, masks)) == pytest.approx(1.0)
    assert float(sharpness(own[:1] / 2 + 0.2, masks[:1], own[:1], masks[:1])) == pytest.approx(0.25)
