"""VGG-19 as the golden files of FOMM and articulated animation have it: random, by torchvision's order of draws."""

import torch
from torch import Tensor, nn

from muybridge.networks import Vgg19

WIDTHS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512)


def random_vgg19(seed: int, checksum: Tensor) -> Vgg19:
    """The weights that `torch.manual_seed(seed); vgg19(weights=None)` draws: every layer's own initialisation first,
    the three linear ones' too, and only then VGG's; checked against the recorded sums of features 0 and 28."""
    torch.manual_seed(seed)
    ins = (3, *WIDTHS[:-1])
    layers = [nn.Conv2d(a, b, 3, padding=1) for a, b in zip(ins, WIDTHS, strict=True)]
    for rows, columns in ((4096, 25088), (4096, 4096), (1000, 4096)):
        torch.empty(rows, columns).uniform_()
        torch.empty(rows).uniform_()
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    vgg = Vgg19()
    own = [layer for layer in vgg.features if isinstance(layer, nn.Conv2d)]
    for mine, drawn in zip(own, layers, strict=False):
        mine.load_state_dict(drawn.state_dict())
    sums = torch.stack([vgg.features[i].weight.double().sum() for i in (0, 28)])
    torch.testing.assert_close(sums, checksum, rtol=1e-6, atol=1e-6)
    return vgg.requires_grad_(False).eval()
