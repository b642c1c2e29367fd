"""Networks that somebody else has trained, their weights from files on this machine; nothing is downloaded."""

from muybridge.networks.pretrained.c3d import C3D_FILE, C3d, load_c3d
from muybridge.networks.pretrained.files import fill_pretrained, load_tensor_table, torch_cache_path
from muybridge.networks.pretrained.identity import Identity, identity_path
from muybridge.networks.pretrained.inception import INCEPTION_FILE, Inception, load_inception
from muybridge.networks.pretrained.vgg import (
    LEVELS,
    VGG16_FILE,
    VGG19_FILE,
    Lpips,
    Vgg16,
    Vgg19,
    load_lpips,
    load_lpips_weights,
    load_vgg16,
    load_vgg19,
    require_lpips,
    require_vgg19,
)

__all__ = [
    "C3D_FILE",
    "INCEPTION_FILE",
    "LEVELS",
    "VGG16_FILE",
    "VGG19_FILE",
    "C3d",
    "Identity",
    "Inception",
    "Lpips",
    "Vgg16",
    "Vgg19",
    "fill_pretrained",
    "identity_path",
    "load_c3d",
    "load_inception",
    "load_lpips",
    "load_lpips_weights",
    "load_tensor_table",
    "load_vgg16",
    "load_vgg19",
    "require_lpips",
    "require_vgg19",
    "torch_cache_path",
]
