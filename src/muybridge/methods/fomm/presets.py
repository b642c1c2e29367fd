"""FOMM's card and presets. A preset is a set of sizes and lengths; what is learned is the same in all."""

from muybridge.methods.fomm.config import (
    DetectorConfig,
    FommConfig,
    GeneratorConfig,
    MotionConfig,
    TrainingConfig,
)
from muybridge.settings import Card

_DRAFT = FommConfig(
    size=64,
    keypoints=8,
    perceptual="weight-free",
    detector=DetectorConfig(width=16, max_width=96, blocks=4, scale=0.5, padding=3),
    motion=MotionConfig(width=16, max_width=96, blocks=4, scale=0.5),
    generator=GeneratorConfig(width=24, max_width=96, blocks=3),
    training=TrainingConfig(steps=5000, batch=8, lr=5e-4, beta2=0.99, drops=(), decay=0.4),
)
_SMOKE = _DRAFT.model_copy(
    update={"training": TrainingConfig(steps=300, batch=8, lr=1e-3, beta2=0.99, drops=(), decay=0.4)}
)
_BENCH = _DRAFT.model_copy(
    update={"training": TrainingConfig(steps=750, batch=8, lr=1e-3, beta2=0.99, drops=(), decay=0.4)}
)

CARD = Card(
    name="fomm",
    title="A still image follows a driving video: keypoints with local affine motion",
    paper="Siarohin, Lathuilière, Tulyakov, Ricci, Sebe: First Order Motion Model for Image Animation, 2019",
    needs="folder",
    gives="a still image that follows a driving video, with local affine motion",
    presets={"draft": _DRAFT, "standard": FommConfig(), "paper": FommConfig(), "smoke": _SMOKE, "bench": _BENCH},
    preset_help={
        "draft": "64 px, for a processor without GPU",
        "standard": "256 px, sizes and losses of the paper, for a GPU; needs the weights of VGG-19",
        "paper": "the same as standard: 256 px, 2 million pairs of frames",
        "smoke": "64 px, a first look in a minute or two",
        "bench": "64 px, a few minutes on two cores, for tables of comparison",
    },
    for_gpu=("standard", "paper"),
    abilities=("live", "best-frame", "reconstruct", "explain", "export", "import"),
)
