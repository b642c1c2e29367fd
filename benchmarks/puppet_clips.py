"""Puppets as a dataset: many builds in many coats, many gaits and dances, a camera that stands or follows.

    python benchmarks/puppet_clips.py OUT [--train 120] [--test 24]

Writes OUT/{walkers-still,walkers-moving,dancers}/{train,test}/NNN.png: rows of 32 square frames of 64 px.
walkers have four legs and look to the right; behind them stands paper, or hills, a wall or a measuring plate move
past a camera that follows.
dancers are seen from the front: arms and legs swing far.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge.puppets import BUILDS, Build, Motion, draw, fit
from muybridge.puppets.dancer import BALLET, SWING, choreography
from muybridge.puppets.gaits import FOOTFALLS, Gait

FRAMES, SIZE = 32, 64
WALKERS = ("cat", "horse", "giraffe", "dog", "elephant")
DANCERS = ("ballerina", "sailor")
Maker = Callable[[np.random.Generator], Tensor]


def recoloured(build: Build, rng: np.random.Generator) -> Build:
    """The build with the hues of all its coats turned, lighter or darker: somebody else of the kind."""
    turn, light = rng.uniform(0, 180), rng.uniform(0.75, 1.1)

    def other(colour: tuple[int, int, int]) -> tuple[int, int, int]:
        hsv = cv2.cvtColor(np.uint8([[colour]]), cv2.COLOR_RGB2HSV).astype(float)[0, 0]
        hsv = np.array([(hsv[0] + turn) % 180, hsv[1], np.clip(hsv[2] * light, 0, 255)])
        red, green, blue = cv2.cvtColor(np.uint8([[hsv]]), cv2.COLOR_HSV2RGB)[0, 0].tolist()
        return red, green, blue

    coats = {
        name: replace(
            coat,
            base=other(coat.base),
            below=None if coat.below is None else other(coat.below),
            mark=other(coat.mark),
        )
        for name, coat in build.coats.items()
    }
    return replace(build, coats=coats)


def walking(rng: np.random.Generator) -> Motion:
    """Any gait, at any pace that such an animal could have."""
    gait = Gait(
        falls=str(rng.choice(list(FOOTFALLS))),
        cycle=float(rng.uniform(18, 34)),
        stride=float(rng.uniform(0.45, 0.75)),
        lift=float(rng.uniform(0.1, 0.24)),
        nod=float(rng.uniform(0.02, 0.2)),
        neck=float(rng.uniform(-0.25, 0.25)),
        tail=float(rng.uniform(-0.3, 0.4)),
        swing=float(rng.uniform(0.1, 0.5)),
    )
    return gait.motion(FRAMES, int(rng.integers(1 << 30)))


def dancing(rng: np.random.Generator) -> Motion:
    """Either dance, at any beat."""
    poses = BALLET if rng.random() < 0.5 else SWING
    return choreography(poses, FRAMES, int(rng.integers(1 << 30)), beat=float(rng.uniform(10, 18)))


def walker(backdrops: tuple[str, ...]) -> Maker:
    """Of clips of one four-legged puppet that walks."""

    def make(rng: np.random.Generator) -> Tensor:
        build = recoloured(BUILDS[str(rng.choice(WALKERS))], rng)
        return _drawn(build, walking(rng), str(rng.choice(backdrops)), rng)

    return make


def dancer(rng: np.random.Generator) -> Tensor:
    """A clip of one dancer."""
    build = recoloured(BUILDS[str(rng.choice(DANCERS))], rng)
    return _drawn(build, dancing(rng), "paper", rng)


def _drawn(build: Build, motion: Motion, backdrop: str, rng: np.random.Generator) -> Tensor:
    placement = fit(build, motion)
    return draw(build, motion, SIZE, placement, backdrop, int(rng.integers(1 << 20))).clip.pixels


KINDS: dict[str, Maker] = {
    "walkers-still": walker(("paper",)),
    "walkers-moving": walker(("hills", "wall", "plate")),
    "dancers": dancer,
}


def write(out: Path, kind: str, train: int, test: int) -> Path:
    """One of the three datasets, unless it is there; the same every time."""
    for part, count, first in (("train", train, 0), ("test", test, 100_000)):
        folder = out / kind / part
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            path = folder / f"{index:04d}.png"
            if not path.is_file():
                pixels = KINDS[kind](np.random.default_rng([first + index, list(KINDS).index(kind)]))
                row = torch.cat(list(pixels), -1).permute(1, 2, 0).flip(-1).contiguous().numpy()
                cv2.imwrite(str(path), row)
    return out / kind


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--train", type=int, default=120)
    arguments.add_argument("--test", type=int, default=24)
    given = arguments.parse_args()
    for kind in KINDS:
        print(write(given.out, kind, given.train, given.test), flush=True)


if __name__ == "__main__":
    main()
