"""A tiny JOKR with all that it remembers from step to step. Run as a program, it trains in a folder and kills its own
process after the fourth step of the shapes."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from muybridge.engine import Callback, Summary, train
from muybridge.method import Stage
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.method import Jokr
from muybridge.puppets import scene
from muybridge.run import Run

GENERATOR = {"width": 8, "blocks": 1, "downs": 1, "norm": "group", "fold": 2, "dropout": 0.2}
CONFIG = JokrConfig.model_validate(
    {
        "size": 32,
        "keypoints": 4,
        "memory": 6,
        "refiner_input": "pose",
        "detector": {"width": 8, "max_width": 16, "blocks": 2, "shrink": "unfold"},
        "shapes": GENERATOR,
        "refiner": GENERATOR,
        "discriminator_width": 8,
        "discriminator_noise": 0.1,
        "texture_loss": "weight-free",
        "losses": {"align": 30.0, "cyc": 4.0, "cover": 20.0, "read": 4.0, "dc_warmup": 6, "ssim": 0.5},
        "augment": {"flat": 0.4},
        "shape": {"steps": 7, "batch": 2, "decay": 0.5},
        "texture": {"steps": 2, "batch": 2},
    }
)


def made(seed: int = 0) -> tuple[Jokr, PairData]:
    """The method with the first weights of a seed, and two puppets."""
    torch.manual_seed(seed)
    method, drawn = Jokr(CONFIG), scene("cat-horse", frames=4, size=64)
    return method, method.prepare([drawn.a, drawn.b])


def trained(method: Jokr, data: PairData, run: Run, **options: Any) -> Summary:
    """Trained in a folder, with a checkpoint after each step."""
    clocks = {"checkpoint_seconds": 0, "preview_seconds": 3600, "log_every": 1}
    return train(method, data, run, seed=3, device="cpu", precision="float32", **clocks, **options)


class Killer(Callback):
    """kill -9 after the fourth step of the shapes, before its checkpoint."""

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        if (stage.name, step) == ("shape", 4):
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    torch.set_num_threads(1)
    trained(*made(), Run.open(Path(sys.argv[1])), callback=Killer())
