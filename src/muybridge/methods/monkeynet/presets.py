"""Monkey-Net's card and presets. A preset is a set of sizes and lengths; what is learned is the same in all."""

from muybridge.methods.monkeynet.config import (
    AugmentConfig,
    BumpsConfig,
    DetectorConfig,
    DiscriminatorConfig,
    GeneratorConfig,
    LossConfig,
    MonkeyNetConfig,
    MotionConfig,
    PredictionConfig,
    StageConfig,
)
from muybridge.settings import Card

_HALF = BumpsConfig(scale=0.5)
_STANDARD = MonkeyNetConfig(
    size=128,
    detector=DetectorConfig(scale=0.5),
    motion=MotionConfig(displacement=True, bumps=_HALF),
    generator=GeneratorConfig(bumps=_HALF),
    augment=AugmentConfig(hue=0.5),
)
# Tai-Chi of the paper: T = 250 epochs of 3,288 pairs and T/2 at a tenth of the rate.
_PAPER = MonkeyNetConfig(size=64, learn=StageConfig(steps=19265, batch=64, lr=2e-4, drops=(2 / 3,)))
_DRAFT = MonkeyNetConfig(
    size=64,
    detector=DetectorConfig(width=16, max_width=64, blocks=4, scale=0.5),
    motion=MotionConfig(width=8, max_width=64, blocks=4, displacement=True, bumps=_HALF),
    # At this size a flow of half the picture's size shows as steps unless it is smoothed on its way up.
    generator=GeneratorConfig(width=12, max_width=64, blocks=4, refinements=1, resampling="aligned"),
    # In some thousand steps a discriminator of the networks' own pace wins, and its features tear the picture
    # (decision 0026).
    critic=DiscriminatorConfig(width=8, max_width=64, blocks=3, lr=2e-4),
    losses=LossConfig(matching=(50.0, 10.0, 1.0, 1.0), gan=0.1, deformed=10.0),
    augment=AugmentConfig(resize=(1.0, 1.0)),
    learn=StageConfig(steps=3000, batch=8, lr=1e-3, decay=0.5),
    prediction=PredictionConfig(steps=400, batch=8, lr=1e-3, decay=0.5, hidden=256, frames=16),
)
_SMOKE = _DRAFT.model_copy(
    update={
        "learn": StageConfig(steps=200, batch=8, lr=1e-3, decay=0.5),
        "prediction": PredictionConfig(steps=50, batch=4, lr=1e-3, decay=0.5, hidden=128, frames=8),
    }
)

CARD = Card(
    name="monkeynet",
    title="A still image follows a driving video, learnt from a folder of videos; or goes on by itself",
    paper="Siarohin, Lathuilière, Tulyakov, Ricci, Sebe: Animating Arbitrary Objects via Deep Motion Transfer, 2019",
    needs="folder",
    gives="a still image that follows a driving video; image to video",
    presets={"draft": _DRAFT, "standard": _STANDARD, "paper": _PAPER, "smoke": _SMOKE},
    preset_help={
        "draft": "64 px, for a processor without GPU",
        "standard": "128 px, the paper's networks, batch and steps, for a GPU",
        "paper": "64 px, the paper's networks, and as many pairs as it took of Tai-Chi",
        "smoke": "64 px, a first look in about a minute",
    },
    for_gpu=("standard", "paper"),
    abilities=("live", "best-frame", "reconstruct", "predict", "explain", "export", "import"),
)
