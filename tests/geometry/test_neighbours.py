"""The largest value round each pixel is what max_pool2d finds."""

import pytest
import torch
from torch.nn import functional as F

from muybridge.geometry import largest_around, largest_in_disc, smallest_around, smallest_in_disc


@pytest.mark.parametrize("reach", [0, 1, 2, 3, 5, 8, 30])
def test_the_largest_and_the_smallest_round_each_pixel(reach: int) -> None:
    maps = torch.randn(2, 3, 13, 21, generator=torch.Generator().manual_seed(reach))

    # Pooling may not reach further beyond a map than half of its window, so a wide border is laid round it first.
    wide = F.pad(maps, [reach] * 4, value=-torch.inf)
    assert torch.equal(largest_around(maps, reach), F.max_pool2d(wide, 2 * reach + 1, 1))
    assert torch.equal(smallest_around(maps, reach), -largest_around(-maps, reach))


@pytest.mark.parametrize("reach", [0, 1, 2, 3, 5, 8])
def test_the_largest_in_a_disc_lies_within_its_reach(reach: int) -> None:
    """One bright pixel shows the shape in which it is looked for."""
    side = 2 * reach + 5
    spot = torch.zeros(1, 1, side, side)
    spot[..., side // 2, side // 2] = 1
    found = largest_in_disc(spot, reach)[0, 0] > 0

    away = torch.arange(side) - side // 2
    distance = (away[:, None].square() + away.square()).sqrt()
    assert found[distance <= 0.92 * reach].all()
    assert not found[distance > 1.13 * reach].any()
    assert found.sum() <= torch.pi * (reach + 0.71) ** 2
    assert torch.equal(smallest_in_disc(-spot, reach), -largest_in_disc(spot, reach))
