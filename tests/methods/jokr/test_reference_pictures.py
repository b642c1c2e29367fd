"""What results of own frames are put together with: blurs, bands and enlargements by their definitions."""

import pytest
import torch
from torch.nn import functional as F

from muybridge.methods.jokr.reference_blend import BAND, blur, merge_bands, part_bands
from muybridge.methods.jokr.reference_outlines import find_outlines
from muybridge.methods.jokr.reference_renderer import lay_out


@pytest.mark.parametrize("size", [(24, 40), (5, 3), (64, 104)])
def test_a_blur_is_a_convolution_with_a_gaussian_whose_edge_goes_on(size: tuple[int, int]) -> None:
    pictures = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    spread = 2 * BAND * (size[0] * size[1]) ** 0.5
    reach = min(int(3 * spread), size[0] - 1, size[1] - 1)
    if reach < 1:
        assert torch.equal(blur(pictures, 2 * BAND), pictures)
        return

    steps = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-(steps**2) / (2 * spread**2))
    window = torch.outer(kernel, kernel) / kernel.sum() ** 2
    wide = F.pad(pictures.flatten(0, 1)[:, None], [reach] * 4, mode="replicate")
    wanted = F.conv2d(wide, window[None, None]).view_as(pictures)
    torch.testing.assert_close(blur(pictures, 2 * BAND), wanted)


def test_bands_are_those_of_the_painting_and_of_the_references_where_each_is_trusted() -> None:
    numbers = torch.Generator().manual_seed(0)
    painted, blended = torch.rand(2, 1, 3, 24, 40, generator=numbers)

    everywhere = part_bands(painted, blended, torch.ones(1, 1, 24, 40))
    torch.testing.assert_close(merge_bands(blended, everywhere), blended)
    nowhere = part_bands(painted, blended, torch.zeros(1, 1, 24, 40))
    torch.testing.assert_close(merge_bands(blended, nowhere), painted)

    # Half of it: the coarse band goes over slowly, and details change at once.
    left = torch.zeros(1, 1, 24, 40)
    left[..., :20] = 1
    made = merge_bands(blended, part_bands(painted, blended, left))
    slowly = blur(left, BAND / 2)
    coarse = blur(painted) + slowly * (blur(blended) - blur(painted))
    wanted = coarse + (1 - left) * (painted - blur(painted)) + left * (blended - blur(blended))
    torch.testing.assert_close(made, wanted)


def test_an_outline_is_enlarged_as_bicubic_interpolation_does() -> None:
    silhouettes = torch.rand(2, 1, 16, 24, generator=torch.Generator().manual_seed(0))
    x, y = (torch.arange(4 * side) / (2 * side) + 1 / (4 * side) - 1 for side in (24, 16))
    view = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[None]

    drawn = find_outlines(silhouettes, view, 0.0, 0.0)
    assert drawn.shape == (2, 1, 64, 96)
    large = F.interpolate(silhouettes, scale_factor=4, mode="bicubic")
    sure = (large - 0.5).abs() > 1e-4
    assert torch.equal((drawn > 0.5)[sure], (large > 0.5)[sure])

    # With a band, a smaller and a larger one stand on either side.
    smaller, middle, larger = find_outlines(silhouettes, view, 0.0, 0.5).unbind(1)
    assert int((smaller > 0.5).sum()) < int((middle > 0.5).sum()) < int((larger > 0.5).sum())


def test_pixels_are_laid_out_where_they_were_seen() -> None:
    seen = torch.tensor([1, 4, 5])
    colours = torch.tensor([[0.0, 0.5, 1.0]]).expand(3, 3)
    picture = lay_out(colours, torch.tensor([1.0, 0.5, 1.0]), seen, (2, 3))

    assert picture.dtype == torch.uint8
    assert picture[0].tolist() == [[0, 0, 0], [0, 128, 255]]
    assert picture[3].tolist() == [[0, 255, 0], [0, 128, 255]]
