"""The smallest runs that move a picture, and the checkpoint that the authors' program would have written of one."""

import re
from pathlib import Path

import torch

from muybridge.methods.fomm.config import FommConfig
from muybridge.methods.fomm.method import Fomm
from muybridge.run import Checkpoint, Run

HOURGLASS = {"width": 8, "max_width": 16, "blocks": 2}
TINY = FommConfig(
    size=32,
    keypoints=3,
    align_corners=False,
    perceptual="weight-free",
    detector={**HOURGLASS, "scale": 0.5},
    motion={**HOURGLASS, "scale": 0.5},
    generator={"width": 8, "max_width": 16, "blocks": 1},
)
NAMES = (
    ("kp_detector", r"^networks\.detector\.trunk\.", "predictor."),
    ("kp_detector", r"^networks\.detector\.head\.", "kp."),
    ("kp_detector", r"^networks\.detector\.frame_head\.", "jacobian."),
    ("generator", r"^networks\.motion\.trunk\.", "dense_motion_network.hourglass."),
    ("generator", r"^networks\.motion\.masks\.", "dense_motion_network.mask."),
    ("generator", r"^networks\.motion\.occlusion\.", "dense_motion_network.occlusion."),
    ("generator", r"^networks\.generator\.bottleneck\.(\d+)\.", r"bottleneck.r\1."),
    ("generator", r"^networks\.generator\.", ""),
)
"""Part of the checkpoint, our names, the program's."""


def model() -> Fomm:
    """Untrained, but with weights so large that keypoints, flow and picture follow what is seen."""
    torch.manual_seed(5)
    method = Fomm(TINY).eval()
    with torch.no_grad():
        for layer in (method.networks.detector.head, method.networks.motion.masks, method.networks.generator.final):
            layer.weight.mul_(25)
    return method


def save_run(folder: Path) -> Path:
    """A run as `fit` leaves it."""
    method = model()
    run = Run.create(folder, "fomm", TINY.model_dump(mode="json"), preset="smoke")
    run.save_checkpoint(Checkpoint(0, "learn", 300, 300, 1.0, method.state_dict()))
    run.mark(status="finished")
    return folder


def save_checkpoint(path: Path) -> Path:
    """A file as the program of FOMM writes it."""
    table: dict[str, dict[str, torch.Tensor]] = {"kp_detector": {}, "generator": {}}
    for name, value in model().state_dict().items():
        part, pattern, to = next(rule for rule in NAMES if re.match(rule[1], name))
        table[part][re.sub(pattern, to, name)] = value
    torch.save(table, path)
    return path
