"""EDN's card and presets. A preset is a set of sizes and lengths; what is learned is the same in all."""

from muybridge.methods.edn.config import (
    DiscriminatorConfig,
    EdnConfig,
    FaceConfig,
    GeneratorConfig,
    LossConfig,
    StageConfig,
)
from muybridge.settings import Card

_DRAFT = EdnConfig(
    size=128,
    generator=GeneratorConfig(width=16, downs=3, blocks=4, upsampling="resize"),
    discriminator=DiscriminatorConfig(width=16, scales=2),
    face=FaceConfig(
        side=32,
        generator=GeneratorConfig(width=12, downs=2, blocks=2, upsampling="resize"),
        discriminator=DiscriminatorConfig(width=12, layers=2, scales=1),
    ),
    perceptual="weight-free",
    losses=LossConfig(perceptual=20.0, ssim=2.0),
    frames=StageConfig(steps=3000, batch=2, lr=5e-4, discriminator_lr=2e-4),
    faces=StageConfig(steps=400, batch=4, lr=5e-4, discriminator_lr=2e-4),
)
_SMOKE = _DRAFT.model_copy(
    update={
        "size": 64,
        "generator": GeneratorConfig(width=10, downs=3, blocks=2, upsampling="resize"),
        "discriminator": DiscriminatorConfig(width=8, layers=2, scales=2),
        "frames": StageConfig(steps=400, batch=2, lr=1e-3, discriminator_lr=2e-4),
        "faces": StageConfig(steps=50, batch=4, lr=5e-4, discriminator_lr=2e-4),
    }
)
_BENCH = _SMOKE.model_copy(
    update={
        # A scene has two people.
        "people": 2,
        "frames": StageConfig(steps=2500, batch=2, lr=1e-3, discriminator_lr=2e-4),
        "faces": StageConfig(steps=200, batch=4, lr=5e-4, discriminator_lr=2e-4),
    }
)
_PAPER = EdnConfig(size=512, aspect=2.0, perceptual="vgg19")

CARD = Card(
    name="edn",
    title="A person who was filmed performs a driving video's motion, drawn from stick figures: a baseline",
    paper="Chan, Ginosar, Zhou, Efros: Everybody Dance Now, ICCV 2019",
    needs="landmarks",
    gives="the person of the training performing the driving motion",
    presets={
        "draft": _DRAFT,
        "standard": EdnConfig(discriminator=DiscriminatorConfig(scales=2)),
        "paper": _PAPER,
        "smoke": _SMOKE,
        "bench": _BENCH,
    },
    preset_help={
        "draft": "128 px, for a processor without GPU",
        "standard": "256 px with pix2pixHD's sizes, for a GPU",
        "paper": "1024x512 px, in one go and not from coarse to fine; needs the weights of VGG-19",
        "smoke": "64 px, a first look in about a minute",
        "bench": "64 px, two people, a few minutes on two cores, for tables of comparison",
    },
    for_gpu=("standard", "paper"),
    abilities=("explain",),
)
