"""The card and presets of articulated animation. A preset is a set of sizes and lengths."""

from muybridge.methods.articulated.config import (
    ArticulatedConfig,
    AvdConfig,
    BackgroundConfig,
    DetectorConfig,
    GeneratorConfig,
    MotionConfig,
    TrainingConfig,
)
from muybridge.settings import Card

_DRAFT = ArticulatedConfig(
    size=64,
    regions=8,
    perceptual="weight-free",
    least_variance=1e-4,
    detector=DetectorConfig(width=16, max_width=96, blocks=4, scale=0.5, padding=3),
    background=BackgroundConfig(kind="affine", width=8, max_width=64, blocks=4, scale=0.5),
    motion=MotionConfig(width=16, max_width=96, blocks=4, scale=0.5),
    generator=GeneratorConfig(width=24, max_width=96, blocks=3),
    training=TrainingConfig(steps=4600, batch=8, lr=5e-4, beta2=0.99, drops=(), decay=0.4),
    avd=AvdConfig(steps=400, batch=32, widths=(128, 128), identity=32, pose=32, drops=(0.7,)),
)
_SMOKE = _DRAFT.model_copy(
    update={
        "training": TrainingConfig(steps=300, batch=8, lr=1e-3, beta2=0.99, drops=(), decay=0.4),
        "avd": AvdConfig(steps=0),
    }
)

CARD = Card(
    name="articulated",
    title="A still image follows a driving video: regions with principal axes, and a moving background",
    paper="Siarohin, Woodford, Ren, Chai, Tulyakov: Motion Representations for Articulated Animation, 2021",
    needs="folder",
    gives="a still image that follows a driving video, regions, the background's own motion",
    presets={
        "draft": _DRAFT,
        "standard": ArticulatedConfig(least_variance=1e-4),
        "paper": ArticulatedConfig(),
        "smoke": _SMOKE,
    },
    preset_help={
        "draft": "64 px, for a processor without GPU",
        "standard": "256 px, sizes and losses of the paper, for a GPU; needs the weights of VGG-19",
        "paper": "the same without our floor under a region's spread; needs the weights of VGG-19",
        "smoke": "64 px, a first look in a minute or two",
    },
    for_gpu=("standard", "paper"),
    abilities=("live", "best-frame", "reconstruct", "explain", "export", "import"),
)
