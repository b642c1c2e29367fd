"""TS-Net's card and presets. A preset is a set of sizes and lengths; what is learned is the same in all."""

from muybridge.methods.tsnet.config import LossConfig, SamplingConfig, StageConfig, TsnetConfig
from muybridge.settings import Card

_CALM = SamplingConfig(
    window=0, mirror=0.0, brightness=0.05, contrast=0.05, saturation=0.05, hue=0.0, scale=0.05, shift=0.08
)
_DRAFT = TsnetConfig(
    size=128,
    aspect=0.75,
    padded=False,
    margin=0.15,
    width=16,
    critic_width=16,
    image_blocks=3,
    decoder_blocks=2,
    perceptual="weight-free",
    losses=LossConfig(vgg=20.0, ssim=2.0),
    sampling=_CALM,
    train=StageConfig(steps=4000, batch=2, lr=5e-4, critic_lr=2e-4, decay=0.5),
)
_SMOKE = _DRAFT.model_copy(
    update={
        "size": 64,
        "width": 10,
        "critic_width": 8,
        "image_blocks": 1,
        "decoder_blocks": 1,
        "train": StageConfig(steps=400, batch=2, lr=1e-3, critic_lr=2e-4, decay=0.5),
    }
)
_BENCH = _SMOKE.model_copy(update={"train": StageConfig(steps=2500, batch=2, lr=1e-3, critic_lr=2e-4, decay=0.5)})
_STANDARD = TsnetConfig()
# One rate for all networks, VGG-19 as it was trained, and colours as they are drawn: the rest is as in the program.
_PAPER = TsnetConfig(perceptual="vgg19", vgg_sees="imagenet", match_colours=False, train=StageConfig(critic_lr=2e-4))
_FACE = TsnetConfig(
    kind="face68",
    aspect=1.0,
    padded=False,
    margin=0.4,
    sampling=SamplingConfig(stride=1, scale=0.2, shift=0.2),
    train=StageConfig(steps=31500),
)

CARD = Card(
    name="tsnet",
    title="A subject performs a driving video's motion, by 2D landmarks of both",
    paper="Ni, Liu, Huang, Xue: Cross-identity Video Motion Retargeting with Joint Transformation and Synthesis, "
    "WACV 2023",
    needs="landmarks",
    gives="the subject performing the driving motion",
    presets={
        "draft": _DRAFT,
        "standard": _STANDARD,
        "paper": _PAPER,
        "face": _FACE,
        "smoke": _SMOKE,
        "bench": _BENCH,
    },
    preset_help={
        "draft": "128 px bodies, for a processor without GPU",
        "standard": "256 px bodies with the paper's sizes, losses and schedule, for a GPU",
        "paper": "256 px bodies, and nothing that only the program has; needs the weights of VGG-19",
        "face": "256 px faces with the paper's sizes, losses and schedule, for a GPU",
        "smoke": "64 px bodies, a first look in about a minute",
        "bench": "64 px bodies, a few minutes on two cores, for tables of comparison",
    },
    for_gpu=("standard", "paper", "face"),
    abilities=("explain", "import"),
)
