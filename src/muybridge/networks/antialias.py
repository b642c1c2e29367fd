"""Band-limited down-sampling."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.tensors import Images


class Downsample(nn.Module):
    """Blur with a Gaussian, then keep every n-th pixel from the first (FOMM's AntiAliasInterpolation2d).

    stride  n; the Gaussian has a standard deviation of (n - 1) / 2 pixels and 4 (n - 1) + 1 taps; beyond the border
            is black
    """

    taps: Tensor

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("taps", gaussian_taps(stride), persistent=False)

    def forward(self, images: Images) -> Float[Tensor, "B C H2 W2"]:
        if self.stride == 1:
            return images
        channels = images.shape[1]
        n = len(self.taps)
        across = self.taps.view(1, 1, 1, n).expand(channels, 1, 1, n)
        x = F.conv2d(images, across, stride=(1, self.stride), padding=(0, n // 2), groups=channels)
        return F.conv2d(x, across.transpose(2, 3), stride=(self.stride, 1), padding=(n // 2, 0), groups=channels)


def gaussian_taps(stride: int) -> Tensor:
    """The weights of `Downsample` along one axis, [4 (stride - 1) + 1]; they sum to 1."""
    sigma = max(stride - 1, 1e-6) / 2
    reach = 2 * (stride - 1)
    taps = torch.exp(-torch.arange(-reach, reach + 1).float().square() / (2 * sigma**2))
    return taps / taps.sum()
