"""Networks that two or more methods use. All take rectangular pictures, channels-last, autocast and float64."""

from muybridge.networks.antialias import Downsample, gaussian_taps
from muybridge.networks.block_critic import BlockCritic
from muybridge.networks.critic import PatchCritic, Verdicts, scores
from muybridge.networks.dense_motion import DenseMotion, Flow
from muybridge.networks.folding import computes_bfloat16, folded, readied
from muybridge.networks.heat_regions import HeatRegionPredictor, HeatRegions
from muybridge.networks.hourglass import Encoder, Hourglass
from muybridge.networks.norms import Norm, make_norm
from muybridge.networks.onnx_files import OnnxPart, detector_and_generator, exportable
from muybridge.networks.option_files import options_in, square_side, table_in
from muybridge.networks.resnet import Head, ResnetGenerator, Upsampling
from muybridge.networks.spectral import SpectralConv2d, spectral
from muybridge.networks.states import filled, state_in
from muybridge.networks.vgg import LEVELS, Lpips, Vgg16, load_lpips, load_lpips_weights, load_vgg16
from muybridge.networks.vgg19 import Vgg19, load_vgg19
from muybridge.networks.warping_generator import Drawn, WarpingGenerator, check_size
from muybridge.networks.weights import load_tensors, plain_tensor

__all__ = [
    "LEVELS",
    "BlockCritic",
    "DenseMotion",
    "Downsample",
    "Drawn",
    "Encoder",
    "Flow",
    "Head",
    "HeatRegionPredictor",
    "HeatRegions",
    "Hourglass",
    "Lpips",
    "Norm",
    "OnnxPart",
    "PatchCritic",
    "ResnetGenerator",
    "SpectralConv2d",
    "Upsampling",
    "Verdicts",
    "Vgg16",
    "Vgg19",
    "WarpingGenerator",
    "check_size",
    "computes_bfloat16",
    "detector_and_generator",
    "exportable",
    "filled",
    "folded",
    "gaussian_taps",
    "load_lpips",
    "load_lpips_weights",
    "load_tensors",
    "load_vgg16",
    "load_vgg19",
    "make_norm",
    "options_in",
    "plain_tensor",
    "readied",
    "scores",
    "spectral",
    "square_side",
    "state_in",
    "table_in",
]
