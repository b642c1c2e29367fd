"""VGG-19 features, with weights from a file on this machine; nothing is downloaded."""

from pathlib import Path

from muybridge.networks.pretrained import fill_pretrained
from muybridge.networks.vgg import TappedVgg

VGG19_FILE = "vgg19-dcbb9e9d.pth"
"""torchvision's ImageNet weights; the name ends with the first digits of the file's SHA-256."""
VGG19_WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 512, 512), (512,))


class Vgg19(TappedVgg):
    """The convolutions of VGG-19 up to relu5_1 (Simonyan and Zisserman, configuration E), named as in torchvision.

    Gives relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1; both sides of the pictures at least 16 pixels.
    """

    def __init__(self) -> None:
        super().__init__(VGG19_WIDTHS, tap=0)


def load_vgg19(path: Path | None = None) -> Vgg19:
    """VGG-19, frozen, with weights from `path`, or from the usual cache of torch (TORCH_HOME).

    A file that is named like torchvision's must have the digest that its name promises.
    Raises MissingWeightsError (no such file) or CheckpointError (not these weights).
    """
    return fill_pretrained(Vgg19(), path, VGG19_FILE, "VGG-19", "torchvision's")
