"""Networks that two or more methods use. All take rectangular pictures, channels-last, autocast and float64."""

from muybridge.networks.antialias import Downsample, gaussian_taps
from muybridge.networks.critic import PatchCritic, Verdicts, scores
from muybridge.networks.hourglass import Hourglass
from muybridge.networks.norms import Norm, make_norm
from muybridge.networks.resnet import Head, ResnetGenerator, Upsampling
from muybridge.networks.vgg import LEVELS, Lpips, Vgg16, load_lpips, load_lpips_weights, load_vgg16
from muybridge.networks.vgg19 import Vgg19, load_vgg19
from muybridge.networks.weights import load_tensors, plain_tensor

__all__ = [
    "LEVELS",
    "Downsample",
    "Head",
    "Hourglass",
    "Lpips",
    "Norm",
    "PatchCritic",
    "ResnetGenerator",
    "Upsampling",
    "Verdicts",
    "Vgg16",
    "Vgg19",
    "gaussian_taps",
    "load_lpips",
    "load_lpips_weights",
    "load_tensors",
    "load_vgg16",
    "load_vgg19",
    "make_norm",
    "plain_tensor",
    "scores",
]
