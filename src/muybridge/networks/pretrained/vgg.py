"""VGG-16 and VGG-19 features and the LPIPS distance, with weights from files on this machine; nothing is downloaded."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.errors import CheckpointError, MissingWeightsError
from muybridge.model_files import cache_folder, hint_to_fetch
from muybridge.networks.pretrained.files import fill_pretrained, find_weights, load_tensor_table
from muybridge.tensors import Images

VGG16_FILE = "vgg16-397923af.pth"
"""torchvision's ImageNet weights; the name ends with the first digits of the file's SHA-256."""
WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
LEVELS = tuple(w[-1] for w in WIDTHS)
"""Channels of the five feature maps."""
LPIPS_FILE = "lpips-vgg.pth"
"""What `fetch` calls the channel weights of LPIPS."""
VGG19_FILE = "vgg19-dcbb9e9d.pth"
"""torchvision's ImageNet weights; the name ends with the first digits of the file's SHA-256."""
VGG19_WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 512, 512), (512,))


class TappedVgg(nn.Module):
    """The convolutions of a VGG (Simonyan and Zisserman), named as in torchvision, and the features of each level.

    widths  channels of the convolutions of each level, between which pictures are halved
    tap     which convolution of a level gives its features: 0 the first, -1 the last
    """

    def __init__(self, widths: Sequence[Sequence[int]], tap: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        channels = 3

        for level in widths:
            self.taps.append(len(layers) + 2 * range(len(level))[tap] + 1)
            for width in level:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2, 2))

        # No tap lies behind the last pooling, so it is left out.
        self.features = nn.Sequential(*layers[:-1])

    def forward(self, images: Images) -> list[Tensor]:
        """One map a level, behind its ReLU, of pictures [B, 3, H, W] normalised as the weights want."""
        found = []
        x = images
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in self.taps:
                found.append(x)
        return found


class Vgg16(TappedVgg):
    """The convolutions of VGG-16 (configuration D): gives relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3."""

    def __init__(self) -> None:
        super().__init__(WIDTHS, tap=-1)


class Vgg19(TappedVgg):
    """The convolutions of VGG-19 up to relu5_1 (Simonyan and Zisserman, configuration E), named as in torchvision.

    Gives relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1; both sides of the pictures at least 16 pixels.
    """

    def __init__(self) -> None:
        super().__init__(VGG19_WIDTHS, tap=0)


class Lpips(nn.Module):
    """Learned perceptual distance, version 0.1 with VGG-16 (Zhang et al. 2018, eq. 1); all weights frozen.

    vgg      the trunk
    weights  five tensors [1, C, 1, 1], C as in `LEVELS`: how much each channel counts
    """

    mean: Tensor
    std: Tensor

    def __init__(self, vgg: Vgg16, weights: list[Tensor]) -> None:
        super().__init__()
        self.vgg = vgg
        self.weights = nn.ParameterList(weights)
        # The constants of the lpips package: ImageNet's mean and deviation for pictures in [-1, 1].
        self.register_buffer("mean", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    def forward(self, first: Images, second: Images) -> Float[Tensor, "B"]:
        """The distance of each pair of pictures [B, 3, H, W] in [-1, 1]; 0 for equal ones."""
        maps = (self.vgg((x - self.mean) / self.std) for x in (first, second))
        total = torch.zeros((), device=first.device)
        for a, b, weight in zip(*maps, self.weights, strict=True):
            total = total + ((_unit(a) - _unit(b)).square() * weight).sum(1).mean((1, 2))
        return total


def _unit(x: Tensor) -> Tensor:
    """Scale each pixel's features to length 1; all-zero features stay, with gradient zero instead of nan."""
    x = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    return x / (x.square().sum(1, keepdim=True).clamp_min(1e-30).sqrt() + 1e-10)


def load_vgg16(path: Path | None = None) -> Vgg16:
    """VGG-16 with weights from `path`, or from the usual cache of torch (TORCH_HOME).

    A file that is named like torchvision's must have the digest that its name promises.
    Raises MissingWeightsError (no such file) or CheckpointError (not these weights).
    """
    return fill_pretrained(Vgg16(), path, VGG16_FILE, "VGG-16", "torchvision's")


def load_vgg19(path: Path | None = None) -> Vgg19:
    """VGG-19, frozen, with weights from `path`, or from the usual cache of torch (TORCH_HOME).

    A file that is named like torchvision's must have the digest that its name promises.
    Raises MissingWeightsError (no such file) or CheckpointError (not these weights).
    """
    return fill_pretrained(Vgg19(), path, VGG19_FILE, "VGG-19", "torchvision's")


def load_lpips(vgg: Path | None = None, weights: Path | None = None) -> Lpips:
    """LPIPS with the trunk of `load_vgg16` and the channel weights of the lpips package (weights/v0.1/vgg.pth).

    weights  that file; unless named it is taken from the lpips or torchmetrics package, whichever is installed
    Raises MissingWeightsError or CheckpointError.
    """
    return Lpips(load_vgg16(vgg), load_lpips_weights(weights))


def load_lpips_weights(path: Path | None = None) -> list[Tensor]:
    """The five tensors [1, C, 1, 1] of LPIPS; see `load_lpips`."""
    path = _find_channels(path)
    state = load_tensor_table(path)
    names = []
    for i in range(len(LEVELS)):
        names.append(f"lin{i}.model.1.weight")

    weights = []
    for name, channels in zip(names, LEVELS, strict=True):
        if name not in state or state[name].numel() != channels:
            raise CheckpointError(f"{path} does not hold LPIPS for VGG-16: expected {names[0]} to {names[-1]}")
        weights.append(state[name].view(1, -1, 1, 1))

    return weights


def require_vgg19() -> None:
    """MissingWeightsError where `load_vgg19` would find no file; nothing is read."""
    find_weights(None, VGG19_FILE, "VGG-19", "torchvision's")


def require_lpips() -> None:
    """MissingWeightsError where `load_lpips` would find no files; nothing is read."""
    find_weights(None, VGG16_FILE, "VGG-16", "torchvision's")
    _find_channels(None)


def _find_channels(path: Path | None) -> Path:
    path = path or _find_lpips()
    if path is None or not path.is_file():
        raise MissingWeightsError(
            f"no channel weights of LPIPS at {path or 'the lpips package'}: expected its weights/v0.1/vgg.pth",
            hint_to_fetch(LPIPS_FILE, "Or install them with: pip install --no-deps lpips==0.1.4"),
        )
    return path


def _find_lpips() -> Path | None:
    """The fetched file, or that inside an installed package, found without importing it (lpips needs torchvision)."""
    fetched = cache_folder() / LPIPS_FILE
    if fetched.is_file():
        return fetched

    for package, inside in (
        ("lpips", "weights/v0.1/vgg.pth"),
        ("torchmetrics", "functional/image/lpips_models/vgg.pth"),
    ):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if (Path(folder) / inside).is_file():
                return Path(folder) / inside

    return None
