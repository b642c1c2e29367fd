"""Recycle-GAN's card and presets. A preset is a set of sizes and lengths; what is learned is the same in all."""

from muybridge.methods.recyclegan.config import RecycleGanConfig, StageConfig
from muybridge.settings import Augment, Card, DiscriminatorSizes, PredictorSizes, TranslatorSizes

_CALM = Augment(share=0.8, degrees=10.0, scale=(0.9, 1.1), shear=8.0, shift=0.08)
_STANDARD = RecycleGanConfig()
_DRAFT = RecycleGanConfig(
    size=128,
    margin=0.03,
    generator=TranslatorSizes(width=24, blocks=6, upsampling="resize"),
    critic=DiscriminatorSizes(width=32),
    predictor=PredictorSizes(width=16, max_width=128),
    augment=_CALM,
    translate=StageConfig(steps=1900, lr=4e-4),
)
_BENCH = _DRAFT.model_copy(
    update={
        "size": 64,
        "generator": TranslatorSizes(width=16, blocks=4, upsampling="resize"),
        "critic": DiscriminatorSizes(width=24),
        "predictor": PredictorSizes(width=12, max_width=96, blocks=4),
        "translate": StageConfig(steps=1750, lr=5e-4),
    }
)
_SMOKE = _BENCH.model_copy(update={"translate": StageConfig(steps=400, lr=1e-3)})

CARD = Card(
    name="recyclegan",
    title="Each frame of one video as the subject of the other, learned from how both go on",
    paper="Bansal, Ma, Ramanan, Sheikh: Recycle-GAN: Unsupervised Video Retargeting, 2018",
    needs="pair",
    gives="both translated videos",
    presets={"draft": _DRAFT, "standard": _STANDARD, "paper": _STANDARD, "smoke": _SMOKE, "bench": _BENCH},
    preset_help={
        "draft": "128 px, for a processor without GPU",
        "standard": "256 px, sizes and weights of the paper, for a GPU",
        "paper": "the same as standard",
        "smoke": "64 px, a first look in about a minute",
        "bench": "64 px, a few minutes on two cores, for tables of comparison",
    },
    for_gpu=("standard", "paper"),
    abilities=("measure",),
)
