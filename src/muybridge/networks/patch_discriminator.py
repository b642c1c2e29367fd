"""The multi-scale patch discriminator of pix2pixHD (Wang et al. 2018, appendix A)."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.networks.norms import make_norm
from muybridge.settings import Norm
from muybridge.tensors import Images

DiscriminatorFeatures = list[list[Tensor]]
"""For each scale, the features [B, C, H, W] after each layer; the last is the score of each patch, no sigmoid."""


class PatchDiscriminator(nn.Module):
    """Judges patches of a picture at several scales, each with its own weights, the finest first.

    in_channels  of the picture, and of what it is judged together with (concatenate them)
    width        channels of the first layer, doubled up to eight times that
    layers       strided convolutions at each scale
    scales       how many; each halves the picture once more
    """

    def __init__(
        self, in_channels: int, width: int = 64, layers: int = 3, scales: int = 2, norm: Norm = "instance"
    ) -> None:
        super().__init__()
        self.scales = nn.ModuleList(_patches(in_channels, width, layers, norm) for _ in range(scales))

    def forward(self, images: Images) -> DiscriminatorFeatures:
        verdicts = []
        for i, scale in enumerate(self.scales):
            if i:
                images = F.avg_pool2d(images, 3, stride=2, padding=1, count_include_pad=False)
            features = [images]
            for layer in scale.children():
                features.append(layer(features[-1]))
            verdicts.append(features[1:])

        return verdicts


def _patches(in_channels: int, width: int, layers: int, norm: Norm) -> nn.Sequential:
    widths = []
    for i in range(layers + 1):
        widths.append(width * min(2**i, 8))

    stack: list[nn.Module] = [_layer(in_channels, width, 2, "none")]
    for a, b in pairwise(widths[:-1]):
        stack.append(_layer(a, b, 2, norm))

    stack += [_layer(widths[-2], widths[-1], 1, norm), nn.Conv2d(widths[-1], 1, 4, padding=2)]
    return nn.Sequential(*stack)


def _layer(in_channels: int, out_channels: int, stride: int, norm: Norm) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 4, stride=stride, padding=2)
    return nn.Sequential(conv, make_norm(norm, out_channels), nn.LeakyReLU(0.2))


def patch_scores(verdicts: DiscriminatorFeatures) -> list[Tensor]:
    """The last map of each scale: the scores of the patches."""
    return [features[-1] for features in verdicts]
