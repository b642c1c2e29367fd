"""Each method as small as it goes, and what it is trained on in the exam. A new method adds one line to TINY."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import torch

from muybridge import catalogue
from muybridge.landmarks import Landmarks, from_joints
from muybridge.method import Data, Method
from muybridge.puppets import SceneClips, scene
from muybridge.video import Clip

FRAMES = 4
GENERATOR = {"width": 8, "blocks": 1, "downs": 1}
HOURGLASS = {"width": 4, "max_width": 16, "blocks": 2}
TINY: Mapping[str, dict[str, Any]] = {
    "jokr": {
        "size": 32,
        "keypoints": 4,
        "detector": {"width": 8, "max_width": 16, "blocks": 2},
        "shapes": GENERATOR,
        "refiner": GENERATOR,
        "discriminator_width": 8,
        "texture_loss": "weight-free",
        "shape": {"steps": 2, "batch": 2},
        "appearance": "frames",
        "dense_motion": {"width": 4, "max_width": 8},
        "texture": {"steps": 2, "batch": 2},
        "motion": {"steps": 2, "batch": 2},
    },
    "cyclegan": {
        "size": 32,
        "generator": GENERATOR,
        "critic": {"width": 8, "layers": 2},
        "history": 3,
        "translate": {"steps": 3, "batch": 2},
    },
    "recyclegan": {
        "size": 32,
        "generator": GENERATOR,
        "critic": {"width": 8, "layers": 2},
        "predictor": {"width": 8, "max_width": 16, "blocks": 2},
        "history": 4,
        "translate": {"steps": 2, "batch": 1},
    },
    "tsnet": {
        "size": 32,
        "aspect": 1.0,
        "padded": False,
        "width": 4,
        "critic_width": 4,
        "image_blocks": 1,
        "decoder_blocks": 1,
        "perceptual": "weight-free",
        "losses": {"ssim": 1.0},
        "train": {"steps": 2, "batch": 2},
    },
    "edn": {
        "size": 32,
        "aspect": 1.0,
        "people": 2,
        "generator": GENERATOR,
        "discriminator": {"width": 4, "layers": 2, "scales": 2},
        "face": {"side": 32, "generator": GENERATOR, "discriminator": {"width": 4, "layers": 2, "scales": 1}},
        "perceptual": "weight-free",
        "losses": {"ssim": 1.0},
        "frames": {"steps": 2, "batch": 2},
        "faces": {"steps": 2, "batch": 2},
    },
    "monkeynet": {
        "size": 32,
        "keypoints": 3,
        "detector": HOURGLASS,
        "motion": HOURGLASS,
        "generator": HOURGLASS | {"refinements": 1},
        "critic": HOURGLASS,
        "losses": {"matching": (10, 10, 10)},
        "learn": {"steps": 2, "batch": 2, "lr": 1e-3},
        "prediction": {"steps": 2, "batch": 2, "lr": 1e-3, "hidden": 8, "frames": 3},
    },
    "articulated": {
        "size": 32,
        "regions": 3,
        "perceptual": "weight-free",
        "detector": HOURGLASS | {"scale": 0.5, "padding": 3},
        "background": HOURGLASS | {"scale": 0.5},
        "motion": HOURGLASS | {"scale": 0.5},
        "generator": GENERATOR,
        "training": {"steps": 2, "batch": 2},
        "avd": {"steps": 2, "batch": 8, "widths": (8,), "identity": 4, "pose": 4},
    },
    "fomm": {
        "size": 32,
        "keypoints": 3,
        "perceptual": "weight-free",
        "detector": HOURGLASS | {"scale": 0.5, "padding": 3},
        "motion": HOURGLASS | {"scale": 0.5},
        "generator": GENERATOR,
        "critic": {"width": 8, "max_width": 8, "blocks": 2, "keypoints": True},
        "losses": {"adversarial": 1.0},
        "training": {"steps": 2, "batch": 2},
    },
    "x2face": {
        "size": 32,
        "content": "none",
        "embedding": HOURGLASS,
        "driving": HOURGLASS | {"vector": 8},
        "learn": {"steps": 2, "batch": 2},
        "identity": {"steps": 0},
    },
    # Methods of other packages: docs/adding-a-method.md.
    **json.loads(os.environ.get("MUYBRIDGE_TINY", "{}")),
}


@cache
def puppets(needs: str = "pair") -> SceneClips:
    """Two puppets with silhouettes; dancers, whose joints are known, where landmarks are needed."""
    return scene("dancers" if needs == "landmarks" else "dog-cat", frames=FRAMES, size=64)


def landmarks() -> tuple[Landmarks, Landmarks]:
    """Of both dancers."""
    drawn = puppets("landmarks")
    a, b = (from_joints(joints, drawn.joint_names, (64, 64)) for joints in (drawn.joints_a, drawn.joints_b))
    return a, b


def clips(needs: str) -> list[Clip]:
    """What a method that needs this is trained on."""
    drawn = puppets(needs)
    return {"pair": [drawn.a, drawn.b], "folder": [drawn.a, drawn.ba], "landmarks": [drawn.a, drawn.b]}[needs]


def beside(needs: str, frames: int = FRAMES) -> dict[str, Any]:
    """What `prepare` wants beside so many frames of the clips."""
    return {"landmarks": [each[:frames] for each in landmarks()]} if needs == "landmarks" else {}


def build(name: str, seed: int = 0) -> Method[Any, Any]:
    """An untrained method; the same seed gives the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        found = catalogue.find(name)
        return found(found.Config(**TINY[name]))


def build_with_data(name: str, seed: int = 0) -> tuple[Method[Any, Any], Data]:
    """The same with its training data."""
    method = build(name, seed)
    return method, method.prepare(clips(method.card.needs), **beside(method.card.needs))
