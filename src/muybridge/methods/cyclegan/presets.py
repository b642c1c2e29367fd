"""CycleGAN's card and presets. A preset is a set of sizes and lengths; what is learned is the same in all."""

from muybridge.methods.cyclegan.config import CycleGanConfig, StageConfig
from muybridge.settings import Augment, Card, DiscriminatorSizes, TranslatorSizes

_CALM = Augment(share=0.8, degrees=10.0, scale=(0.9, 1.1), shear=8.0, shift=0.08)
_STANDARD = CycleGanConfig()
_DRAFT = CycleGanConfig(
    size=128,
    margin=0.03,
    generator=TranslatorSizes(width=24, blocks=6, upsampling="resize"),
    critic=DiscriminatorSizes(width=32),
    augment=_CALM,
    translate=StageConfig(steps=3200, lr=4e-4),
)
_BENCH = _DRAFT.model_copy(
    update={
        "size": 64,
        "generator": TranslatorSizes(width=16, blocks=4, upsampling="resize"),
        "critic": DiscriminatorSizes(width=24),
        "translate": StageConfig(steps=1500, batch=2, lr=5e-4),
    }
)
_SMOKE = _BENCH.model_copy(update={"translate": StageConfig(steps=400, batch=2, lr=1e-3)})

CARD = Card(
    name="cyclegan",
    title="Each frame of one video as the subject of the other: a baseline without motion",
    paper="Zhu, Park, Isola, Efros: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks, "
    "2017",
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
