"""The largest value round each pixel is what max_pool2d finds."""

import pytest
import torch
from torch.nn import functional as F

from muybridge.geometry import largest_around, smallest_around


@pytest.mark.parametrize("reach", [0, 1, 2, 3, 5, 8, 30])
def test_the_largest_and_the_smallest_round_each_pixel(reach: int) -> None:
    maps = torch.randn(2, 3, 13, 21, generator=torch.Generator().manual_seed(reach))

    # Pooling may not reach further beyond a map than half of its window, so a wide border is laid round it first.
    wide = F.pad(maps, [reach] * 4, value=-torch.inf)
    assert torch.equal(largest_around(maps, reach), F.max_pool2d(wide, 2 * reach + 1, 1))
    assert torch.equal(smallest_around(maps, reach), -largest_around(-maps, reach))
