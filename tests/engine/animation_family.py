"""The tiny methods that learn from a folder, trained on batches that are the same however many processes share them.
Run as a program, it trains all of them in folders of one: under torchrun, each process takes its share.

In float64: what float32 rounds moves a warped pixel over an edge now and then, and gradients with it, by percents.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from muybridge.engine import train
from muybridge.geometry import ThinPlate, random_thin_plate
from muybridge.method import Data, Method, Stage
from muybridge.run import Run

sys.path.insert(0, str(Path(__file__).parents[1] / "every_method"))

from tiny_methods import TINY, clips

from muybridge import catalogue

NAMES = ("monkeynet", "fomm", "articulated")
LENGTH = {"steps": 4, "batch": 4}
# Without the chance that has no seam to draw it through: noise on what the GRU sees, stretched regions.
CHANGES: Mapping[str, dict[str, Any]] = {
    "monkeynet": {"learn": {**LENGTH, "lr": 1e-3}, "prediction": {**LENGTH, "lr": 1e-3, "noise": 0.0}},
    "fomm": {"training": LENGTH},
    "articulated": {"training": LENGTH, "avd": {**LENGTH, "scaling": 0.0}},
}


class Shared(Data):
    """What `data` gives, of which each of `count` processes takes its part in order."""

    def __init__(self, data: Data, rank: int, count: int) -> None:
        self.data, self.rank, self.count, self.step = data, rank, count, 0

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        self.step += 1
        whole = Stage(stage.name, stage.steps, stage.batch * self.count)
        drawn = self.data.batch(whole, torch.Generator().manual_seed(self.step), device)
        return {name: self.own(x.double()) for name, x in drawn.items()}

    def own(self, x: Tensor) -> Tensor:
        """One process's part of a batch."""
        return x.chunk(self.count)[self.rank].contiguous()

    def bends(self, batch: int, affine: float, bend: float, points: int, like: Tensor) -> ThinPlate:
        """Stands for `random_thin_plate`: the bending of this step's whole batch, and of it one process's part."""
        generator = torch.Generator().manual_seed(1000 + self.step)
        whole = random_thin_plate(batch * self.count, affine, bend, points, like.double(), generator)
        return ThinPlate(self.own(whole.affine), self.own(whole.bends))

    def tensors(self) -> dict[str, Tensor]:
        return self.data.tensors()

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> "Shared":
        raise NotImplementedError


def build(name: str) -> Method[Any, Any]:
    """A tiny method whose keypoints and flow differ from picture to picture from the start."""
    kind = catalogue.find(name)
    settings = {key: {**TINY[name].get(key, {}), **change} for key, change in CHANGES[name].items()}
    torch.manual_seed(0)
    method = kind(kind.Config(**{**TINY[name], **settings}))
    for key, weight in method.named_parameters():
        if key.endswith(("head.weight", "masks.weight")):
            torch.nn.init.normal_(weight, std=0.05)
    return method.double()


def trained(name: str, folder: Path, rank: int, count: int) -> None:
    """Train one of them in `folder/NAME`."""
    method = build(name)
    data = Shared(method.prepare(clips("folder")), rank, count)
    run = Run.open(folder / name) if (folder / name).exists() else Run.create(folder / name, name, {})
    nothing = torch.zeros(3, 8, 8, dtype=torch.uint8)
    with (
        patch(f"muybridge.methods.{name}.method.random_thin_plate", data.bends, create=True),
        patch.object(type(method), "preview", lambda *_: nothing),
    ):
        train(method, data, run, seed=3, device="cpu", precision="float32", log_every=1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for each in NAMES:
        trained(each, Path(sys.argv[1]), int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    sys.stdout.flush()
    os._exit(0)  # gloo's threads abort the interpreter's shutdown now and then
