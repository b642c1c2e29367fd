"""JOKR's card and presets. A preset is sizes, lengths and weights; those of `paper` and `released` are published."""

from muybridge.methods.jokr.config import (
    AugmentConfig,
    DetectorConfig,
    GeneratorConfig,
    JokrConfig,
    LossConfig,
    StageConfig,
)
from muybridge.settings import Card

_FAST = LossConfig(sep=20.0, align=30.0, cyc=4.0, cover=20.0, read=4.0, dc_warmup=100, ssim=0.5, perceptual=1.0)
_CALM = AugmentConfig(degrees=10.0, scale=(0.9, 1.1), shear=8.0, shift=0.08, flat=0.4)
_DRAFT = JokrConfig(
    size=160,
    shape_scale=2,
    margin=0.03,
    keypoints=20,
    affine_pace=10.0,
    strays=0.1,
    refiner_input="pose",
    surround="subject",
    appearance="frames",
    detector=DetectorConfig(width=40, max_width=256, blocks=3, shrink="unfold"),
    shapes=GeneratorConfig(width=48, blocks=4, downs=1, norm="group", fold=2),
    refiner=GeneratorConfig(width=48, blocks=4, downs=1, norm="group", fold=2),
    texture_loss="weight-free",
    discriminator_width=256,
    discriminator_lr=2e-4,
    discriminator_noise=0.08,
    losses=_FAST,
    augment=_CALM,
    shape=StageConfig(steps=1000, batch=4, lr=3e-4, beta2=0.99, decay=0.7),
    texture=StageConfig(steps=200, batch=4, lr=6e-4, beta2=0.99, decay=0.5),
    motion=StageConfig(steps=120, batch=4, lr=1e-3, beta2=0.99, decay=0.5),
)
_BENCH = _DRAFT.model_copy(
    update={
        "size": 64,
        "shape_scale": 1,
        "shapes": GeneratorConfig(width=24, blocks=2, downs=1, norm="group", fold=2),
        "refiner": GeneratorConfig(width=24, blocks=2, downs=1, norm="group", fold=2),
        "shape": StageConfig(steps=900, batch=4, lr=5e-4, beta2=0.99, decay=0.7),
        "texture": StageConfig(steps=150, batch=4, lr=1e-3, beta2=0.99, decay=0.5),
    }
)
_SMOKE = _BENCH.model_copy(
    update={
        # Pays where shapes learn for a few hundred steps, and not beyond (decision 0034).
        "losses": _FAST.model_copy(update={"thin": 3.0}),
        "shape": StageConfig(steps=250, batch=4, lr=5e-4, beta2=0.99, decay=0.5),
        "texture": StageConfig(steps=40, batch=4, lr=1e-3, beta2=0.99, decay=0.5),
        "motion": StageConfig(steps=25, batch=4, lr=1e-3, beta2=0.99, decay=0.5),
    }
)
_STANDARD = JokrConfig(
    size=256,
    affine_pace=10.0,
    strays=0.1,
    refiner_input="pose",
    surround="subject",
    appearance="frames",
    detector=DetectorConfig(shrink="unfold"),
    shapes=GeneratorConfig(blocks=6, fold=2),
    refiner=GeneratorConfig(blocks=6, fold=2),
    margin=0.05,
    discriminator_noise=0.08,
    losses=_FAST,
    augment=_CALM,
    shape=StageConfig(steps=12000, batch=8, lr=3e-4, decay=0.4),
    texture=StageConfig(steps=3000, batch=6, lr=3e-4, decay=0.4),
    motion=StageConfig(steps=1000, batch=6, lr=5e-4, beta2=0.99, decay=0.5),
)
_PAPER = JokrConfig(
    square=True,
    margin=0.2,
    bumps="paper",
    detector=DetectorConfig(padding=0, norm="batch"),
    shapes=GeneratorConfig(upsampling="transposed"),
    refiner=GeneratorConfig(upsampling="transposed"),
    texture_loss="lpips",
    # Eq. 6 with weight 1 sums over the keypoints, of which there are 14; the loss is their mean.
    losses=LossConfig(tmp=14.0),
    augment=AugmentConfig(),
    texture=StageConfig(batch=6),
)
RELEASED = JokrConfig(
    square=True,
    squeezed=True,
    margin=0.2,
    bumps="released",
    sigma=0.2,
    detector=DetectorConfig(padding=0, norm="batch", always_training=True),
    shapes=GeneratorConfig(upsampling="transposed", dropout=0.5),
    refiner=GeneratorConfig(upsampling="transposed", dropout=0.5),
    refiner_input="rgb",
    texture_loss="lpips",
    losses=LossConfig(dc=1.0, eq=2.0, sep=4.0, delta=0.12, perceptual=1.0),
    augment=AugmentConfig(share=1.0, scale=(0.8, 1.2)),
    shape=StageConfig(steps=45001, batch=8),
    texture=StageConfig(steps=30001, batch=6),
    released=True,
)
"""The released program with the options of its cat and fox; an imported checkpoint's too, where it says nothing."""

CARD = Card(
    name="jokr",
    title="Two subjects exchange their motion, from one pair of videos",
    paper="Mokady, Tzaban, Benaim, Bermano, Cohen-Or: JOKR: Joint Keypoint Representation for Unsupervised "
    "Cross-Domain Motion Retargeting, 2021",
    needs="pair",
    gives="both retargeted videos, keypoints to drag",
    presets={
        "draft": _DRAFT,
        "standard": _STANDARD,
        "paper": _PAPER,
        "released": RELEASED,
        "smoke": _SMOKE,
        "bench": _BENCH,
    },
    preset_help={
        "draft": "ours: shapes learned at 80 px, results of the subject's own frames, for a processor without GPU",
        "standard": "ours: 256 px, for a GPU",
        "paper": "sizes, batch and iterations of the paper (12 hours on the authors' GPU); needs VGG and LPIPS weights",
        "released": "as in the authors' program, whose constants differ from the paper's; needs VGG and LPIPS weights",
        "smoke": "ours: 64 px, a first look in about a minute",
        "bench": "ours: 64 px, some minutes: for tables over many pairs",
    },
    for_gpu=("standard", "paper", "released"),
    abilities=(
        "edit",
        "edit-results",
        "explain",
        "export",
        "share",
        "import",
        "measure",
        "shared-keypoints",
        "report",
    ),
    affine=True,
)
