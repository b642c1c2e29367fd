"""X2Face's card and presets. A preset is a set of sizes and lengths."""

from muybridge.methods.x2face.config import (
    DrivingConfig,
    EmbeddingConfig,
    StageConfig,
    X2FaceConfig,
)
from muybridge.settings import Card

_DRAFT = X2FaceConfig(
    size=64,
    content="none",
    embedding=EmbeddingConfig(width=12, max_width=96, blocks=5),
    driving=DrivingConfig(width=12, max_width=128, blocks=5, vector=64),
    learn=StageConfig(steps=5000, batch=8, lr=1e-3, decay=0.5),
    identity=StageConfig(steps=0),
)
_SMOKE = _DRAFT.model_copy(update={"learn": StageConfig(steps=300, batch=8, lr=1e-3, decay=0.5)})
_BENCH = _DRAFT.model_copy(update={"learn": StageConfig(steps=1500, batch=8, lr=1e-3, decay=0.5)})

CARD = Card(
    name="x2face",
    title="A still image follows a driving video by two sampling grids: a baseline without keypoints",
    paper="Wiles, Koepke, Zisserman: X2Face: A Network for Controlling Face Generation Using Images, Audio, and Pose "
    "Codes, 2018",
    needs="folder",
    gives="a still image that follows a driving video, out of the image's own pixels alone",
    presets={
        "draft": _DRAFT,
        "standard": X2FaceConfig(),
        "paper": X2FaceConfig(),
        "smoke": _SMOKE,
        "bench": _BENCH,
    },
    preset_help={
        "draft": "64 px, the first stage alone, for a processor without GPU",
        "standard": "256 px, both stages, for a GPU; needs the weights of VGG-19",
        "paper": "the same as standard",
        "smoke": "64 px, a first look in about a minute",
        "bench": "64 px, a few minutes on two cores, for tables of comparison",
    },
    for_gpu=("standard", "paper"),
    abilities=("live", "best-frame", "reconstruct", "explain"),
)
