"""Released checkpoints as this package's config and weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import CheckpointError
from muybridge.methods.jokr.config import (
    DetectorConfig,
    GeneratorConfig,
    JokrConfig,
    LossConfig,
    StageConfig,
)
from muybridge.methods.jokr.released import ReleasedCheckpoint, read_released

PAD = 0.2
"""Border that the program puts round a frame, as a share of its sides."""


def is_released(table: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's table of contents is this program's, of either stage."""
    return {"G_A", "KP"} <= table.keys() and ({"R_A", "R_B"} <= table.keys() or "Disc" in table)


def imported(path: Path, options: Path | None = None) -> tuple[JokrConfig, dict[str, Tensor], int]:
    """A released checkpoint as settings that reproduce it, and the weights under `Jokr`'s names.

    path     checkpoint of either stage
    options  YAML of the program's options, see `read_released`
    returns  the settings; the networks that the checkpoint holds (D is missing at stage 2, R_A and R_B at stage 1);
             the stage, 1 or 2
    Raises CheckpointError.
    """
    found = read_released(path, options)
    try:
        config = _config(found)
    except ValidationError as e:
        wrong = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in e.errors())
        raise CheckpointError(f"{path} was made with settings that are not supported: {wrong}") from e
    weights = {f"{net}.{name}": x for net, state in found.states.items() for name, x in state.items()}
    if found.affine is not None:
        weights["affine.matrix"] = found.affine
    weights["canvas_size"] = torch.tensor([found.resolution, found.resolution])
    return config, weights, found.stage


def _config(found: ReleasedCheckpoint) -> JokrConfig:
    said = found.options.get("stage1", {})
    detector = {name: value for name, value in found.detector.items() if name != "keypoints"}
    shapes = {name: value for name, value in found.shapes.items() if name != "keypoints"}
    discriminator = found.discriminator or {}
    return JokrConfig(
        size=found.resolution,
        square=True,
        squeezed=True,
        margin=float(said.get("pad_factor_a", PAD)),
        keypoints=found.keypoints,
        bumps="released",
        sigma=0.2,
        affine=found.affine is not None,
        detector=DetectorConfig(**{"padding": 0, **detector}),
        shapes=_generator(shapes),
        refiner=_generator(found.refiner or {**shapes, "in_channels": 3}),
        refiner_input="rgb",
        discriminator_width=discriminator.get("width", 512),
        texture_loss="weight-free",
        losses=_losses(said),
        shape=StageConfig(batch=int(said.get("bs", 8))),
        texture=StageConfig(batch=int(found.options.get("stage2", {}).get("bs", 6)), steps=30001),
        released=True,
    )


def _generator(sizes: Mapping[str, Any]) -> GeneratorConfig:
    kept = {name: value for name, value in sizes.items() if name != "in_channels"}
    return GeneratorConfig(**{"upsampling": "transposed", "norm": "instance", **kept})


def _losses(said: Mapping[str, Any]) -> LossConfig:
    """The weights that the options name; the program's names on the left."""
    names = {
        "lambda_l2": "seg",
        "lambda_disc": "dc",
        "lambda_pred": "tmp",
        "lambda_eq": "eq",
        "lambda_sep": "sep",
        "lambda_sill": "sill",
        "delta": "delta",
    }
    return LossConfig.model_validate({ours: float(said[theirs]) for theirs, ours in names.items() if theirs in said})
