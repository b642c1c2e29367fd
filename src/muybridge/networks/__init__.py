"""Networks that two or more methods use. All take rectangular pictures, channels-last, autocast and float64."""

from muybridge.networks.antialias import Downsample, gaussian_taps
from muybridge.networks.block_discriminator import BlockDiscriminator
from muybridge.networks.checkpoints import (
    extract_state,
    fill_network,
    is_plain_tensor,
    load_tensors,
    read_yaml_options,
    read_yaml_table,
    square_side,
)
from muybridge.networks.dense_motion import DenseMotion, Flow
from muybridge.networks.folding import computes_bfloat16, fold_batch_norms, prepare_inference
from muybridge.networks.heat_regions import HeatRegionPredictor, HeatRegions
from muybridge.networks.hourglass import Encoder, Hourglass
from muybridge.networks.norms import make_norm
from muybridge.networks.onnx_files import OnnxPart, make_exportable, split_for_onnx
from muybridge.networks.patch_discriminator import DiscriminatorFeatures, PatchDiscriminator, patch_scores
from muybridge.networks.pretrained import (
    LEVELS,
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
from muybridge.networks.resnet import Head, ResnetGenerator
from muybridge.networks.spectral_norm import SpectralConv2d, use_spectral_norm
from muybridge.networks.warping_generator import GeneratedPicture, WarpingGenerator

__all__ = [
    "LEVELS",
    "BlockDiscriminator",
    "DenseMotion",
    "DiscriminatorFeatures",
    "Downsample",
    "Encoder",
    "Flow",
    "GeneratedPicture",
    "Head",
    "HeatRegionPredictor",
    "HeatRegions",
    "Hourglass",
    "Lpips",
    "OnnxPart",
    "PatchDiscriminator",
    "ResnetGenerator",
    "SpectralConv2d",
    "Vgg16",
    "Vgg19",
    "WarpingGenerator",
    "computes_bfloat16",
    "extract_state",
    "fill_network",
    "fold_batch_norms",
    "gaussian_taps",
    "is_plain_tensor",
    "load_lpips",
    "load_lpips_weights",
    "load_tensors",
    "load_vgg16",
    "load_vgg19",
    "make_exportable",
    "make_norm",
    "patch_scores",
    "prepare_inference",
    "read_yaml_options",
    "read_yaml_table",
    "require_lpips",
    "require_vgg19",
    "split_for_onnx",
    "square_side",
    "use_spectral_norm",
]
